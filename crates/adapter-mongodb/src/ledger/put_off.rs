//! What a wrong clock put off, made due now.

use bson::{Bson, DateTime, Document, doc};
use domain::{Outcome, UnixMillis};
use ports::Result;
use ports::clock::APART;
use ports::ledger::LongestWaits;
use ports::ledger::rules::PutOff;
use serde::Deserialize;

use super::document::date;
use super::schema::CONVERSIONS;
use super::stored::millis;
use crate::connection::{Connection, Query};

const OPERATION: &str = "ledger.release_put_off";

/// Entries that one step looks at.
const STEP: usize = 1_000;

/// An entry that is not due yet.
#[derive(Deserialize)]
struct Open {
    #[serde(rename = "_id")]
    key: Bson,
    wakes_at: DateTime,
    state: Outcome,
    reason: String,
    due_at: DateTime,
    updated_at: DateTime,
}

impl Open {
    fn is_put_off(&self, longest: &LongestWaits, now: UnixMillis) -> bool {
        let entry = PutOff {
            outcome: self.state,
            reason: &self.reason,
            due_at: millis(self.due_at),
            changed_at: millis(self.updated_at),
        };
        entry.by_a_wrong_clock(longest, now)
    }

    /// The update that makes it due, if its holder has not settled or renewed it meanwhile. It stays in its state, so the version
    /// stays.
    fn update(&self, now: UnixMillis) -> Document {
        let condition = doc! { "_id": &self.key, "due_at": self.due_at, "updated_at": self.updated_at };
        doc! { "q": condition, "u": { "$set": { "due_at": date(now), "wakes_at": date(now) } } }
    }
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
        let found: Vec<Open> = connection.find(OPERATION, CONVERSIONS, query).await?;
        let updates: Vec<_> =
            found.iter().filter(|one| one.is_put_off(longest, now)).map(|one| one.update(now)).collect();
        if !updates.is_empty() {
            released += connection.update(OPERATION, CONVERSIONS, updates).await?;
        }
        let Some(last) = found.last().filter(|_| found.len() == STEP) else { return Ok(released) };
        let same = doc! { "wakes_at": last.wakes_at, "_id": { "$gt": &last.key } };
        // The first bound is implied; the server needs it to go by the index.
        after = doc! {
            "wakes_at": { "$gte": last.wakes_at },
            "$or": [{ "wakes_at": { "$gt": last.wakes_at } }, same],
        };
    }
}
