//! Other chances that the operator gives.

use std::collections::HashSet;

use bson::oid::ObjectId;
use bson::{Bson, doc};
use domain::{ConversionKey, UnixMillis};
use ports::Result;
use ports::ledger::{Reopening, Settled, WaitReason};

use super::document::{changed, date, int, wakes_at};
use super::schema::CONVERSIONS;
use super::stored::Marked;
use crate::connection::{Connection, Query};

/// See [`LedgerAdmin::reopen`](ports::LedgerAdmin::reopen).
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
    let undecided = undecided(connection, OPERATION, reopenings).await?;
    let update = |reopening: &Reopening| {
        let reason = WaitReason::Reopened;
        let mut set = doc! {
            "state": "retry", "reason": reason.as_str(), "reasons": "", "valid": true, "invalid_reason": Bson::Null,
            "pixel": reopening.pixel.to_string(), "deadline": date(reopening.deadline), "due_at": date(now),
            "wakes_at": wakes_at(now, Some(date(reopening.deadline))), "failures": 0, "reopened_by": by,
        };
        set.extend(changed(now));
        let condition = doc! {
            "_id": reopening.key.to_string(), "version": int(reopening.version),
            "state": { "$nin": ["reported", "in_flight"] }, "erased_at": Bson::Null,
        };
        let mut change = doc! { "$set": set, "$inc": { "version": 1 } };
        if undecided.contains(&reopening.key) {
            change.insert("$unset", doc! { "maybe_received": "" });
        }
        doc! { "q": condition, "u": change }
    };
    let updates = reopenings.iter().map(update).collect();
    if connection.update(OPERATION, CONVERSIONS, updates).await? == reopenings.len() as u64 {
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

/// Entries of which a person is to decide whether they are sent again. The version guards what is done about them.
async fn undecided(
    connection: &Connection,
    operation: &'static str,
    reopenings: &[Reopening],
) -> Result<HashSet<ConversionKey>> {
    let ids: Vec<_> = reopenings.iter().map(|reopening| reopening.key.to_string()).collect();
    let reason = WaitReason::UnknownOutcome;
    let filter = doc! { "_id": { "$in": ids }, "state": "parked", "reason": reason.as_str() };
    let query = Query { filter, fields: Some(doc! { "_id": 1 }), ..Query::default() };
    let found: Vec<Marked> = connection.find(operation, CONVERSIONS, query).await?;
    Ok(found.into_iter().map(|marked| marked.key).collect())
}
