//! Writing outcomes, by whoever holds the latest lease and nobody else: two round trips for a batch.

use std::collections::{HashMap, HashSet};

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};
use domain::{ConversionKey, Outcome, UnixMillis};
use ports::ledger::{Holder, Lease, Open, Settle, Settled, Settlement};
use ports::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::attempts::remember;
use super::document::{changed, date, int};
use super::growth;
use super::schema::CONVERSIONS;
use super::stored::{Entry, StoredAttempt, bson};
use crate::connection::{Connection, Query};

const OPERATION: &str = "ledger.settle";

/// Looks at entries that others change at the same time; only their observed figures can be, while a lease holds.
const ROUNDS: usize = 16;

/// See [`ReportLedger::settle`](ports::ReportLedger::settle).
pub(super) async fn settle(
    connection: &Connection,
    settlements: &[Settlement],
    holder: &Holder,
) -> Result<Vec<Settled>> {
    let mut settled = vec![Settled::Late; settlements.len()];
    let mut open: Vec<usize> = (0..settlements.len()).collect();
    for _ in 0..ROUNDS {
        if open.is_empty() {
            return Ok(settled);
        }
        open = round(connection, settlements, open, &mut settled, holder).await?;
    }
    Err(Error::new(ErrorKind::Throttled, OPERATION).detail("others change the same conversions all the time"))
}

/// Writes what is open; what somebody changed in between stays open.
async fn round(
    connection: &Connection,
    settlements: &[Settlement],
    open: Vec<usize>,
    settled: &mut [Settled],
    holder: &Holder,
) -> Result<Vec<usize>> {
    let keys: HashSet<_> = open.iter().map(|at| settlements[*at].lease.key).collect();
    let mut held: HashMap<_, _> =
        entries(connection, keys).await?.into_iter().map(|entry| (entry.key, entry)).collect();
    let by = ObjectId::new();
    let (mut writing, mut statements) = (Vec::new(), Vec::new());
    for at in open {
        let settlement = &settlements[at];
        // Taken out: of two settlements with one lease the second is late.
        if held.get(&settlement.lease.key).is_some_and(|e| e.attempt == settlement.lease.attempt)
            && let Some(entry) = held.remove(&settlement.lease.key)
        {
            statements.push(statement(entry, settlement, by, holder));
            writing.push(at);
        }
    }
    let asked = statements.len() as u64;
    let written = if asked == 0 { 0 } else { connection.update(OPERATION, CONVERSIONS, statements).await? };
    let done =
        if written == asked { None } else { Some(marked(connection, settlements, &writing, by).await?) };
    let mut left = Vec::new();
    for at in writing {
        if done.as_ref().is_none_or(|done| done.contains(&settlements[at].lease.key)) {
            settled[at] = Settled::Done;
        } else {
            left.push(at);
        }
    }
    Ok(left)
}

/// The entries that somebody holds.
async fn entries(connection: &Connection, keys: HashSet<ConversionKey>) -> Result<Vec<Entry>> {
    let ids: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let filter = doc! { "_id": { "$in": ids }, "state": "in_flight" };
    let query = Query { filter, fields: Some(Entry::fields()), ..Query::default() };
    connection.find(OPERATION, CONVERSIONS, query).await
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "_id")]
    key: ConversionKey,
    attempts: Vec<StoredAttempt>,
}

/// Entries that this very call has written: known by the attempt, which outlives whatever comes after.
async fn marked(
    connection: &Connection,
    settlements: &[Settlement],
    writing: &[usize],
    by: ObjectId,
) -> Result<HashSet<ConversionKey>> {
    let ids: Vec<_> = writing.iter().map(|at| settlements[*at].lease.key.to_string()).collect();
    let query = Query {
        filter: doc! { "_id": { "$in": ids } },
        fields: Some(doc! { "attempts": 1 }),
        ..Query::default()
    };
    let found: Vec<Written> = connection.find(OPERATION, CONVERSIONS, query).await?;
    let ours = |written: &Written| written.attempts.iter().any(|attempt| attempt.by == by);
    Ok(found.into_iter().filter(ours).map(|written| written.key).collect())
}

/// Where an entry goes.
struct End<'a> {
    outcome: Outcome,
    reason: &'a str,
    open: Option<&'a Open>,
}

impl<'a> End<'a> {
    fn of(settle: &'a Settle) -> Self {
        let (outcome, reason, open) = match settle {
            Settle::Reported => (Outcome::Reported, "", None),
            Settle::Retry(open) => (Outcome::Retry, open.reason.as_str(), Some(open)),
            Settle::Parked(open) => (Outcome::Parked, open.reason.as_str(), Some(open)),
            Settle::Rejected { reason } => (Outcome::Rejected, reason.as_str(), None),
            Settle::Expired => (Outcome::Expired, "", None),
        };
        Self { outcome, reason, open }
    }
}

