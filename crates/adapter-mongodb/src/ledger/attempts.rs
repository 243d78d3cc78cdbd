//! What was tried for an entry.

use bson::doc;
use domain::ConversionKey;
use ports::Result;
use ports::ledger::Attempt;
use ports::ledger::rules::LATEST_KEPT;
use serde::Deserialize;

use super::schema::CONVERSIONS;
use super::stored::StoredAttempt;
use crate::connection::{Connection, Query};

/// Adds an attempt, and forgets those between the first and the latest.
pub(super) fn remember(mut attempts: Vec<StoredAttempt>, attempt: StoredAttempt) -> Vec<StoredAttempt> {
    attempts.push(attempt);
    let surplus = attempts.len().saturating_sub(LATEST_KEPT as usize + 1);
    attempts.drain(1..=surplus);
    attempts
}

#[derive(Deserialize)]
struct Tried {
    #[serde(default)]
    attempts: Vec<StoredAttempt>,
}

/// See [`LedgerAdmin::attempts`](ports::LedgerAdmin::attempts).
pub(super) async fn of_entry(connection: &Connection, key: &ConversionKey) -> Result<Vec<Attempt>> {
    let query = Query {
        filter: doc! { "_id": key.to_string() },
        fields: Some(doc! { "attempts": 1 }),
        ..Query::default()
    };
    let found: Vec<Tried> = connection.find("ledger.attempts", CONVERSIONS, query).await?;
    Ok(found.into_iter().flat_map(|tried| tried.attempts).map(Attempt::from).collect())
}

#[cfg(test)]
mod tests {
    use bson::DateTime;
    use bson::oid::ObjectId;
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
