//! Entering rows and claiming those that are to be sent: one round trip for what is new, three more for what is known, whatever
//! the size of batch and collection.

use std::collections::{HashMap, HashSet};

use bson::oid::ObjectId;
use bson::{Document, doc};
use domain::{ConversionKey, Outcome, PixelRef};
use ports::ledger::rules::{Change, Increment, KeyRows, Relation, Transition, by_key};
use ports::ledger::{Claim, Holder, RowClaim};
use ports::{Error, ErrorKind, Result};

use super::contention::{ROUNDS, pause};
use super::damage;
use super::document::{self, changed, date, int, observe};
use super::restatement;
use super::schema::CONVERSIONS;
use super::stored::{Entry, Marked, Superseded, bson};
use crate::connection::{Connection, Query, Unreadable};

const OPERATION: &str = "ledger.claim";

/// See [`ReportLedger::claim`](ports::ReportLedger::claim).
pub(super) async fn claim(connection: &Connection, rows: &[RowClaim], holder: &Holder) -> Result<Vec<Claim>> {
    let mut groups = by_key(rows);
    // Two processes with the same rows meet in the same order.
    groups.sort_unstable_by_key(|group| *group.key());
    let documents: Vec<_> = groups.iter().map(|group| document_of(group, holder)).collect();
    let known: HashSet<_> =
        connection.insert(OPERATION, CONVERSIONS, &documents).await?.into_iter().collect();
    let mut answers = Answers(vec![None; rows.len()]);
    let mut open = HashMap::new();
    for (index, group) in groups.into_iter().enumerate() {
        if known.contains(&index) {
            open.insert(*group.key(), group);
        } else {
            answers.give(group.entered());
        }
    }
    for look in 0..ROUNDS {
        if open.is_empty() {
            return Ok(answers.0.into_iter().flatten().collect());
        }
        pause(look, &holder.owner).await;
        round(connection, &mut open, &mut answers, holder).await?;
    }
    let busy = "other workers keep changing the same conversions";
    Err(Error::new(ErrorKind::Throttled, OPERATION).detail(busy))
}

/// The document of a key that has no entry yet.
fn document_of(group: &KeyRows<'_>, holder: &Holder) -> Document {
    document::new(group.lead(), group.observed(), group.wanted(holder.into()), holder)
}

/// Reads the entries of what is open, and changes them where no other worker did in between. What another worker changed, or what
/// cannot be read yet because its writer waits for a majority, stays open.
async fn round(
    connection: &Connection,
    open: &mut HashMap<ConversionKey, KeyRows<'_>>,
    answers: &mut Answers,
    holder: &Holder,
) -> Result<()> {
    let filter = doc! { "_id": { "$in": open.keys().map(ToString::to_string).collect::<Vec<_>>() } };
    let query = Query { filter, fields: Some(Entry::fields()), ..Query::default() };
    let found = connection.find_each(OPERATION, CONVERSIONS, query).await?;
    for Unreadable(id) in found.iter().filter_map(|one| one.as_ref().err()) {
        // Its rows may have been sent.
        let Some(key) = id.as_str().and_then(|key| key.parse().ok()) else { continue };
        if let Some(rows) = open.remove(&key) {
            answers
                .give(rows.in_order().map(|(position, _)| (position, Claim::Duplicate)).collect::<Vec<_>>());
        }
    }
    let entries: Vec<Entry> = damage::readable(connection, OPERATION, found, holder.now).await?;
    let token = ObjectId::new();
    let (mut changing, mut updates) = (Vec::new(), Vec::new());
    for entry in &entries {
        let Some(rows) = open.get(&entry.key) else { continue };
        let (given, change) = claim_key(rows, entry, holder);
        if let Some(change) = change {
            updates.push(update(entry, change, token, holder));
            changing.push((entry.key, given));
        } else {
            answers.give(given);
            open.remove(&entry.key);
        }
    }
    let changed = run(connection, changing.iter().map(|(key, _)| *key), updates, token).await?;
    for (key, given) in changing {
        if changed.contains(&key) {
            answers.give(given);
            open.remove(&key);
        }
    }
    Ok(())
}

