//! Increments: what a restatement adds to a reported entry.

use domain::{Outcome, UnixMillis};
use ports::ledger::rules::Increment;
use rusqlite::named_params;

use super::key_index::Entries;

const WRITE: &str = "
    UPDATE report_conversions SET state = :state, reason = :reason, accepted = '', failures = 0, due_at = :now,
        ready = 1, part_first = :first, part_purchases = :purchases, part_worth = :worth, version = version + 1,
        updated_at = :now
    WHERE id = :id";

/// Makes a reported entry due for its increment.
pub(super) fn write(
    entries: &Entries<'_>,
    entry: i64,
    increment: &Increment,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    entries.counts.moved(Outcome::Reported, Increment::STATE);
    entries
        .tx
        .prepare_cached(WRITE)?
        .execute(named_params! {
            ":id": entry,
            ":state": Increment::STATE.as_str(),
            ":reason": Increment::REASON.as_str(),
            ":now": now.0,
            ":first": increment.first,
            ":purchases": increment.purchases,
            ":worth": increment.value.to_string(),
        })
        .map(drop)
}
