//! What every ledger decides, as pure functions.
//!
//! A ledger fetches entries, asks here what becomes of them, and writes the answer. Nothing here knows how an entry is stored, so
//! all ledgers decide alike, and their rules are tested without a database.
//!
//! - Claiming: [`by_key`] groups the rows of a claim. Where a key has no entry, write the group's leading row and give the answers
//!   of [`entered`](KeyRows::entered). Where it has one, [`apply`](Transition::apply) the group's rows to it and write the
//!   [`Change`].
//! - Settling: fetch the entry, call [`settle`], and write the [`Settling`].

mod claim;
mod restatement;
mod settle;

#[cfg(test)]
mod tests;

pub use claim::{Change, KeyRows, Relation, Transition, by_key};
pub use restatement::Increment;
pub use settle::{Accepted, Settling, settle};

use domain::Outcome;
use domain::restate::Figures;

use super::Lease;

/// The latest attempts that a ledger keeps beside the first: an entry that waits for days makes hundreds.
pub const LATEST_KEPT: u32 = 15;

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
