//! Entering rows and claiming those that are to be sent: one round trip for what is new, three more for what is known, whatever
//! the size of batch and collection.

use std::collections::{BTreeMap, HashMap, HashSet};

use bson::oid::ObjectId;
use bson::{Document, doc};
use domain::ConversionKey;
use ports::ledger::{Claim, Holder, Statement};
use ports::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::decide::{Group, Plan, decide};
use super::document;
use super::schema::CONVERSIONS;
use super::stored::Entry;
use crate::connection::{Connection, Query};

const OPERATION: &str = "ledger.claim";

/// Looks at entries that others change all the time before their rows are left to the next delivery.
const ROUNDS: usize = 16;

/// See [`ReportLedger::claim`](ports::ReportLedger::claim).
pub(super) async fn claim(
    connection: &Connection,
    statements: &[Statement],
    holder: &Holder,
) -> Result<Vec<Claim>> {
    let groups = groups(statements);
    let documents: Vec<_> =
        groups.values().map(|group| document::new(group.lead.1, group.latest(), holder)).collect();
    let known: HashSet<_> =
        connection.insert(OPERATION, CONVERSIONS, &documents).await?.into_iter().collect();
    let mut answers = Answers(vec![None; statements.len()]);
    let mut open = HashMap::new();
    for (index, (key, group)) in groups.into_iter().enumerate() {
        if known.contains(&index) {
            open.insert(key, group);
        } else {
            answers.give(group.entered());
        }
    }
    for _ in 0..ROUNDS {
        if open.is_empty() {
            return Ok(answers.0.into_iter().flatten().collect());
        }
        round(connection, &mut open, &mut answers, holder).await?;
    }
    Err(Error::new(ErrorKind::Throttled, OPERATION).detail("others change the same conversions all the time"))
}

/// In the order of keys: two processes with the same rows meet in the same order.
fn groups(statements: &[Statement]) -> BTreeMap<ConversionKey, Group<'_>> {
    let mut groups: BTreeMap<ConversionKey, Group<'_>> = BTreeMap::new();
    for (position, statement) in statements.iter().enumerate() {
        match groups.entry(statement.key) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Group::new(position, statement));
            }
            std::collections::btree_map::Entry::Occupied(mut group) => {
                group.get_mut().add(position, statement);
            }
        }
    }
    groups
}

/// Reads the entries of what is open and changes them where nobody else did in between. What somebody did, or what cannot be read
/// yet because its writer waits for a majority, stays open.
async fn round(
    connection: &Connection,
    open: &mut HashMap<ConversionKey, Group<'_>>,
    answers: &mut Answers,
    holder: &Holder,
) -> Result<()> {
    let filter = doc! { "_id": { "$in": open.keys().map(ToString::to_string).collect::<Vec<_>>() } };
    let query = Query { filter, fields: Some(Entry::fields()), ..Query::default() };
    let entries: Vec<Entry> = connection.find(OPERATION, CONVERSIONS, query).await?;
    let token = ObjectId::new();
    let (mut changing, mut statements) = (Vec::new(), Vec::new());
    for entry in &entries {
        let Some(group) = open.get(&entry.key) else { continue };
        let Plan { answers: planned, change } = decide(group, entry, holder);
        if let Some(change) = change {
            statements.push(conditional(entry, change, token));
            changing.push((entry.key, planned));
        } else {
            answers.give(planned);
            open.remove(&entry.key);
        }
    }
    let changed = changed(connection, changing.iter().map(|(key, _)| *key), statements, token).await?;
    for (key, planned) in changing {
        if changed.contains(&key) {
            answers.give(planned);
            open.remove(&key);
        }
    }
    Ok(())
}

/// A statement that changes an entry only as it was read, and leaves a mark.
fn conditional(entry: &Entry, mut change: Document, token: ObjectId) -> Document {
    if let Ok(set) = change.get_document_mut("$set") {
        set.insert("claimed_by", token);
    }
    doc! { "q": { "_id": entry.key.to_string(), "version": entry.version }, "u": change }
}

#[derive(Deserialize)]
pub(super) struct Marked {
    #[serde(rename = "_id")]
    pub(super) key: ConversionKey,
}

/// Runs conditional statements; whose conditions held. Asks only if some did not.
async fn changed(
    connection: &Connection,
    keys: impl Iterator<Item = ConversionKey>,
    statements: Vec<Document>,
    token: ObjectId,
) -> Result<HashSet<ConversionKey>> {
    let (keys, asked) = (keys.collect::<HashSet<_>>(), document::int(statements.len() as u64));
    if asked == 0 || connection.update(OPERATION, CONVERSIONS, statements).await? == asked.unsigned_abs() {
        return Ok(keys);
    }
    let ids: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let filter = doc! { "_id": { "$in": ids }, "claimed_by": token };
    let query = Query { filter, fields: Some(doc! { "_id": 1 }), ..Query::default() };
    let marked: Vec<Marked> = connection.find(OPERATION, CONVERSIONS, query).await?;
    Ok(marked.into_iter().map(|marked| marked.key).collect())
}

/// One place per statement.
struct Answers(Vec<Option<Claim>>);

impl Answers {
    fn give(&mut self, given: impl IntoIterator<Item = (usize, Claim)>) {
        for (position, claim) in given {
            self.0[position] = Some(claim);
        }
    }
}
