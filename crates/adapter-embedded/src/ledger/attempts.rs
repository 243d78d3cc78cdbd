//! What was tried for an entry.

use domain::{ConversionKey, UnixMillis};
use ports::ledger::rules::{LATEST_KEPT, Settling};
use ports::ledger::{Attempt, Holder};
use rusqlite::{Transaction, params};

use super::columns::{answer, count, parsed, sql};
use super::key_index::Entries;

const FORGET: &str = "
    DELETE FROM attempts WHERE entry = ?1
        AND number > (SELECT min(number) FROM attempts WHERE entry = ?1)
        AND number < (SELECT number FROM attempts WHERE entry = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)";

/// Remembers a settlement as an attempt, and forgets those between the first and the latest.
pub(super) fn remember(
    tx: &Transaction<'_>,
    entry: i64,
    number: u32,
    settling: &Settling<'_>,
    answer: Option<&str>,
    holder: &Holder,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO attempts (entry, number, at, owner, outcome, reason, events, answer)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        entry,
        number,
        holder.now.0,
        holder.owner,
        settling.outcome.as_str(),
        settling.reason,
        sql(settling.new_events),
        answer
    ])?;
    if number > LATEST_KEPT {
        tx.prepare_cached(FORGET)?.execute(params![entry, LATEST_KEPT - 1])?;
    }
    Ok(())
}

/// See [`LedgerAdmin::attempts`](ports::LedgerAdmin::attempts).
pub(super) fn of_entry(entries: &Entries<'_>, key: &ConversionKey) -> rusqlite::Result<Vec<Attempt>> {
    let Some(entry) = entries.find(key)? else { return Ok(Vec::new()) };
    entries
        .tx
        .prepare_cached(
            "SELECT number, at, owner, outcome, reason, events, answer FROM attempts
             WHERE entry = ? ORDER BY number",
        )?
        .query_map([entry], |row| {
            Ok(Attempt {
                number: row.get(0)?,
                at: UnixMillis(row.get(1)?),
                owner: row.get(2)?,
                outcome: parsed(row, 3)?,
                reason: row.get(4)?,
                events: count(row, 5)?,
                answer: answer(row, 6)?,
            })
        })?
        .collect()
}