/// One settlement as a statement that changes its entry only as it was read.
fn statement(mut entry: Entry, settlement: &Settlement, by: ObjectId, holder: &Holder) -> Document {
    let condition = doc! { "_id": entry.key.to_string(), "version": entry.version };
    let end = End::of(&settlement.settle);
    let before = entry.accepted.len();
    entry.accepted.extend(&settlement.accepted);
    let new = entry.accepted.len().saturating_sub(before);
    let mut reported = entry.reported();
    reported.count = reported.count.saturating_add(settlement.reported.count);
    reported.revenue = reported.revenue + settlement.reported.revenue;
    let attempt = StoredAttempt {
        number: settlement.lease.attempt,
        at: date(holder.now),
        owner: holder.owner.clone(),
        outcome: end.outcome,
        reason: end.reason.to_owned(),
        events: int(new),
        answer: settlement.answer.clone(),
        by,
    };
    let mut set = doc! {
        "state": end.outcome.as_str(),
        "reason": end.reason,
        "accepted": entry.accepted.to_string(),
        "events": int(entry.events.saturating_add(new)),
        "reported_count": reported.count,
        "reported_revenue": reported.revenue.to_string(),
        "owner": Bson::Null,
        "due_at": end.open.map(|open| date(open.due_at)),
    };
    if let Some(answer) = bson(&attempt).as_document().and_then(|stored| stored.get("answer"))
        && settlement.answer.is_some()
    {
        set.insert("answer", answer.clone());
    }
    set.insert("attempts", bson(&remember(std::mem::take(&mut entry.attempts), attempt)));
    set.extend(changed(holder.now));
    let failed = i32::from(end.open.is_some_and(|open| open.failed));
    let mut wakes = end.open.map(|open| wakes_at(open.due_at, entry.deadline));
    if end.outcome == Outcome::Reported {
        set.insert("reported", 1);
        if let Some(part) = growth::grown(&entry, reported, entry.observed(), holder) {
            set.extend(growth::fields(&part, &entry, holder));
            wakes = set.get_datetime("wakes_at").ok().copied();
        }
    }
    let mut change = doc! { "$inc": { "version": 1, "failures": failed } };
    if set.contains_key("failures") {
        change = doc! { "$inc": { "version": 1 } };
    }
    match wakes {
        Some(at) => drop(set.insert("wakes_at", at)),
        None => drop(change.insert("$unset", doc! { "wakes_at": "" })),
    }
    change.insert("$set", set);
    doc! { "q": condition, "u": change }
}

/// When an entry that nobody holds is looked at again: when it is due, or when its deadline has come and it expires.
pub(super) fn wakes_at(due: UnixMillis, deadline: Option<DateTime>) -> DateTime {
    deadline.map_or(date(due), |deadline| deadline.min(date(due)))
}

#[derive(Deserialize)]
struct Extended {
    #[serde(rename = "_id")]
    key: ConversionKey,
    attempt: u32,
}

/// See [`ReportLedger::extend`](ports::ReportLedger::extend). More time is no change that anyone needs to be told of, so the
/// version stays.
pub(super) async fn extend(
    connection: &Connection,
    leases: &[Lease],
    until: UnixMillis,
) -> Result<Vec<Settled>> {
    const OPERATION: &str = "ledger.extend";
    if leases.is_empty() {
        return Ok(Vec::new());
    }
    let more = doc! { "$set": { "due_at": date(until), "wakes_at": date(until) } };
    let held = |lease: &Lease| {
        doc! { "_id": lease.key.to_string(), "attempt": lease.attempt, "state": "in_flight" }
    };
    let statements = leases.iter().map(|lease| doc! { "q": held(lease), "u": more.clone() }).collect();
    if connection.update(OPERATION, CONVERSIONS, statements).await? == leases.len() as u64 {
        return Ok(vec![Settled::Done; leases.len()]);
    }
    let ids: Vec<_> = leases.iter().map(|lease| lease.key.to_string()).collect();
    let filter = doc! { "_id": { "$in": ids }, "state": "in_flight", "due_at": date(until) };
    let query = Query { filter, fields: Some(doc! { "attempt": 1 }), ..Query::default() };
    let found: Vec<Extended> = connection.find(OPERATION, CONVERSIONS, query).await?;
    let found: HashSet<_> = found.into_iter().map(|e| (e.key, e.attempt)).collect();
    let answer = |lease: &Lease| match found.contains(&(lease.key, lease.attempt)) {
        true => Settled::Done,
        false => Settled::Late,
    };
    Ok(leases.iter().map(answer).collect())
}
