//! An entry, as far as it decides.

use domain::Outcome;
use domain::restate::Figures;

use crate::ledger::claim::Lease;

/// An entry, as far as it decides about rows and settlements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub outcome: Outcome,
    /// Claims so far.
    pub attempt: u32,
    /// The latest figures that a feed stated.
    pub observed: Figures,
    /// Purchases that the destination accepted, and their worth.
    pub reported: Figures,
    /// The entry was reported without a record of how much, so nothing can be added to it.
    pub figures_unknown: bool,
}

impl Standing {
    /// Whether a lease is the latest and the entry is still in flight under it.
    #[must_use]
    pub fn is_held_by(&self, lease: &Lease) -> bool {
        self.outcome == Outcome::InFlight && self.attempt == lease.attempt
    }
}

/// Whether a sendable row may take the place of an entry: nothing was ever sent of one that was invalid or had no events.
#[must_use]
pub const fn gives_way(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Invalid | Outcome::NoEvents)
}
