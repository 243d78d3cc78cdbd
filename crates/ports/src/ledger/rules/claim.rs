//! What becomes of an entry when rows of its key are claimed.

use std::collections::HashMap;

use domain::restate::Figures;
use domain::{ConversionKey, Outcome};

use super::restatement::Increment;
use super::standing::Standing;
use crate::ledger::claim::{Claim, Lease, Restatements};
use crate::ledger::row::RowClaim;

/// The rows of one key in a claim.
#[derive(Debug, Clone)]
pub struct KeyRows<'r> {
    /// The row that brings the conversion: the first that can be sent, else the first. With its position in the claim.
    lead: (usize, &'r RowClaim),
    /// The others, in order.
    rest: Vec<(usize, &'r RowClaim)>,
}

impl<'r> KeyRows<'r> {
    /// Their key.
    #[must_use]
    pub const fn key(&self) -> &'r ConversionKey {
        &self.lead.1.key
    }

    /// The row that brings the conversion.
    #[must_use]
    pub const fn lead(&self) -> &'r RowClaim {
        self.lead.1
    }

    /// The row, with its position in the claim, when there is no other of its key. If it [brought](Relation::Own) the entry, it stands
    /// with the entry's outcome and nothing changes, so that a ledger need not read more of the entry.
    #[must_use]
    pub fn only(&self) -> Option<(usize, &'r RowClaim)> {
        self.rest.is_empty().then_some(self.lead)
    }

    /// The figures that the claim states last: those of the leading row, or of a later one.
    #[must_use]
    pub fn observed(&self) -> Figures {
        let later = self.rest.last().filter(|(position, _)| *position > self.lead.0);
        later.map_or(self.lead.1.observed, |(_, row)| row.observed)
    }

    /// The answers when the key has no entry, so that the leading row enters it, with their positions in the claim.
    pub fn entered(&self) -> impl Iterator<Item = (usize, Claim)> {
        let (position, lead) = self.lead;
        let outcome = lead.outcome();
        let first = if lead.is_sendable() { held(lead, 1) } else { Claim::Stands(outcome) };
        let rest = self.rest.iter().map(move |(position, row)| {
            let is_lead = row.source == lead.source;
            (*position, if is_lead { Claim::Stands(outcome) } else { Claim::Duplicate })
        });
        std::iter::once((position, first)).chain(rest)
    }

    /// The rows in the order in which they are to be applied, with their positions in the claim.
    pub fn in_order(&self) -> impl Iterator<Item = (usize, &'r RowClaim)> {
        std::iter::once(self.lead).chain(self.rest.iter().copied())
    }

    fn add(&mut self, position: usize, row: &'r RowClaim) {
        if row.is_sendable() && !self.lead.1.is_sendable() {
            self.rest.insert(0, self.lead);
            self.lead = (position, row);
        } else {
            self.rest.push((position, row));
        }
    }
}

/// Groups the rows of a claim by their keys, in the order of the leading rows.
#[must_use]
pub fn by_key(rows: &[RowClaim]) -> Vec<KeyRows<'_>> {
    let mut groups: Vec<KeyRows<'_>> = Vec::with_capacity(rows.len());
    let mut group_of: HashMap<&ConversionKey, usize> = HashMap::with_capacity(rows.len());
    for (position, row) in rows.iter().enumerate() {
        let group = *group_of.entry(&row.key).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(known) => known.add(position, row),
            None => groups.push(KeyRows { lead: (position, row), rest: Vec::new() }),
        }
    }
    groups.sort_unstable_by_key(|group| group.lead.0);
    groups
}

/// How a row relates to the stored entry of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It brought the entry.
    Own,
    /// It brought the entry before another row took the entry over, and keeps this outcome: it is counted by it.
    Superseded(Outcome),
    /// It is another row.
    Other,
}

/// An entry while the rows of a claim are applied to it.
#[derive(Debug, Clone)]
pub struct Transition<'r> {
    stored: Standing,
    policy: Restatements,
    /// The row that has taken the entry over.
    taken_by: Option<&'r RowClaim>,
    /// Position of the newest row so far.
    newest: Option<usize>,
    outcome: Outcome,
    observed: Figures,
    increment: Option<Increment>,
}

impl<'r> Transition<'r> {
    /// Begins with the stored entry.
    #[must_use]
    pub const fn of(stored: Standing, policy: Restatements) -> Self {
        let Standing { outcome, observed, .. } = stored;
        Self { stored, policy, taken_by: None, newest: None, outcome, observed, increment: None }
    }

    /// Applies the row at a position of the claim. The leading row comes first, the others follow in order.
    pub fn apply(&mut self, position: usize, row: &'r RowClaim, relation: Relation) -> Claim {
        let is_newest = self.newest.is_none_or(|newest| position > newest);
        self.newest = if is_newest { Some(position) } else { self.newest };
        match (relation, self.taken_by) {
            (_, Some(owner)) if owner.source == row.source => Claim::Stands(self.outcome),
            // Another row of this claim has just taken its place.
            (Relation::Own, Some(_)) => Claim::Stands(self.stored.outcome),
            (Relation::Own, None) => Claim::Stands(self.outcome),
            (Relation::Superseded(outcome), _) => Claim::Stands(outcome),
            (Relation::Other, None) if row.is_sendable() && self.stored.gives_way() => self.take_over(row),
            (Relation::Other, _) => {
                if is_newest {
                    self.observe(row);
                }
                Claim::Duplicate
            }
        }
    }

    fn take_over(&mut self, row: &'r RowClaim) -> Claim {
        (self.outcome, self.observed, self.taken_by) = (row.outcome(), row.observed, Some(row));
        held(row, self.stored.attempt.saturating_add(1))
    }

    fn observe(&mut self, row: &RowClaim) {
        self.observed = row.observed;
        if row.is_sendable() && self.outcome == Outcome::Reported {
            let reported = self.stored.reported;
            self.increment = Increment::missing(&self.stored, reported, self.observed, self.policy);
            self.outcome = if self.increment.is_some() { Increment::STATE } else { self.outcome };
        }
    }

    /// What is to be written. `None` when the rows say nothing new: a redelivered file must not be exported again.
    #[must_use]
    pub fn change(&self) -> Option<Change<'r>> {
        let (observed, increment) = (self.observed, self.increment);
        match self.taken_by {
            Some(row) => Some(Change::TakeOver { row, observed }),
            None if observed == self.stored.observed && increment.is_none() => None,
            None => Some(Change::Observe { observed, increment }),
        }
    }
}

/// What a claim changes in an entry.
#[derive(Debug, Clone, Copy)]
pub enum Change<'r> {
    /// The entry becomes a sendable row's, in flight under the next attempt. The earlier row keeps outcome and reason in a note, by
    /// which it is counted. Nothing was ever sent of it, so only attempt, version and age carry on.
    TakeOver {
        /// The row that takes it over.
        row: &'r RowClaim,
        /// The latest figures.
        observed: Figures,
    },
    /// The entry stays its row's.
    Observe {
        /// The latest figures.
        observed: Figures,
        /// What is due now because of them.
        increment: Option<Increment>,
    },
}

const fn held(row: &RowClaim, attempt: u32) -> Claim {
    Claim::Held(Lease { key: row.key, attempt })
}
