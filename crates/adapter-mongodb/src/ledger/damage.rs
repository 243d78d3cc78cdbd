//! Entries that cannot be read: each is set aside, so that it harms itself alone.

use bson::{Bson, doc};
use domain::UnixMillis;
use ports::Result;
use ports::ledger::WaitReason;

use super::document::changed;
use super::schema::CONVERSIONS;
use crate::connection::{Connection, Unreadable};

/// The entries that can be read; the others are parked for a person, and it is said so.
pub(super) async fn readable<T>(
    connection: &Connection,
    operation: &'static str,
    found: Vec<std::result::Result<T, Unreadable>>,
    now: UnixMillis,
) -> Result<Vec<T>> {
    let mut damaged = Vec::new();
    let readable = found.into_iter().filter_map(|one| one.map_err(|Unreadable(id)| damaged.push(id)).ok());
    let readable = readable.collect();
    set_aside(connection, operation, damaged, now).await?;
    Ok(readable)
}

/// Parks entries for a person.
pub(super) async fn set_aside(
    connection: &Connection,
    operation: &'static str,
    ids: Vec<Bson>,
    now: UnixMillis,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    for id in &ids {
        tracing::error!(
            key = %id,
            "an entry of the ledger is damaged and was set aside; restore it from a backup, or report its row again"
        );
    }
    let mut set = doc! { "state": "parked", "reason": WaitReason::Damaged.as_str(), "owner": Bson::Null, "due_at": Bson::Null };
    set.extend(changed(now));
    let change = doc! { "$set": set, "$unset": { "wakes_at": "" }, "$inc": { "version": 1 } };
    let update = doc! { "q": { "_id": { "$in": ids } }, "u": change, "multi": true };
    connection.update(operation, CONVERSIONS, vec![update]).await.map(drop)
}

/// Exports nothing of entries that cannot be read: they would be met again and again.
pub(super) async fn leave_out(
    connection: &Connection,
    operation: &'static str,
    unreadable: Vec<Bson>,
) -> Result<()> {
    if unreadable.is_empty() {
        return Ok(());
    }
    for id in &unreadable {
        tracing::error!(key = %id, "an entry of the ledger cannot be read, and is left out of the analytics");
    }
    let change = doc! { "$unset": { "export_due": "" } };
    let update = doc! { "q": { "_id": { "$in": unreadable } }, "u": change, "multi": true };
    connection.update(operation, CONVERSIONS, vec![update]).await.map(drop)
}