/// The answers to the rows of a key, and the change that they make.
fn claim_key<'r>(
    rows: &KeyRows<'r>,
    entry: &Entry,
    holder: &Holder,
) -> (Vec<(usize, Claim)>, Option<Change<'r>>) {
    let mut transition = Transition::of(entry.standing(), holder.into());
    let apply = |(position, row)| (position, transition.apply(position, row, relation(entry, row)));
    let answers = rows.in_order().map(apply).collect();
    (answers, transition.change())
}

fn relation(entry: &Entry, row: &RowClaim) -> Relation {
    let (object, number) = (row.source.object.as_str(), row.source.row);
    if entry.object == object && entry.row == number {
        return Relation::Own;
    }
    let number = int(number);
    let before = entry.superseded.iter().find(|s| s.row == number && s.object == object);
    before.map_or(Relation::Other, |before| Relation::Superseded(before.outcome))
}

/// An update that changes an entry only as it was read, and leaves a mark.
fn update(entry: &Entry, change: Change<'_>, token: ObjectId, holder: &Holder) -> Document {
    let mut set = doc! { "claimed_by": token };
    let mut attempts = 0;
    match change {
        Change::TakeOver { row, observed, wanted, left_behind } => {
            set.extend(document::row(row, observed, wanted, holder));
            set.insert("superseded", bson(&superseded(entry, left_behind)));
            attempts = i32::from(row.is_sendable());
        }
        Change::Observe { observed, wanted, increment } => {
            set.extend(observe(observed, wanted));
            // A pause that a wrong clock began is known by when it was written; that stays, unless a later moment is written.
            set.extend(changed(holder.now));
            set.insert("updated_at", date(holder.now).max(entry.updated_at));
            if let Some((increment, row)) = &increment {
                set.extend(add(entry, increment, row, holder));
            }
        }
    }
    let condition = doc! { "_id": entry.key.to_string(), "version": entry.version };
    let mut update = doc! { "$set": set, "$inc": { "version": 1, "attempt": attempts } };
    if entry.erased_by.is_some() && attempts > 0 {
        // It has a text again.
        update.insert("$unset", doc! { "campaign_id": "", "erased_at": "", "erased_by": "" });
    }
    doc! { "q": condition, "u": update }
}

/// Makes an entry wait for an increment. What the legacy system reported has no deadline: it gets the row's, and its pixel.
fn add(entry: &Entry, increment: &Increment, row: &RowClaim, holder: &Holder) -> Document {
    let deadline = entry.deadline.or(row.deadline().map(date));
    let mut fields = restatement::fields(increment, deadline, holder.now);
    if entry.deadline.is_none() {
        let pixel = row.pixel.as_ref().map(PixelRef::to_string);
        fields.extend(doc! { "deadline": deadline, "pixel": pixel, "network": &row.network });
    }
    fields
}

/// The rows whose place others took, once another takes the entry over.
fn superseded(entry: &Entry, outcome: Outcome) -> Vec<Superseded> {
    let mut superseded = entry.superseded.clone();
    superseded.push(Superseded {
        object: entry.object.clone(),
        row: int(entry.row),
        outcome,
        reason: entry.reason.clone(),
    });
    superseded
}

/// Runs conditional updates; the keys whose conditions held. Asks only if some did not.
async fn run(
    connection: &Connection,
    keys: impl Iterator<Item = ConversionKey>,
    updates: Vec<Document>,
    token: ObjectId,
) -> Result<HashSet<ConversionKey>> {
    let (keys, asked) = (keys.collect::<HashSet<_>>(), updates.len() as u64);
    if asked == 0 || connection.update(OPERATION, CONVERSIONS, updates).await? == asked {
        return Ok(keys);
    }
    let ids: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let filter = doc! { "_id": { "$in": ids }, "claimed_by": token };
    let query = Query { filter, fields: Some(doc! { "_id": 1 }), ..Query::default() };
    let marked: Vec<Marked> = connection.find(OPERATION, CONVERSIONS, query).await?;
    Ok(marked.into_iter().map(|marked| marked.key).collect())
}

/// One place per row.
struct Answers(Vec<Option<Claim>>);

impl Answers {
    fn give(&mut self, given: impl IntoIterator<Item = (usize, Claim)>) {
        for (position, claim) in given {
            self.0[position] = Some(claim);
        }
    }
}
