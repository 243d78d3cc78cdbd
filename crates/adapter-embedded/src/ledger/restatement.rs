//! Increments: what a restatement adds to a reported entry.

use domain::{Outcome, UnixMillis};
use ports::ledger::rules::Increment;
use rusqlite::named_params;

use super::key_index::Entries;

const WRITE: &str = "
    UPDATE report_conversions SET state = :state, reason = :reason, accepted = '', failures = 0,
        due_at = CASE WHEN :due THEN :now ELSE coalesce(deadline, :now) END, ready = :due, part_first = :first, part_purchases = :purchases, part_worth = :worth, version = version + 1,
        updated_at = :now
    WHERE id = :id";

/// Makes an entry, which is reported or waits with another increment, wait for an increment.
pub(super) fn write(
    entries: &Entries<'_>,
    entry: i64,
    before: Outcome,
    increment: &Increment,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    entries.counts.moved(before, increment.outcome());
    entries
        .tx
        .prepare_cached(WRITE)?
        .execute(named_params! {
            ":id": entry,
            ":state": increment.outcome().as_str(),
            ":reason": increment.reason().as_str(),
            ":due": increment.is_plausible,
            ":now": now.0,
            ":first": increment.first,
            ":purchases": increment.purchases,
            ":worth": increment.value.to_string(),
        })
        .map(drop)
}
