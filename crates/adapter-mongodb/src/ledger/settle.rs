//! Writing outcomes: the holder of the latest lease may, and no other. Two round trips for a batch.

use std::collections::{HashMap, HashSet};

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use domain::{ConversionKey, Outcome};
use ports::ledger::rules;
use ports::ledger::{Holder, Settled, Settlement};
use ports::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::attempts::remember;
use super::contention::{ROUNDS, pause};
use super::damage;
use super::document::{changed, date, int, wakes_at};
use super::restatement;
use super::schema::CONVERSIONS;
use super::stored::{Entry, StoredAttempt, StoredMark, bson};
use crate::connection::{Connection, Query};

const OPERATION: &str = "ledger.settle";

/// See [`ReportLedger::settle`](ports::ReportLedger::settle).
pub(super) async fn settle(
    connection: &Connection,
    settlements: &[Settlement],
    holder: &Holder,
) -> Result<Vec<Settled>> {
    let mut settled = vec![Settled::Late; settlements.len()];
    let mut open: Vec<usize> = (0..settlements.len()).collect();
    // Only observed figures can change while a lease holds.
    for look in 0..ROUNDS {
        if open.is_empty() {
            return Ok(settled);
        }
        pause(look, &holder.owner).await;
        open = round(connection, settlements, open, &mut settled, holder).await?;
    }
    let busy = "other workers keep changing the same conversions";
    Err(Error::new(ErrorKind::Throttled, OPERATION).detail(busy))
}

/// Writes what is open; what another worker changed in between stays open.
async fn round(
    connection: &Connection,
    settlements: &[Settlement],
    open: Vec<usize>,
    settled: &mut [Settled],
    holder: &Holder,
) -> Result<Vec<usize>> {
    let keys: HashSet<_> = open.iter().map(|at| settlements[*at].lease.key).collect();
    let mut held: HashMap<_, _> =
        entries(connection, keys, holder).await?.into_iter().map(|entry| (entry.key, entry)).collect();
    let by = ObjectId::new();
    let (mut writing, mut updates) = (Vec::new(), Vec::new());
    for at in open {
        let settlement = &settlements[at];
        // Taken out: of two settlements with one lease the second is late.
        if held.get(&settlement.lease.key).is_some_and(|e| e.standing().is_held_by(&settlement.lease))
            && let Some(entry) = held.remove(&settlement.lease.key)
            && let Some(update) = update(entry, settlement, by, holder)
        {
            updates.push(update);
            writing.push(at);
        }
    }
    let asked = updates.len() as u64;
    let written = if asked == 0 { 0 } else { connection.update(OPERATION, CONVERSIONS, updates).await? };
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

/// The entries that are held. One that cannot be read is set aside, and its settlement is late.
async fn entries(
    connection: &Connection,
    keys: HashSet<ConversionKey>,
    holder: &Holder,
) -> Result<Vec<Entry>> {
    let ids: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let filter = doc! { "_id": { "$in": ids }, "state": "in_flight" };
    let query = Query { filter, fields: Some(Entry::fields()), ..Query::default() };
    let found = connection.find_each(OPERATION, CONVERSIONS, query).await?;
    damage::readable(connection, OPERATION, found, holder.now).await
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

/// A settlement as an update that changes its entry only as it was read; `None` when it is late.
fn update(mut entry: Entry, settlement: &Settlement, by: ObjectId, holder: &Holder) -> Option<Document> {
    let settling = rules::settle(&entry.standing(), entry.accepted(), settlement, holder.into())?;
    let attempt = StoredAttempt {
        number: settlement.lease.attempt,
        at: date(holder.now),
        owner: holder.owner.clone(),
        outcome: settling.outcome,
        reason: settling.reason.to_owned(),
        events: int(settling.new_events),
        answer: settlement.answer.clone(),
        by,
    };
    let mut set = doc! {
        "state": settling.outcome.as_str(),
        "reason": settling.reason,
        "accepted": settling.accepted.positions.to_string(),
        "events": int(settling.accepted.events),
        "reported_count": settling.reported.count,
        "reported_revenue": settling.reported.revenue.to_string(),
        "owner": Bson::Null,
        "due_at": settling.due_at.map(date),
    };
    if let Some(answer) = bson(&attempt).as_document().and_then(|stored| stored.get("answer"))
        && settlement.answer.is_some()
    {
        set.insert("answer", answer.clone());
    }
    set.insert("attempts", bson(&remember(std::mem::take(&mut entry.attempts), attempt)));
    set.extend(changed(holder.now));
    if settling.outcome == Outcome::Reported {
        set.insert("reported", 1);
    }
    if settling.new_events > 0 {
        set.insert("reported_at", date(holder.now));
    }
    let (mut change, mut unset) = (Document::new(), Document::new());
    match settling.maybe_received {
        Some(mark) => drop(set.insert("maybe_received", bson(&StoredMark::from(mark)))),
        None => drop(unset.insert("maybe_received", "")),
    }
    match (settling.due_at, &settling.increment) {
        (_, Some(increment)) => set.extend(restatement::fields(increment, entry.deadline, holder.now)),
        (Some(due_at), None) => drop(set.insert("wakes_at", wakes_at(due_at, entry.deadline))),
        (None, None) => drop(unset.insert("wakes_at", "")),
    }
    if !unset.is_empty() {
        change.insert("$unset", unset);
    }
    let mut more = doc! { "version": 1 };
    // Those of an increment are counted from the start: it sets them.
    if settling.increment.is_none() {
        more.insert("failures", i32::from(settling.failed));
    }
    change.extend(doc! { "$inc": more, "$set": set });
    let condition = doc! { "_id": entry.key.to_string(), "version": entry.version };
    Some(doc! { "q": condition, "u": change })
}
