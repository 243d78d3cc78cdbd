//! What a wrong clock put off, made due now.

use bson::{Bson, Document, doc};
use domain::UnixMillis;
use ports::Result;
use ports::clock::APART;
use ports::ledger::LongestWaits;
use ports::ledger::rules::PutOff;

use super::document::date;
use super::schema::CONVERSIONS;
use super::stored::millis;
use crate::connection::{Connection, Query};

const OPERATION: &str = "ledger.release_put_off";

/// Entries that one step looks at.
const STEP: usize = 1_000;

/// An entry that is not due yet; `None` when it cannot be read, which is said where it is claimed.
fn put_off(entry: &Document) -> Option<PutOff<'_>> {
    Some(PutOff {
        outcome: entry.get_str("state").ok()?.parse().ok()?,
        reason: entry.get_str("reason").ok()?,
        due_at: millis(*entry.get_datetime("due_at").ok()?),
        changed_at: millis(*entry.get_datetime("updated_at").ok()?),
    })
}

/// The update that makes it due, if its holder has not settled or renewed it meanwhile. It stays in its state, so the version stays.
fn update(entry: &Document, now: UnixMillis) -> Document {
    let as_found = ["_id", "due_at", "updated_at"].map(|field| (field.to_owned(), entry.get(field).cloned()));
    let condition = as_found.into_iter().map(|(field, value)| (field, value.unwrap_or(Bson::Null)));
    let change = doc! { "$set": { "due_at": date(now), "wakes_at": date(now) } };
    doc! { "q": condition.collect::<Document>(), "u": change }
}

/// See [`ReportLedger::release_put_off`](ports::ReportLedger::release_put_off).
pub(super) async fn release(connection: &Connection, longest: &LongestWaits, now: UnixMillis) -> Result<u64> {
    // What wakes earlier is near enough.
    let mut after = doc! { "wakes_at": { "$gt": date(now.plus(APART)) } };
    let mut released = 0;
    loop {
        let query = Query {
            filter: after,
            fields: Some(doc! { "wakes_at": 1, "state": 1, "reason": 1, "due_at": 1, "updated_at": 1 }),
            sort: Some(doc! { "wakes_at": 1, "_id": 1 }),
            limit: Some(STEP),
            ..Query::default()
        };
        let found = connection.find_each::<Document>(OPERATION, CONVERSIONS, query).await?;
        let is_last = found.len() < STEP;
        let found: Vec<_> = found.into_iter().filter_map(|entry| entry.ok()).collect();
        let is_put_off =
            |entry: &&Document| put_off(entry).is_some_and(|put_off| put_off.by_a_wrong_clock(longest, now));
        let updates: Vec<_> = found.iter().filter(is_put_off).map(|entry| update(entry, now)).collect();
        if !updates.is_empty() {
            released += connection.update(OPERATION, CONVERSIONS, updates).await?;
        }
        let Some(last) = found.last().filter(|_| !is_last) else { return Ok(released) };
        let (wakes_at, id) = (last.get("wakes_at"), last.get("_id"));
        // The first bound is implied; the server needs it to go by the index.
        after = doc! {
            "wakes_at": { "$gte": wakes_at },
            "$or": [{ "wakes_at": { "$gt": wakes_at } }, { "wakes_at": wakes_at, "_id": { "$gt": id } }],
        };
    }
}
