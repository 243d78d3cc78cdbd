//! What the operator's settings make of money that is stated again.

use domain::restate::Figures;
use domain::{Money, OddAmount};

use crate::ledger::claim::{Holder, Restatements};
use crate::ledger::row::RowClaim;

/// The operator's settings about money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of figures that outgrow what was reported.
    pub restatements: Restatements,
    /// The most that one paid click may add without the operator's consent.
    pub max_per_click: Money,
}

impl From<&Holder> for Policy {
    fn from(holder: &Holder) -> Self {
        Self { restatements: holder.restatements, max_per_click: holder.max_per_click }
    }
}

impl Policy {
    /// The money that later rows state, once a row has come. With [`Restatements::First`] it is the first that is plausible, else the
    /// latest.
    pub(super) fn wanted(self, before: Option<Figures>, row: &RowClaim) -> Option<Figures> {
        match (row.money(), before, self.restatements) {
            (None, before, _) => before,
            (Some(money), Some(first), Restatements::First)
                if self.is_plausible(first) || !self.is_plausible(money) =>
            {
                Some(first)
            }
            (money, ..) => money,
        }
    }

    fn is_plausible(self, Figures { count, revenue }: Figures) -> bool {
        let clicks = u32::try_from(count).unwrap_or_default();
        OddAmount::of(clicks, revenue, self.max_per_click) != Some(OddAmount::Implausible)
    }
}
