//! Entries as people and the export see them.

use std::collections::HashSet;

use bson::{Bson, Document, doc};
use domain::ConversionKey;
use ports::Result;
use ports::ledger::{Record, Selection};

use super::damage;
use super::document::{date, int};
use super::schema::CONVERSIONS;
use super::stored::Whole;
use crate::connection::{Connection, Query, Unreadable};

/// See [`LedgerAdmin::find`](ports::LedgerAdmin::find). What the legacy system wrote has no state, and is not an entry yet.
pub(super) async fn find(
    connection: &Connection,
    session: &str,
    keyword: Option<&str>,
) -> Result<Vec<Record>> {
    let mut of_session = doc! { "session_id": session };
    if let Some(keyword) = keyword {
        of_session.insert("keyword_clicked", keyword);
    }
    // When session and keyword are erased, the key is left.
    let of_key = doc! { "_id": ConversionKey::new(session, keyword).to_string() };
    let filter = doc! { "$or": [of_session, of_key], "state": { "$exists": true } };
    let sort = Some(doc! { "createdAt": 1, "_id": 1 });
    let query = Query { filter, fields: Some(without()), sort, ..Query::default() };
    // Asked for one session, it says when that cannot be read.
    let found: Vec<Whole> = connection.find("ledger.find", CONVERSIONS, query).await?;
    Ok(found.into_iter().map(Record::from).collect())
}

/// See [`ReportLedger::known`](ports::ReportLedger::known).
pub(super) async fn known(connection: &Connection, keys: &[ConversionKey]) -> Result<Vec<bool>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let query = Query {
        filter: doc! { "_id": { "$in": &names } },
        fields: Some(doc! { "_id": 1 }),
        ..Query::default()
    };
    let found: Vec<Document> = connection.find("ledger.known", CONVERSIONS, query).await?;
    let found: HashSet<_> = found.iter().filter_map(|one| one.get_str("_id").ok()).collect();
    Ok(names.iter().map(|name| found.contains(name.as_str())).collect())
}

/// See [`LedgerExport::export_batch`](ports::LedgerExport::export_batch).
pub(super) async fn unexported(connection: &Connection, entries: usize, bytes: u64) -> Result<Vec<Record>> {
    if entries == 0 {
        return Ok(Vec::new());
    }
    let filter = doc! { "export_due": { "$exists": true } };
    let sort = Some(doc! { "export_due": 1 });
    let query = Query { filter, sort, limit: Some(entries), bytes: Some(bytes), ..Query::default() };
    const OPERATION: &str = "ledger.export_batch";
    let query = Query { fields: Some(without()), ..query };
    let found = connection.find_each::<Whole>(OPERATION, CONVERSIONS, query).await?;
    let mut unreadable = Vec::new();
    let readable = found.into_iter().filter_map(|one| one.map_err(|Unreadable(id)| unreadable.push(id)).ok());
    let records = readable.map(Record::from).collect();
    damage::leave_out(connection, OPERATION, unreadable).await?;
    Ok(records)
}

/// See [`LedgerExport::mark_exported`](ports::LedgerExport::mark_exported). An entry that has changed has another version.
pub(super) async fn mark_exported(connection: &Connection, records: &[Record]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let update = |record: &Record| {
        let condition = doc! { "_id": record.key.to_string(), "version": int(record.version) };
        doc! { "q": condition, "u": { "$unset": { "export_due": "" } } }
    };
    let updates = records.iter().map(update).collect();
    connection.update("ledger.mark_exported", CONVERSIONS, updates).await.map(drop)
}

/// See [`LedgerAdmin::select`](ports::LedgerAdmin::select).
pub(super) async fn select(
    connection: &Connection,
    selection: &Selection,
    after: Option<&ConversionKey>,
    limit: usize,
) -> Result<Vec<Record>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut filter = doc! { "state": selection.outcome.as_str() };
    if let Some(after) = after {
        filter.insert("_id", doc! { "$gt": after.to_string() });
    }
    if let Some(reason) = &selection.reason {
        filter.insert("reason", reason);
    }
    if let Some(pixel) = &selection.pixel {
        filter.insert("pixel", pixel.to_string());
    }
    if let Some(since) = selection.since {
        filter.insert("updated_at", doc! { "$gte": date(since) });
    }
    let mut records = Vec::new();
    loop {
        let wanted = limit - records.len();
        let query = Query {
            filter: filter.clone(),
            fields: Some(without()),
            sort: Some(doc! { "_id": 1 }),
            limit: Some(wanted),
            ..Query::default()
        };
        let found = connection.find_each::<Whole>("ledger.select", CONVERSIONS, query).await?;
        let is_end = found.len() < wanted;
        let mut last = Bson::Null;
        for entry in found {
            match entry {
                Ok(whole) => {
                    let record = Record::from(whole);
                    last = record.key.to_string().into();
                    records.push(record);
                }
                Err(Unreadable(id)) => {
                    tracing::error!(key = %id, "an entry of the ledger cannot be read, and is not shown");
                    last = id;
                }
            }
        }
        if is_end || records.len() >= limit {
            return Ok(records);
        }
        // What cannot be read takes no place of a page.
        filter.insert("_id", doc! { "$gt": last });
    }
}

/// Fields that a record does not show.
fn without() -> Document {
    doc! { "attempts": 0, "superseded": 0 }
}
