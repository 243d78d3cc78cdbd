//! What is personal, read without the other fields of its entries, which may be damaged.

use bson::{Bson, Document, doc};
use domain::ConversionKey;
use ports::Result;
use ports::ledger::{PersonalText, TextsOf, WaitReason};

use super::schema::CONVERSIONS;
use crate::connection::{Connection, Query};

/// See [`LedgerErasure::texts`](ports::LedgerErasure::texts). What the legacy system wrote has no state, and is not an entry yet.
pub(super) async fn texts(
    connection: &Connection,
    of: &TextsOf,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<PersonalText>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut all = vec![doc! { "state": { "$exists": true }, "erased_at": Bson::Null }];
    all.extend(filter(of));
    all.extend(after.map(|id| doc! { "_id": { "$gt": id } }));
    let query = Query {
        filter: doc! { "$and": all },
        fields: Some(doc! { "state": 1, "object": 1, "raw": 1 }),
        sort: Some(doc! { "_id": 1 }),
        limit: Some(limit),
        ..Query::default()
    };
    let found: Vec<Document> = connection.find("ledger.texts", CONVERSIONS, query).await?;
    Ok(found.iter().map(read).collect())
}

fn filter(of: &TextsOf) -> Option<Document> {
    let either = match of {
        TextsOf::Anyone => return None,
        TextsOf::NoSession => [
            doc! { "state": "invalid", "reason": "malformed" },
            doc! { "state": "parked", "reason": WaitReason::Damaged.as_str() },
        ],
        TextsOf::Session(session) => {
            [doc! { "session_id": session }, doc! { "_id": ConversionKey::new(session, None).to_string() }]
        }
    };
    Some(doc! { "$or": either.to_vec() })
}

fn read(entry: &Document) -> PersonalText {
    let id = any_text(entry, "_id");
    PersonalText {
        key: id.parse().ok(),
        id,
        outcome: entry.get_str("state").ok().and_then(|state| state.parse().ok()),
        object: any_text(entry, "object"),
        raw: any_text(entry, "raw"),
    }
}

/// What a field holds, whatever that is.
fn any_text(entry: &Document, field: &str) -> String {
    match entry.get(field) {
        None | Some(Bson::Null) => String::new(),
        Some(Bson::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
