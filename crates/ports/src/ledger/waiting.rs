//! The money of open entries.

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
