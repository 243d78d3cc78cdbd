//! An entry, as far as it decides.

use domain::Outcome;
use domain::restate::Figures;

use crate::ledger::claim::Lease;
use crate::ledger::erasure::Erasure;

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
    /// Why the text of its row was erased, if it was.
    pub erased: Option<Erasure>,
}

impl Standing {
    /// Whether a lease is the latest and the entry is still in flight under it.
    #[must_use]
    pub fn is_held_by(&self, lease: &Lease) -> bool {
        self.outcome == Outcome::InFlight && self.attempt == lease.attempt
    }

    /// Whether a sendable row may take its place: nothing was ever sent of it, and its visitor did not wish to be forgotten.
    #[must_use]
    pub fn gives_way(&self) -> bool {
        gives_way(self.outcome) && self.erased != Some(Erasure::Request)
    }
}

/// Whether a sendable row may take the place of an entry: nothing was ever sent of one that was invalid or had no events.
#[must_use]
pub const fn gives_way(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Invalid | Outcome::NoEvents)
}
