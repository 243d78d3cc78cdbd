//! Money that was stated after an entry was reported.

use domain::restate::{Figures, Restatement, restate};
use domain::{Money, OddAmount, Outcome, UnixMillis};

use super::policy::Policy;
use super::standing::Standing;
use crate::ledger::claim::{Portion, Restatements};
use crate::ledger::reason::WaitReason;
use crate::mutations::{Mutation, is_on};

/// Purchases for paid clicks that a restatement added to a reported entry.
///
/// They make the entry wait as [`outcome`](Self::outcome) for [`reason`](Self::reason), its failures forgotten, its accepted
/// positions empty: those of an increment count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Increment {
    /// Index of the first: as many Purchases were reported before.
    pub first: u32,
    /// How many; at least 1.
    pub purchases: u32,
    /// What they are worth together; above zero.
    pub value: Money,
    /// Whether they are due now. What is implausible waits for the operator.
    pub is_plausible: bool,
}

impl Increment {
    /// What a reported entry lacks once so much is reported and stated; `None` where the policy says to send no more, or
    /// nothing can be added. The first money of a conversion is never a duplicate, whatever the policy.
    #[must_use]
    pub fn missing(entry: &Standing, reported: Figures, stated: Figures, policy: Policy) -> Option<Self> {
        let has_money = reported.count > 0 || is_on(Mutation::FirstMoneyIsDuplicate);
        // Without its text nothing can be made of it.
        if entry.erased.is_some()
            || entry.figures_unknown
            || has_money && policy.restatements == Restatements::First
        {
            return None;
        }
        let Restatement::Grown { purchases, value } = restate(reported, stated) else { return None };
        let first = u32::try_from(reported.count).ok()?;
        let is_plausible = OddAmount::of(purchases, value, policy.max_per_click).is_none();
        Some(Self { first, purchases, value, is_plausible })
    }

    /// The state of an entry that waits to send it.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        if self.is_plausible { Outcome::Retry } else { Outcome::Parked }
    }

    /// The reason of an entry that waits to send it.
    #[must_use]
    pub const fn reason(&self) -> WaitReason {
        if self.is_plausible { WaitReason::Restated } else { WaitReason::ImplausibleRevenue }
    }

    /// When it is due: now, or when the entry's deadline has come and it ends.
    #[must_use]
    pub fn due_at(&self, now: UnixMillis, deadline: Option<UnixMillis>) -> UnixMillis {
        if self.is_plausible { now } else { deadline.unwrap_or(now) }
    }
}

impl From<Increment> for Portion {
    fn from(Increment { first, purchases, value, .. }: Increment) -> Self {
        Self::Increment { first, purchases, value }
    }
}
