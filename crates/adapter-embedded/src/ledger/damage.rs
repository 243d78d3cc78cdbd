//! Entries that cannot be read: each is set aside, so that it harms itself alone.

use domain::{Outcome, UnixMillis};
use ports::ledger::WaitReason;
use rusqlite::params;

use super::key_index::Entries;

const SET_ASIDE: &str = "
    UPDATE report_conversions SET state = 'parked', reason = ?, owner = NULL, due_at = NULL, ready = 0,
        version = version + 1, updated_at = ?
    WHERE id = ?
    RETURNING lower(hex(key))";

/// Parks an entry for a person and says so.
pub(super) fn set_aside(
    entries: &Entries<'_>,
    id: i64,
    cause: &rusqlite::Error,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    // A state that cannot be read is not counted.
    if let Ok(before) = entries.state(id) {
        entries.counts.moved(before, Outcome::Parked);
    } else {
        entries.counts.entered(Outcome::Parked);
    }
    let key: String = entries
        .tx
        .prepare_cached(SET_ASIDE)?
        .query_row(params![WaitReason::Damaged.as_str(), now.0, id], |row| row.get(0))?;
    tracing::error!(
        key,
        error = %cause,
        "an entry of the ledger is damaged and was set aside; restore it from a backup, or report its row again"
    );
    Ok(())
}
