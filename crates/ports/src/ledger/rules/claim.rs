//! What becomes of an entry when rows of its key are claimed.

use std::collections::HashMap;

use domain::restate::Figures;
use domain::{ConversionKey, OddAmount, Outcome};

use super::policy::Policy;
use super::restatement::Increment;
use super::standing::{Standing, rank};
use crate::ledger::claim::{Claim, Lease, Portion, Restatements};
use crate::ledger::row::RowClaim;

/// The rows of one key in a claim.
#[derive(Debug, Clone)]
pub struct KeyRows<'r> {
    /// The row that brings the conversion: the first of the best. With its position in the claim.
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
        let later = self.later().filter_map(|row| row.observed).last();
        later.or(self.lead.1.observed).unwrap_or_default()
    }

    /// Money that is still to be looked at once the entry is reported.
    #[must_use]
    pub fn wanted(&self, policy: Policy) -> Option<Figures> {
        self.later().fold(waiting_money(self.lead.1), |wanted, row| policy.wanted(wanted, row))
    }

    /// Those of the others whose statements are newer than the leading row's.
    fn later(&self) -> impl Iterator<Item = &'r RowClaim> {
        let (lead, row) = self.lead;
        let is_silent = row.observed.is_none();
        self.rest.iter().filter(move |(position, _)| is_silent || *position > lead).map(|(_, row)| *row)
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
        if rank(row) > rank(self.lead.1) {
            let before = std::mem::replace(&mut self.lead, (position, row));
            self.rest.push(before);
            self.rest.sort_unstable_by_key(|(position, _)| *position);
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
    policy: Policy,
    /// The row that has taken the entry over.
    taken_by: Option<&'r RowClaim>,
    /// Position of the newest row so far that says what was earned.
    newest: Option<usize>,
    outcome: Outcome,
    observed: Figures,
    wanted: Option<Figures>,
    increment: Option<(Increment, &'r RowClaim)>,
}

impl<'r> Transition<'r> {
    /// Begins with the stored entry.
    #[must_use]
    pub const fn of(stored: Standing, policy: Policy) -> Self {
        let Standing { outcome, observed, wanted, .. } = stored;
        Self { stored, policy, taken_by: None, newest: None, outcome, observed, wanted, increment: None }
    }

    /// Applies the row at a position of the claim. The leading row comes first, the others follow in order.
    pub fn apply(&mut self, position: usize, row: &'r RowClaim, relation: Relation) -> Claim {
        let is_newest = self.newest.is_none_or(|newest| position > newest);
        self.newest = if is_newest && row.observed.is_some() { Some(position) } else { self.newest };
        match (relation, self.taken_by) {
            (_, Some(owner)) if owner.source == row.source => Claim::Stands(self.outcome),
            // Another row of this claim has just taken its place.
            (Relation::Own, Some(_)) => Claim::Stands(self.stored.left_behind()),
            (Relation::Own, None) => Claim::Stands(self.outcome),
            (Relation::Superseded(outcome), _) => Claim::Stands(outcome),
            (Relation::Other, None) if self.stored.gives_way_to(row) => self.take_over(row),
            (Relation::Other, _) => {
                if is_newest {
                    self.observe(row);
                }
                Claim::Duplicate
            }
        }
    }

    fn take_over(&mut self, row: &'r RowClaim) -> Claim {
        // Of money that the row does not speak of the operator still decides, once the row is reported.
        let is_unsaid = row.observed.is_none() && self.stored.odd == Some(OddAmount::Implausible);
        self.wanted = waiting_money(row).or(self.wanted.filter(|_| is_unsaid));
        self.observed = row.observed.unwrap_or(self.observed);
        (self.outcome, self.taken_by) = (row.outcome(), Some(row));
        match row.is_sendable() {
            true => held(row, self.stored.attempt.saturating_add(1)),
            false => Claim::Stands(self.outcome),
        }
    }

    fn observe(&mut self, row: &'r RowClaim) {
        self.observed = row.observed.unwrap_or(self.observed);
        self.wanted = self.policy.wanted(self.wanted, row);
        let (Some(money), None) = (row.money(), self.taken_by) else { return };
        let has_implausible = self.has_implausible_increment();
        if self.outcome != Outcome::Reported && !has_implausible {
            return;
        }
        let Some(increment) = Increment::missing(&self.stored, self.stored.reported, money, self.policy)
        else {
            return;
        };
        let is_first = !has_implausible || self.policy.restatements == Restatements::Increments;
        if is_first || increment.is_plausible {
            (self.outcome, self.increment) = (increment.outcome(), Some((increment, row)));
        }
    }

    /// Whether the entry waits with an increment that is implausible: nothing was sent of it, so another may take its place.
    fn has_implausible_increment(&self) -> bool {
        match self.increment {
            Some((increment, _)) => !increment.is_plausible,
            None => self.stored.odd.is_some() && self.stored.is_increment(),
        }
    }

    /// What is to be written. `None` when the rows say nothing new: a redelivered file must not be exported again.
    #[must_use]
    pub fn change(&self) -> Option<Change<'r>> {
        let Self { stored, observed, wanted, .. } = *self;
        let waits_already = |increment| stored.odd.is_some() && stored.portion == Portion::from(increment);
        let increment = self.increment.filter(|(increment, _)| !waits_already(*increment));
        match self.taken_by {
            Some(row) => Some(Change::TakeOver { row, observed, wanted, left_behind: stored.left_behind() }),
            None if (observed, wanted) == (stored.observed, stored.wanted) && increment.is_none() => None,
            None => Some(Change::Observe { observed, wanted, increment }),
        }
    }
}

/// What a claim changes in an entry.
#[derive(Debug, Clone, Copy)]
pub enum Change<'r> {
    /// The entry becomes a better row's: in flight under the next attempt, or waiting. The earlier row keeps outcome and reason in a
    /// note, by which it is counted. Nothing was ever sent of it, so only attempt, version and age carry on.
    TakeOver {
        /// The row that takes it over.
        row: &'r RowClaim,
        /// The latest figures.
        observed: Figures,
        /// Money that is still to be looked at once the entry is reported.
        wanted: Option<Figures>,
        /// The outcome by which the earlier row is counted.
        left_behind: Outcome,
    },
    /// The entry stays its row's.
    Observe {
        /// The latest figures.
        observed: Figures,
        /// Money that is still to be looked at once the entry is reported.
        wanted: Option<Figures>,
        /// What the entry waits to send because of them, and the row that states it.
        increment: Option<(Increment, &'r RowClaim)>,
    },
}

/// The money of a row that waits with it: it is not forgotten when a row without money takes its place.
fn waiting_money(row: &RowClaim) -> Option<Figures> {
    row.money().filter(|_| !row.is_sendable())
}

const fn held(row: &RowClaim, attempt: u32) -> Claim {
    Claim::Held(Lease { key: row.key, attempt })
}
