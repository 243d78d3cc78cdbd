//! The money of open entries.

use std::collections::BTreeMap;

use domain::{Money, Outcome, PixelRef, UnixMillis};

/// Open entries of one pixel that wait for one reason, and the money that hangs on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Their pixel.
    pub pixel: PixelRef,
    /// Their state: `retry`, `parked` or `in_flight`.
    pub outcome: Outcome,
    /// Why they wait; empty for those in flight.
    pub reason: String,
    /// How many they are.
    pub conversions: u64,
    /// What feeds stated for them and no event reported.
    pub unreported: Money,
    /// How many of them have their deadline before the moment that was asked about.
    pub expiring: u64,
    /// What those have unreported.
    pub expiring_revenue: Money,
    /// The nearest deadline.
    pub nearest_deadline: Option<UnixMillis>,
    /// When the oldest was made.
    pub oldest: UnixMillis,
}

/// Open entries that are alike: what an adapter reads of them.
#[derive(Debug, Clone)]
pub struct OpenEntries {
    /// Their pixel.
    pub pixel: PixelRef,
    /// Their state.
    pub outcome: Outcome,
    /// Why they wait.
    pub reason: String,
    /// How many they are.
    pub conversions: u64,
    /// What feeds stated for each of them.
    pub observed: Money,
    /// What was reported of each of them.
    pub reported: Money,
    /// Whether their deadline comes before the moment that was asked about.
    pub is_expiring: bool,
    /// The nearest deadline.
    pub nearest_deadline: Option<UnixMillis>,
    /// When the oldest was made.
    pub oldest: UnixMillis,
}

/// Adds open entries up, whatever the order in which an adapter finds them.
#[derive(Debug, Default)]
pub struct WaitingSums(BTreeMap<(PixelRef, &'static str, String), Waiting>);

impl WaitingSums {
    /// Adds entries.
    pub fn add(&mut self, entries: OpenEntries) {
        let unreported = (entries.observed - entries.reported).max(Money::ZERO).times(entries.conversions);
        let group = (entries.pixel.clone(), entries.outcome.as_str(), entries.reason.clone());
        let sum = self.0.entry(group).or_insert_with(|| Waiting {
            pixel: entries.pixel,
            outcome: entries.outcome,
            reason: entries.reason,
            conversions: 0,
            unreported: Money::ZERO,
            expiring: 0,
            expiring_revenue: Money::ZERO,
            nearest_deadline: None,
            oldest: entries.oldest,
        });
        sum.conversions += entries.conversions;
        sum.unreported = sum.unreported + unreported;
        if entries.is_expiring {
            sum.expiring += entries.conversions;
            sum.expiring_revenue = sum.expiring_revenue + unreported;
        }
        sum.nearest_deadline = sum.nearest_deadline.into_iter().chain(entries.nearest_deadline).min();
        sum.oldest = sum.oldest.min(entries.oldest);
    }

    /// The sums, in the order of pixel, state and reason.
    #[must_use]
    pub fn into_vec(self) -> Vec<Waiting> {
        self.0.into_values().collect()
    }
}
