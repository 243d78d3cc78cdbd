//! Increments: what a restatement adds to a reported entry.

use bson::{DateTime, Document, doc};
use domain::UnixMillis;
use ports::ledger::rules::Increment;

use super::document::{date, wakes_at};
use super::stored::{StoredIncrement, bson};

/// What makes a reported entry due for its increment. The legacy system's flag `reported` stays: something was reported.
pub(super) fn fields(increment: &Increment, deadline: Option<DateTime>, now: UnixMillis) -> Document {
    doc! {
        "state": Increment::STATE.as_str(), "reason": Increment::REASON.as_str(), "accepted": "", "failures": 0,
        "due_at": date(now), "wakes_at": wakes_at(now, deadline), "part": bson(&StoredIncrement::from(*increment)),
    }
}
