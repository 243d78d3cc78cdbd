//! An entry, as far as it decides.

use domain::restate::Figures;
use domain::{OddAmount, Outcome};

use crate::ledger::claim::{Lease, Portion};
use crate::ledger::erasure::Erasure;
use crate::ledger::row::{RowClaim, RowVerdict};

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
    /// Money that rows stated and the entry's own events do not report: the first, or the latest, as the policy says. It is looked at
    /// whenever the entry has been reported.
    pub wanted: Option<Figures>,
    /// Its amount waits ([`odd_amount`](crate::ledger::odd_amount)).
    pub odd: Option<OddAmount>,
    /// Which events were the last to be sent, or are the next.
    pub portion: Portion,
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

    /// Whether what is sent are Purchases that a restatement added.
    #[must_use]
    pub const fn is_increment(&self) -> bool {
        matches!(self.portion, Portion::Increment { .. })
    }

    /// Whether a row may take the place of the entry: nothing was ever sent of it, the row is better, and its visitor did not wish to be
    /// forgotten.
    #[must_use]
    pub fn gives_way_to(&self, row: &RowClaim) -> bool {
        self.erased != Some(Erasure::Request) && self.rank().is_some_and(|own| rank(row) > own)
    }

    /// The rank of an entry of which nothing was ever sent.
    fn rank(&self) -> Option<Rank> {
        match (self.odd, self.outcome) {
            (Some(_), _) if self.is_increment() => None,
            (Some(OddAmount::Implausible), _) => Some(Rank::Implausible),
            (Some(OddAmount::Zero), _) => Some(Rank::Zero),
            (None, Outcome::Invalid | Outcome::NoEvents) => Some(Rank::NoEvents),
            (None, _) => None,
        }
    }

    /// The outcome by which a row is counted whose place another took. It does not wait any more.
    #[must_use]
    pub const fn left_behind(&self) -> Outcome {
        match self.odd {
            Some(_) => Outcome::Invalid,
            None => self.outcome,
        }
    }
}

/// How good a row is: it takes the place of a lesser one of its key, as long as nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// It is invalid or has no events.
    NoEvents,
    /// It waits for the money of its paid clicks.
    Zero,
    /// It waits with more money than the operator believes.
    Implausible,
    /// It can be sent.
    Sendable,
}

/// How good a row is.
pub(super) const fn rank(row: &RowClaim) -> Rank {
    match row.verdict {
        RowVerdict::Sendable { .. } => Rank::Sendable,
        RowVerdict::Waits { odd: OddAmount::Implausible, .. } => Rank::Implausible,
        RowVerdict::Waits { odd: OddAmount::Zero, .. } => Rank::Zero,
        RowVerdict::NoEvents | RowVerdict::Invalid(_) => Rank::NoEvents,
    }
}
