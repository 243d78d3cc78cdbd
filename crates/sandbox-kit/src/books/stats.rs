//! What the sandbox counts.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// Everything counted since the start (or since the events were deleted).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Requests that bring events by what became of them.
    pub requests: RequestStats,
    /// Refused requests by code (and subcode, at Meta), faults not counted.
    pub refused: BTreeMap<String, u64>,
    /// Accepted events by pixel.
    pub pixels: BTreeMap<String, PixelStats>,
}

/// Requests by what became of them; every request that came whole is in exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestStats {
    /// Stored and answered with a success.
    pub accepted: u64,
    /// Stored, then the connection was cut by a fault.
    pub accepted_then_reset: u64,
    /// Refused by the sandbox's own rules.
    pub refused: u64,
    /// Answered by a fault; nothing was stored.
    pub answered_by_fault: u64,
    /// Cut by a fault; nothing was stored.
    pub reset: u64,
}

/// Accepted events of one pixel.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PixelStats {
    /// Accepted requests.
    pub requests: u64,
    /// By event name.
    pub names: BTreeMap<String, NameStats>,
}

/// Accepted events of one pixel and name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NameStats {
    /// Events that count: the first of each id, every event without an id, and repetitions of ids that are forgotten.
    pub accepted: u64,
    /// Events whose id had been accepted in the 48 hours before.
    pub repeated: u64,
    /// Events whose id had been accepted longer ago: they count a second time, and are among `accepted` too.
    pub counted_again: u64,
    /// Events without an id, which cannot be distinguished; counted in `accepted` too.
    pub without_id: u64,
    /// Sum of `value` of the `accepted` events by currency, exact; decimal text in JSON.
    #[serde(serialize_with = "as_text")]
    pub value: BTreeMap<String, Decimal>,
}

impl Stats {
    /// Different events over all pixels and names.
    #[must_use]
    pub fn accepted_events(&self) -> u64 {
        self.names().map(|name| name.accepted).sum()
    }

    /// Repeats over all pixels and names.
    #[must_use]
    pub fn repeated_events(&self) -> u64 {
        self.names().map(|name| name.repeated).sum()
    }

    fn names(&self) -> impl Iterator<Item = &NameStats> {
        self.pixels.values().flat_map(|pixel| pixel.names.values())
    }
}

fn as_text<S: Serializer>(value: &BTreeMap<String, Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(value.iter().map(|(currency, sum)| (currency, sum.normalize().to_string())))
}
