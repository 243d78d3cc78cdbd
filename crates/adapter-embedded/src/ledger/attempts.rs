//! What was tried for an entry, and other chances that an operator gives it.

use domain::{ConversionKey, Outcome, UnixMillis};
use ports::ledger::{Attempt, Holder, Reopening, Settled, WaitReason};
use rusqlite::{Transaction, params};

use super::entries::Entries;
use super::record::answer;
use super::settle::End;
use super::words::{count, parsed, sql};

/// The latest attempts that are kept beside the first: an entry that waits for days makes hundreds.
const LATEST_KEPT: u32 = 15;

const FORGET: &str = "
    DELETE FROM attempts WHERE entry = ?1
        AND number > (SELECT min(number) FROM attempts WHERE entry = ?1)
        AND number < (SELECT number FROM attempts WHERE entry = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)";

/// Remembers a settlement as an attempt.
pub(super) fn remember(
    tx: &Transaction<'_>,
    entry: i64,
    number: u32,
    events: u64,
    end: &End<'_>,
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
        end.outcome.as_str(),
        end.reason,
        sql(events),
        end.answer
    ])?;
    if number > LATEST_KEPT {
        tx.prepare_cached(FORGET)?.execute(params![entry, LATEST_KEPT - 1])?;
    }
    Ok(())
}

/// See [`ReportLedger::attempts`](ports::ReportLedger::attempts).
pub(super) fn of(entries: &Entries<'_>, key: &ConversionKey) -> rusqlite::Result<Vec<Attempt>> {
    let Some(entry) = entries.of(key)? else { return Ok(Vec::new()) };
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

/// See [`ReportLedger::reopen`](ports::ReportLedger::reopen).
pub(super) fn reopen(
    entries: &Entries<'_>,
    reopenings: &[Reopening],
    now: UnixMillis,
) -> rusqlite::Result<Vec<Settled>> {
    let mut update = entries.tx.prepare_cached(
        "UPDATE report_conversions SET state = 'retry', reason = ?, reasons = '', pixel = ?, deadline = ?,
             due_at = ?5, ready = 1, failures = 0, version = version + 1, updated_at = ?5
         WHERE id = ?6 AND version = ?4 AND state NOT IN ('reported', 'in_flight')",
    )?;
    let reason = WaitReason::Reopened;
    let reason = reason.as_str();
    let mut one = |r: &Reopening| {
        let Some(entry) = entries.of(&r.key)? else { return Ok(Settled::Late) };
        let (version, before) = (sql(r.version), entries.state(entry)?);
        let changed =
            update.execute(params![reason, r.pixel.as_str(), r.deadline.0, version, now.0, entry])?;
        if changed == 1 {
            entries.counts.moved(before, Outcome::Retry);
        }
        Ok(if changed == 1 { Settled::Done } else { Settled::Late })
    };
    reopenings.iter().map(&mut one).collect()
}
