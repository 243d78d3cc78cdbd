//! What a batch's statements of one key mean for the entry that is there. Pure.

use bson::{Document, doc};
use domain::Outcome;
use domain::restate::Figures;
use ports::ledger::{Claim, Holder, Lease, Source, Statement};

use super::document::{changed, date, int, observe, row, sendable, state};
use super::growth::{fields, grown};
use super::stored::{Entry, StoredPart, Superseded, bson};

/// The statements of one key in a batch.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The one that brings the conversion: the first that can be sent, else the first. With its position in the batch.
    pub(super) lead: (usize, &'a Statement),
    /// The others, in order.
    pub(super) rest: Vec<(usize, &'a Statement)>,
}

impl<'a> Group<'a> {
    pub(super) const fn new(position: usize, statement: &'a Statement) -> Self {
        Self { lead: (position, statement), rest: Vec::new() }
    }

    pub(super) fn add(&mut self, position: usize, statement: &'a Statement) {
        if sendable(statement) && !sendable(self.lead.1) {
            let before = std::mem::replace(&mut self.lead, (position, statement));
            self.rest.push(before);
        } else {
            self.rest.push((position, statement));
        }
    }

    /// The figures that the batch stated last: those of the lead, or of a later statement.
    pub(super) fn latest(&self) -> Figures {
        let later = self.rest.iter().rev().find(|(position, _)| *position > self.lead.0);
        later.map_or(self.lead.1.observed, |(_, statement)| statement.observed)
    }

    /// The answers when the lead's document is new.
    pub(super) fn entered(&self) -> impl Iterator<Item = (usize, Claim)> {
        let (position, lead) = self.lead;
        let first = if sendable(lead) { held(lead, 1) } else { Claim::Stands(state(lead)) };
        let others = self.rest.iter().map(move |(position, other)| {
            let same = other.source == lead.source;
            (*position, if same { Claim::Stands(state(lead)) } else { Claim::Duplicate })
        });
        std::iter::once((position, first)).chain(others)
    }
}

/// The answers to a group's statements, and the change that they make.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) answers: Vec<(usize, Claim)>,
    pub(super) change: Option<Document>,
}

/// An entry while the statements of a group come in, one after the other.
struct Course<'a> {
    entry: &'a Entry,
    holder: &'a Holder,
    state: Outcome,
    source: Source,
    superseded: Vec<Superseded>,
    observed: Figures,
    taken_by: Option<&'a Statement>,
    growth: Option<StoredPart>,
}

/// What a group means for an entry.
pub(super) fn decide(group: &Group<'_>, entry: &Entry, holder: &Holder) -> Plan {
    let mut course = Course {
        entry,
        holder,
        state: entry.state,
        source: Source { object: entry.object.clone(), row: entry.row },
        superseded: entry.superseded.clone(),
        observed: entry.observed(),
        taken_by: None,
        growth: None,
    };
    let (first, lead) = group.lead;
    let mut answers = vec![(first, course.meet(lead, true))];
    for (position, statement) in &group.rest {
        answers.push((*position, course.meet(statement, *position > first)));
    }
    Plan { answers, change: course.change() }
}

impl<'a> Course<'a> {
    /// One statement; `latest` unless one of its key that was met before came after it.
    fn meet(&mut self, statement: &'a Statement, latest: bool) -> Claim {
        if self.source == statement.source {
            return Claim::Stands(self.state);
        }
        // A row whose entry was taken over keeps its own outcome, or its object's books would count it twice.
        let row = int(statement.source.row);
        let before = self.superseded.iter().find(|s| s.row == row && s.object == statement.source.object);
        if let Some(before) = before {
            return Claim::Stands(before.outcome);
        }
        if sendable(statement) && matches!(self.state, Outcome::Invalid | Outcome::NoEvents) {
            return self.take_over(statement);
        }
        if latest {
            self.observed = statement.observed;
            if sendable(statement) && self.state == Outcome::Reported {
                self.growth = grown(self.entry, self.entry.reported(), self.observed, self.holder);
                self.state = if self.growth.is_some() { Outcome::Retry } else { self.state };
            }
        }
        Claim::Duplicate
    }

    /// Nothing was ever sent of the entry, so only attempt, version and age carry on.
    fn take_over(&mut self, statement: &'a Statement) -> Claim {
        let source = std::mem::replace(&mut self.source, statement.source.clone());
        self.superseded.push(Superseded {
            object: source.object,
            row: int(source.row),
            outcome: self.state,
            reason: self.entry.reason.clone(),
        });
        self.state = Outcome::InFlight;
        self.observed = statement.observed;
        self.taken_by = Some(statement);
        held(statement, self.entry.attempt.saturating_add(1))
    }

    /// The fields that the statements set; none when they say nothing new, or a redelivered file would be exported again.
    fn change(&self) -> Option<Document> {
        let mut set = Document::new();
        if let Some(statement) = self.taken_by {
            set.extend(row(statement, self.observed, self.holder));
            set.extend(doc! { "wakes_at": date(self.holder.until), "superseded": bson(&self.superseded) });
        } else if self.observed != self.entry.observed() || self.growth.is_some() {
            set.extend(observe(self.observed));
            set.extend(changed(self.holder.now));
        }
        if let Some(part) = &self.growth {
            set.extend(fields(part, self.entry, self.holder));
        }
        let attempt = i32::from(self.taken_by.is_some());
        (!set.is_empty()).then(|| doc! { "$set": set, "$inc": { "version": 1, "attempt": attempt } })
    }
}

const fn held(statement: &Statement, attempt: u32) -> Claim {
    Claim::Held(Lease { key: statement.key, attempt })
}
