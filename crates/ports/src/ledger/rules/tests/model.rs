//! A ledger in a map: storage and nothing else, as every adapter should be.

use std::collections::BTreeMap;

use domain::restate::Figures;
use domain::{ConversionKey, Money, OddAmount, Outcome, UnixMillis};

use crate::ledger::rules::{
    Accepted, Change, Increment, Policy, Relation, Standing, Transition, by_key, settle,
};
use crate::ledger::{
    Claim, Lease, Portion, Restatements, RowClaim, RowVerdict, Settle, SettleLater, Settled, Settlement,
    Source, WaitReason,
};

/// The settings of a test: a paid click earns a US dollar at most.
pub(super) fn policy_of(restatements: Restatements) -> Policy {
    Policy { restatements, max_per_click: Money::from_units(1) }
}

/// An entry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) standing: Standing,
    pub(super) accepted: Accepted,
    pub(super) source: Source,
    /// What the row states.
    stated: Figures,
    superseded: Vec<(Source, Outcome)>,
}

impl Entry {
    fn of(row: &RowClaim, observed: Figures, wanted: Option<Figures>) -> Self {
        let odd = match row.verdict {
            RowVerdict::Waits { odd, .. } => Some(odd),
            _ => None,
        };
        Self {
            standing: Standing {
                outcome: row.outcome(),
                attempt: u32::from(row.is_sendable()),
                observed,
                reported: Figures::default(),
                wanted,
                odd,
                portion: Portion::Full,
                figures_unknown: false,
                erased: None,
            },
            accepted: Accepted::default(),
            source: row.source.clone(),
            stated: row.observed.unwrap_or_default(),
            superseded: Vec::new(),
        }
    }

    fn relation(&self, row: &RowClaim) -> Relation {
        if self.source == row.source {
            return Relation::Own;
        }
        let before = self.superseded.iter().find(|(source, _)| *source == row.source);
        before.map_or(Relation::Other, |(_, outcome)| Relation::Superseded(*outcome))
    }

    fn wait_for(&mut self, increment: Increment) {
        self.standing.outcome = increment.outcome();
        self.standing.odd = (!increment.is_plausible).then_some(OddAmount::Implausible);
        self.standing.portion = increment.into();
        self.accepted.positions = [].into_iter().collect();
    }

    /// The values of the Purchases of the portion that is being sent.
    fn values(&self) -> Vec<Money> {
        match self.standing.portion {
            Portion::Full => {
                let count = u32::try_from(self.stated.count).expect("few");
                self.stated.revenue.split(count).collect()
            }
            Portion::Increment { purchases, value, .. } => value.split(purchases).collect(),
        }
    }

    /// Purchases of the portion that is being sent.
    pub(super) fn to_send(&self) -> u32 {
        u32::try_from(self.values().len()).expect("few")
    }
}

/// The ledger.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    pub(super) policy: Policy,
    pub(super) entries: BTreeMap<ConversionKey, Entry>,
    /// Changes that were written.
    changes: u64,
}

impl Model {
    pub(super) fn new(restatements: Restatements) -> Self {
        let policy = policy_of(restatements);
        Self { policy, entries: BTreeMap::new(), changes: 0 }
    }

    pub(super) fn claim(&mut self, rows: &[RowClaim]) -> Vec<Claim> {
        let mut claims = vec![None; rows.len()];
        for group in by_key(rows) {
            let Some(entry) = self.entries.get_mut(group.key()) else {
                let entry = Entry::of(group.lead(), group.observed(), group.wanted(self.policy));
                self.entries.insert(*group.key(), entry);
                group.entered().for_each(|(position, claim)| claims[position] = Some(claim));
                continue;
            };
            let mut transition = Transition::of(entry.standing, self.policy);
            for (position, row) in group.in_order() {
                claims[position] = Some(transition.apply(position, row, entry.relation(row)));
            }
            let change = transition.change();
            self.changes += u64::from(change.is_some());
            match change {
                None => {}
                Some(Change::TakeOver { row, observed, wanted, left_behind }) => {
                    let mut newcomer = Entry::of(row, observed, wanted);
                    newcomer.standing.attempt += entry.standing.attempt;
                    newcomer.superseded.clone_from(&entry.superseded);
                    newcomer.superseded.push((entry.source.clone(), left_behind));
                    *entry = newcomer;
                }
                Some(Change::Observe { observed, wanted, increment }) => {
                    (entry.standing.observed, entry.standing.wanted) = (observed, wanted);
                    increment.into_iter().for_each(|(increment, _)| entry.wait_for(increment));
                }
            }
        }
        claims.into_iter().map(|claim| claim.expect("one answer per row")).collect()
    }

    pub(super) fn settle(&mut self, settlement: &Settlement) -> Settled {
        let Some(entry) = self.entries.get_mut(&settlement.lease.key) else { return Settled::Late };
        let settling = settle(&entry.standing, entry.accepted.clone(), settlement, self.policy);
        let Some(settling) = settling else { return Settled::Late };
        entry.standing.outcome = settling.outcome;
        entry.standing.reported = settling.reported;
        entry.standing.odd = None;
        entry.accepted = settling.accepted;
        settling.increment.into_iter().for_each(|increment| entry.wait_for(increment));
        Settled::Done
    }

    /// Claims an entry that is due, or whose lease has run out.
    pub(super) fn claim_due(&mut self, key: &ConversionKey) {
        if let Some(entry) = self.entries.get_mut(key)
            && !entry.standing.outcome.is_end()
        {
            (entry.standing.outcome, entry.standing.odd) = (Outcome::InFlight, None);
            entry.standing.attempt += 1;
        }
    }

    /// A settlement under the latest lease, after up to so many further Purchases were accepted; all, when all were reported.
    pub(super) fn settlement(
        &self,
        key: &ConversionKey,
        settle: Settle,
        accepted: u32,
    ) -> Option<Settlement> {
        let entry = self.entries.get(key)?;
        let (first, all) = (u32::try_from(entry.accepted.positions.len()).ok()?, entry.to_send());
        let end = if settle == Settle::Reported { all } else { all.min(first + accepted) };
        let values = entry.values();
        let sent = values.get(first as usize..end as usize).unwrap_or_default();
        let reported = Figures { count: sent.len() as i64, revenue: sent.iter().copied().sum() };
        Some(Settlement {
            lease: Lease { key: *key, attempt: entry.standing.attempt },
            settle,
            accepted: (first..end).collect(),
            reported,
            answer: None,
            maybe_received: None,
        })
    }

    /// Every row that brought an entry, and the outcome by which it is counted.
    pub(super) fn counted(&self) -> impl Iterator<Item = (&Source, Outcome)> {
        self.entries.values().flat_map(|entry| {
            let own = std::iter::once((&entry.source, entry.standing.outcome));
            own.chain(entry.superseded.iter().map(|(source, outcome)| (source, *outcome)))
        })
    }
}

/// An entry goes on later.
pub(super) const fn later(reason: WaitReason) -> SettleLater {
    SettleLater { due_at: UnixMillis(9), reason, failed: true }
}
