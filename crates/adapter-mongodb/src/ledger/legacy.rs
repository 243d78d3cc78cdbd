//! What the legacy system wrote into the same collection: one document per row, named by chance, without our state.
//!
//! A document cannot change its name, so it is given a key by entering it again under that and removing it. Both steps may be done
//! again: a process that is interrupted in between begins with the first.

mod read;

use std::collections::HashSet;

use bson::{Bson, Document, doc};
use domain::{ConversionKey, UnixMillis};
use ports::Result;
use ports::ledger::RowClaim;

use super::document::{changed, int};
use super::schema::CONVERSIONS;
use crate::connection::{Connection, Query};

use read::{entry, is_reported, key};

/// What one call of [`MongoLedger::migrate_from_legacy`](crate::MongoLedger::migrate_from_legacy) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FromLegacy {
    /// Documents of the legacy system that were taken care of.
    pub documents: u64,
    /// Whether none is left.
    pub complete: bool,
}

/// See [`MongoLedger::migrate_from_legacy`](crate::MongoLedger::migrate_from_legacy).
pub(super) async fn migrate(connection: &Connection, limit: usize, now: UnixMillis) -> Result<FromLegacy> {
    const OPERATION: &str = "ledger.migrate_from_legacy";
    let query = Query {
        filter: doc! { "state": { "$exists": false } },
        sort: Some(doc! { "_id": 1 }),
        limit: Some(limit.max(1)),
        ..Query::default()
    };
    let documents: Vec<Document> = connection.find(OPERATION, CONVERSIONS, query).await?;
    if documents.is_empty() {
        return Ok(FromLegacy { documents: 0, complete: true });
    }
    enter(connection, OPERATION, &documents, now).await?;
    let names: Vec<_> = documents.iter().filter_map(|document| document.get("_id").cloned()).collect();
    let removal = doc! {
        "delete": CONVERSIONS,
        "deletes": [{ "q": { "_id": { "$in": names }, "state": { "$exists": false } }, "limit": 0 }],
        "writeConcern": { "w": "majority" },
    };
    connection.command(OPERATION, removal).await?;
    Ok(FromLegacy { documents: documents.len() as u64, complete: false })
}

/// Enters what the legacy system reported of a batch's conversions, so that claiming meets it. What it did not report is left to be sent.
///
/// The legacy system looked within the batch's own click times, and so sent again what was stated with another time. Here the session
/// decides; its index makes that as cheap.
pub(super) async fn recognise(connection: &Connection, rows: &[RowClaim], now: UnixMillis) -> Result<()> {
    const OPERATION: &str = "ledger.claim";
    let sessions: HashSet<_> = rows.iter().filter_map(|row| row.session_id.as_deref()).collect();
    if sessions.is_empty() {
        return Ok(());
    }
    // Where the feed had a number, the legacy system kept a number.
    let texts = sessions.iter().map(|session| Bson::from(*session));
    let numbers = sessions.iter().filter_map(|session| session.parse::<i64>().ok()).map(Bson::from);
    let filter = doc! {
        "session_id": { "$in": texts.chain(numbers).collect::<Vec<_>>() },
        "state": { "$exists": false },
        "reported": { "$in": [1, true, "1"] },
    };
    let query = Query { filter, ..Query::default() };
    let mut documents: Vec<Document> = connection.find(OPERATION, CONVERSIONS, query).await?;
    let wanted: HashSet<ConversionKey> = rows.iter().map(|row| row.key).collect();
    documents.retain(|document| wanted.contains(&key(document)));
    enter(connection, OPERATION, &documents, now).await
}

/// Enters documents of the legacy system under their keys. Of several with one key, and of an entry of ours of which nothing was ever
/// sent, what was reported wins.
async fn enter(
    connection: &Connection,
    operation: &'static str,
    documents: &[Document],
    now: UnixMillis,
) -> Result<()> {
    let entries: Vec<_> = documents.iter().map(|document| entry(document, now)).collect();
    let known = connection.insert(operation, CONVERSIONS, &entries).await?;
    let updates: Vec<_> = known
        .into_iter()
        .filter(|index| is_reported(&documents[*index]))
        .map(|index| reported(&entries[index], now))
        .collect();
    if !updates.is_empty() {
        connection.update(operation, CONVERSIONS, updates).await?;
    }
    Ok(())
}

/// Where the row came from stays: it is counted in its object's receipt.
fn reported(entry: &Document, now: UnixMillis) -> Document {
    let mut set = Document::new();
    for field in [
        "state",
        "reason",
        "reasons",
        "reported",
        "valid",
        "reported_count",
        "reported_revenue",
        "figures_unknown",
    ] {
        if let Some(value) = entry.get(field) {
            set.insert(field, value.clone());
        }
    }
    set.extend(changed(now));
    let condition = doc! { "_id": entry.get("_id"), "state": { "$in": ["invalid", "no_events"] } };
    doc! { "q": condition, "u": { "$set": set, "$inc": { "version": int(1) } } }
}
