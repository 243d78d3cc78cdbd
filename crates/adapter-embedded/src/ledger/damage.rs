//! Entries that cannot be read: each is set aside, so that it harms itself alone.

use domain::{ConversionKey, Outcome, UnixMillis};
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

/// What a fault of the disk may do to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The text of its row states another revenue, and can still be read.
    Text,
    /// What the platform has accepted of it cannot be read.
    Accepted,
}

impl Damage {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Text, Self::Accepted];

    const fn statement(self) -> &'static str {
        match self {
            Self::Text => {
                r#"UPDATE raw_rows SET raw = replace(raw, '"revenue":', '"revenue":1') WHERE id = ?"#
            }
            Self::Accepted => "UPDATE report_conversions SET accepted = 'zz!' WHERE id = ?",
        }
    }
}

/// See [`EmbeddedLedger::damage`](super::EmbeddedLedger::damage).
pub(super) fn damage(entries: &Entries<'_>, key: &ConversionKey, damage: Damage) -> rusqlite::Result<bool> {
    let Some(id) = entries.find(key)? else { return Ok(false) };
    Ok(entries.tx.prepare_cached(damage.statement())?.execute([id])? > 0)
}
