//! The collections, and the indexes that keep each question's cost to what it finds.

use bson::{Document, doc};
use ports::{Error, ErrorKind, Result};
use serde::Deserialize;

use crate::connection::Connection;

/// One document per conversion; the legacy system's name.
pub(super) const CONVERSIONS: &str = "report_conversions";

/// One note per object that was read.
pub(super) const OBJECTS: &str = "report_objects";

/// Name, fields, and options. Sparse ones hold only what waits, so they stay small however much is at an end.
fn indexes(collection: &str) -> Vec<(&'static str, Document, Document)> {
    match collection {
        OBJECTS => vec![("efflux_latest", doc! { "at": -1, "_id": -1 }, doc! { "sparse": true })],
        _ => vec![
            // Holds all that the choice of due work needs, so that no document is read for it.
            (
                "efflux_due",
                doc! { "wakes_at": 1, "deadline": 1, "pixel": 1, "_id": 1 },
                doc! { "partialFilterExpression": { "wakes_at": { "$exists": true } } },
            ),
            ("efflux_parked", doc! { "pixel": 1 }, doc! { "partialFilterExpression": { "state": "parked" } }),
            ("efflux_export", doc! { "export_due": 1 }, doc! { "sparse": true }),
            ("efflux_session", doc! { "session_id": 1 }, doc! {}),
            ("efflux_state", doc! { "state": 1, "_id": 1 }, doc! {}),
            (
                // Holds all that a receipt needs, so that no document is read for it.
                "efflux_receipts",
                doc! {
                    "object": 1, "state": 1, "reason": 1, "pixel": 1, "reported_revenue": 1, "observed_revenue": 1,
                    "events": 1,
                },
                doc! { "sparse": true },
            ),
            // Only what has its text: what retention looks for.
            (
                "efflux_text",
                doc! { "deadline": 1, "createdAt": 1 },
                doc! { "partialFilterExpression": { "raw": { "$gt": "" } } },
            ),
            ("efflux_superseded", doc! { "superseded.object": 1 }, doc! { "sparse": true }),
        ],
    }
}

/// Makes all indexes.
pub(super) async fn migrate(connection: &Connection) -> Result<()> {
    for collection in [CONVERSIONS, OBJECTS] {
        let all: Vec<Document> = indexes(collection)
            .into_iter()
            .map(|(name, key, options)| {
                let mut index = doc! { "name": name, "key": key };
                index.extend(options);
                index
            })
            .collect();
        let command = doc! { "createIndexes": collection, "indexes": all };
        connection.command("ledger.migrate", command).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Index {
    name: String,
    key: Document,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "firstBatch")]
    first: Vec<Index>,
}

#[derive(Deserialize)]
struct Indexes {
    cursor: Batch,
}

/// The indexes that a collection lacks, and those that have another key than ours.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    pub(super) missing: Vec<&'static str>,
    pub(super) other: Vec<&'static str>,
}

/// Compares a collection's indexes with ours.
pub(super) async fn wrong(
    connection: &Connection,
    operation: &'static str,
    collection: &str,
) -> Result<Wrong> {
    let command = doc! { "listIndexes": collection, "cursor": { "batchSize": 1_000 } };
    let answer = connection.command(operation, command).await?;
    let there: Indexes = bson::deserialize_from_document(answer)
        .map_err(|e| Error::new(ErrorKind::Corrupt, operation).detail("the list of indexes").source(e))?;
    let mut wrong = Wrong::default();
    for (name, key, _) in indexes(collection) {
        match there.cursor.first.iter().find(|index| index.name == name) {
            None => wrong.missing.push(name),
            Some(index) if !index.key.keys().eq(key.keys()) => wrong.other.push(name),
            Some(_) => {}
        }
    }
    Ok(wrong)
}

/// Asks for the indexes, which takes everything that work takes: a server, credentials, rights, and an earlier `migrate`.
pub(super) async fn check(connection: &Connection) -> Result<()> {
    const OPERATION: &str = "ledger.check";
    for collection in [CONVERSIONS, OBJECTS] {
        let missing = wrong(connection, OPERATION, collection).await?.missing;
        if !missing.is_empty() {
            return Err(Error::new(ErrorKind::Missing, OPERATION)
                .detail(format!("{collection} has no index {}: run `efflux migrate`", missing.join(", "))));
        }
    }
    Ok(())
}
