//! Leases that are prolonged, and marks that precede a request.

use std::collections::HashSet;

use bson::{Document, doc};
use domain::{ConversionKey, UnixMillis};
use ports::Result;
use ports::ledger::{Holder, Lease, Settled};
use serde::Deserialize;

use super::document::date;
use super::schema::CONVERSIONS;
use crate::connection::{Connection, Query};

/// See [`ReportLedger::extend`](ports::ReportLedger::extend). A longer lease changes nothing that is exported, so the version
/// stays.
pub(super) async fn extend(
    connection: &Connection,
    leases: &[Lease],
    until: UnixMillis,
) -> Result<Vec<Settled>> {
    renew(connection, "ledger.extend", leases, until, doc! {}).await
}

/// See [`ReportLedger::begin_sending`](ports::ReportLedger::begin_sending). An earlier mark stays, because it is the lesser.
pub(super) async fn begin(
    connection: &Connection,
    leases: &[Lease],
    holder: &Holder,
) -> Result<Vec<Settled>> {
    let mark = doc! { "$min": { "maybe_received.since": date(holder.now) } };
    renew(connection, "ledger.begin_sending", leases, holder.until, mark).await
}

#[derive(Deserialize)]
struct Extended {
    #[serde(rename = "_id")]
    key: ConversionKey,
    attempt: u32,
}

async fn renew(
    connection: &Connection,
    operation: &'static str,
    leases: &[Lease],
    until: UnixMillis,
    mut change: Document,
) -> Result<Vec<Settled>> {
    if leases.is_empty() {
        return Ok(Vec::new());
    }
    change.insert("$set", doc! { "due_at": date(until), "wakes_at": date(until) });
    let held = |lease: &Lease| {
        doc! { "_id": lease.key.to_string(), "attempt": lease.attempt, "state": "in_flight" }
    };
    let updates = leases.iter().map(|lease| doc! { "q": held(lease), "u": change.clone() }).collect();
    if connection.update(operation, CONVERSIONS, updates).await? == leases.len() as u64 {
        return Ok(vec![Settled::Done; leases.len()]);
    }
    let ids: Vec<_> = leases.iter().map(|lease| lease.key.to_string()).collect();
    let filter = doc! { "_id": { "$in": ids }, "state": "in_flight", "due_at": date(until) };
    let query = Query { filter, fields: Some(doc! { "attempt": 1 }), ..Query::default() };
    let found: Vec<Extended> = connection.find(operation, CONVERSIONS, query).await?;
    let found: HashSet<_> = found.into_iter().map(|e| (e.key, e.attempt)).collect();
    let answer = |lease: &Lease| match found.contains(&(lease.key, lease.attempt)) {
        true => Settled::Done,
        false => Settled::Late,
    };
    Ok(leases.iter().map(answer).collect())
}
