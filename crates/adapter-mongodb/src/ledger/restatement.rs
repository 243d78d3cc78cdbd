//! Increments: what a restatement adds to a reported entry.

use bson::{DateTime, Document, doc};
use domain::UnixMillis;
use ports::ledger::rules::Increment;

use super::document::{date, wakes_at};
use super::stored::{StoredIncrement, bson, millis};

/// What makes an entry wait for an increment. The legacy system's flag `reported` stays: something was reported.
pub(super) fn fields(increment: &Increment, deadline: Option<DateTime>, now: UnixMillis) -> Document {
    let due_at = increment.due_at(now, deadline.map(millis));
    doc! {
        "state": increment.outcome().as_str(), "reason": increment.reason().as_str(), "accepted": "", "failures": 0,
        "due_at": date(due_at), "wakes_at": wakes_at(due_at, deadline),
        "part": bson(&StoredIncrement::from(*increment)),
    }
}
