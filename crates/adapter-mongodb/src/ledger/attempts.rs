//! What was tried for an entry, and other chances that an operator gives it.

use std::collections::HashSet;

use bson::oid::ObjectId;
use bson::{Bson, doc};
use domain::{ConversionKey, UnixMillis};
use ports::Result;
use ports::ledger::{Attempt, Reopening, Settled, WaitReason};
use serde::Deserialize;

use super::claim::Marked;
use super::document::{changed, date, int};
use super::schema::CONVERSIONS;
use super::settle::wakes_at;
use super::stored::StoredAttempt;
use crate::connection::{Connection, Query};

/// The latest attempts that are kept beside the first: an entry that waits for days makes hundreds.
const LATEST_KEPT: usize = 15;

/// Adds an attempt, and forgets those between the first and the latest.
pub(super) fn remember(mut attempts: Vec<StoredAttempt>, attempt: StoredAttempt) -> Vec<StoredAttempt> {
    attempts.push(attempt);
    let surplus = attempts.len().saturating_sub(LATEST_KEPT + 1);
    attempts.drain(1..=surplus);
    attempts
}

#[derive(Deserialize)]
struct Tried {
    #[serde(default)]
    attempts: Vec<StoredAttempt>,
}

/// See [`ReportLedger::attempts`](ports::ReportLedger::attempts).
pub(super) async fn of(connection: &Connection, key: &ConversionKey) -> Result<Vec<Attempt>> {
    let query = Query {
        filter: doc! { "_id": key.to_string() },
        fields: Some(doc! { "attempts": 1 }),
        ..Query::default()
    };
    let found: Vec<Tried> = connection.find("ledger.attempts", CONVERSIONS, query).await?;
    Ok(found.into_iter().flat_map(|tried| tried.attempts).map(Attempt::from).collect())
}

/// See [`ReportLedger::reopen`](ports::ReportLedger::reopen).
pub(super) async fn reopen(
    connection: &Connection,
    reopenings: &[Reopening],
    now: UnixMillis,
) -> Result<Vec<Settled>> {
    const OPERATION: &str = "ledger.reopen";
    if reopenings.is_empty() {
        return Ok(Vec::new());
    }
    let by = ObjectId::new();
    let statement = |reopening: &Reopening| {
        let mut set = doc! {
            "state": "retry", "reason": WaitReason::Reopened.as_str(), "reasons": "", "valid": true, "invalid_reason": Bson::Null,
            "pixel": reopening.pixel.as_str(), "deadline": date(reopening.deadline), "due_at": date(now),
            "wakes_at": wakes_at(now, Some(date(reopening.deadline))), "failures": 0, "reopened_by": by,
        };
        set.extend(changed(now));
        let condition = doc! {
            "_id": reopening.key.to_string(), "version": int(reopening.version),
            "state": { "$nin": ["reported", "in_flight"] },
        };
        doc! { "q": condition, "u": { "$set": set, "$inc": { "version": 1 } } }
    };
    let statements = reopenings.iter().map(statement).collect();
    if connection.update(OPERATION, CONVERSIONS, statements).await? == reopenings.len() as u64 {
        return Ok(vec![Settled::Done; reopenings.len()]);
    }
    let ids: Vec<_> = reopenings.iter().map(|reopening| reopening.key.to_string()).collect();
    let filter = doc! { "_id": { "$in": ids }, "reopened_by": by };
    let query = Query { filter, fields: Some(doc! { "_id": 1 }), ..Query::default() };
    let marked: Vec<Marked> = connection.find(OPERATION, CONVERSIONS, query).await?;
    let mut marked: HashSet<_> = marked.into_iter().map(|marked| marked.key).collect();
    // Taken out: of two reopenings of one version the second is late.
    let answer = |reopening: &Reopening| match marked.remove(&reopening.key) {
        true => Settled::Done,
        false => Settled::Late,
    };
    Ok(reopenings.iter().map(answer).collect())
}

#[cfg(test)]
mod tests {
    use bson::DateTime;
    use domain::Outcome;

    use super::*;

    #[test]
    fn of_many_attempts_the_first_and_the_latest_stay() {
        let attempt = |number| StoredAttempt {
            number,
            at: DateTime::from_millis(0),
            owner: String::new(),
            outcome: Outcome::Retry,
            reason: String::new(),
            events: 0,
            answer: None,
            by: ObjectId::new(),
        };
        let kept = (1..=40).fold(Vec::new(), |attempts, number| remember(attempts, attempt(number)));
        let numbers: Vec<_> = kept.iter().map(|a| a.number).collect();
        assert_eq!(numbers, [1].into_iter().chain(26..=40).collect::<Vec<_>>());
    }
}
