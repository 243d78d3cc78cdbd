//! Conversions and their money, added up.

use std::ops::Range;
use std::time::Duration;

use domain::{Money, Outcome, PixelRef, UnixMillis};

use crate::{Error, ErrorKind};

/// What conversions are added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Their pixel, with its platform: `meta:123`.
    Pixel,
    /// Their feed network.
    Network,
    /// Their campaign.
    Campaign,
    /// Their visitor's country.
    Country,
    /// The slot of time that they count in, by its first millisecond. Slots have this length and begin with 1 January 1970, UTC.
    Slot(Duration),
}

/// The moment that a conversion counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedAt {
    /// When the platform last accepted events of it. If it accepted none, when its state last changed.
    Settled,
    /// When the visitor clicked. If no row says that, when the conversion was entered.
    Clicked,
    /// When its first row was entered in the ledger.
    Entered,
}

/// Which conversions count: all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    /// Of this pixel.
    pub pixel: Option<PixelRef>,
    /// Of this feed network.
    pub network: Option<String>,
    /// Of this campaign.
    pub campaign: Option<String>,
}

/// A question for sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// The groups.
    pub by: Grouping,
    /// The moment by which a conversion counts.
    pub counted_at: CountedAt,
    /// That moment is in here.
    pub when: Range<UnixMillis>,
    /// Which conversions count.
    pub only: Only,
    /// The most sums that are answered.
    pub limit: usize,
}

impl Totals {
    /// The error of a store that found more sums than are wanted.
    #[must_use]
    pub fn too_many(&self) -> Error {
        Error::new(ErrorKind::TooLarge, "analytics.totals")
            .detail(format!("more than {} groups: ask for less time or fewer conversions", self.limit))
    }
}

/// The conversions of one group that have one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The group: a pixel, network, campaign or country, empty where the row named none; or the first millisecond of a slot.
    pub group: String,
    /// Their outcome.
    pub outcome: Outcome,
    /// How many they are.
    pub conversions: u64,
    /// What feeds stated for them.
    pub stated: Money,
    /// The value of the Purchases that the platform accepted.
    pub reported: Money,
    /// What was stated of each and is not reported.
    pub unreported: Money,
    /// Purchases that the platform accepted.
    pub purchases: u64,
    /// Events that the platform accepted.
    pub events: u64,
}
