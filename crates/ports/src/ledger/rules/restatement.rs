//! Figures that outgrow what was reported.

use domain::restate::{Figures, Restatement, restate};
use domain::{Money, Outcome};

use super::standing::Standing;
use crate::ledger::claim::{Portion, Restatements};
use crate::ledger::reason::WaitReason;

/// Purchases for paid clicks that a restatement added to a reported entry.
///
/// They make the entry wait as [`STATE`](Self::STATE) for [`REASON`](Self::REASON), due now, its failures forgotten, its accepted
/// positions empty: those of an increment count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Increment {
    /// Index of the first: as many Purchases were reported before.
    pub first: u32,
    /// How many; at least 1.
    pub purchases: u32,
    /// What they are worth together.
    pub value: Money,
}

impl Increment {
    /// The state of an entry that waits to send one.
    pub const STATE: Outcome = Outcome::Retry;

    /// The reason of an entry that waits to send one.
    pub const REASON: WaitReason = WaitReason::Restated;

    /// What a reported entry lacks once so much is reported and observed; `None` where the policy says to send no more, or
    /// nothing can be added.
    #[must_use]
    pub fn missing(
        entry: &Standing,
        reported: Figures,
        observed: Figures,
        policy: Restatements,
    ) -> Option<Self> {
        // Without its text nothing can be made of it.
        if policy == Restatements::First || entry.figures_unknown || entry.erased.is_some() {
            return None;
        }
        let Restatement::Grown { purchases, value } = restate(reported, observed) else { return None };
        Some(Self { first: u32::try_from(reported.count).ok()?, purchases, value })
    }
}

impl From<Increment> for Portion {
    fn from(Increment { first, purchases, value }: Increment) -> Self {
        Self::Increment { first, purchases, value }
    }
}
