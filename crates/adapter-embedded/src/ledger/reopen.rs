//! Other chances that the operator gives.

use domain::{Outcome, UnixMillis};
use ports::ledger::{Reopening, Settled, WaitReason};
use rusqlite::{Transaction, params};

use super::columns::sql;
use super::key_index::Entries;
use super::sending;

const REOPEN: &str = "
    UPDATE report_conversions SET state = 'retry', reason = ?, reasons = '', pixel = ?, deadline = ?,
        due_at = ?5, ready = 1, failures = 0, version = version + 1, updated_at = ?5
    WHERE id = ?6 AND version = ?4 AND state NOT IN ('reported', 'in_flight') AND erased_at IS NULL";

/// See [`LedgerAdmin::reopen`](ports::LedgerAdmin::reopen).
pub(super) fn reopen(
    entries: &Entries<'_>,
    reopenings: &[Reopening],
    now: UnixMillis,
) -> rusqlite::Result<Vec<Settled>> {
    reopenings.iter().map(|reopening| reopen_entry(entries, reopening, now)).collect()
}

fn reopen_entry(entries: &Entries<'_>, reopening: &Reopening, now: UnixMillis) -> rusqlite::Result<Settled> {
    let Some(entry) = entries.find(&reopening.key)? else { return Ok(Settled::Late) };
    let before = entries.state(entry)?;
    let was_undecided = waits_for_a_decision(entries.tx, entry)?;
    let changed = entries.tx.prepare_cached(REOPEN)?.execute(params![
        WaitReason::Reopened.as_str(),
        reopening.pixel.to_string(),
        reopening.deadline.0,
        sql(reopening.version),
        now.0,
        entry
    ])?;
    if changed == 0 {
        return Ok(Settled::Late);
    }
    entries.counts.moved(before, Outcome::Retry);
    if was_undecided {
        sending::forget(entries.tx, entry)?;
    }
    Ok(Settled::Done)
}

/// Whether a person is to decide if the entry's events are sent again.
fn waits_for_a_decision(tx: &Transaction<'_>, entry: i64) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT state = 'parked' AND reason = ? FROM report_conversions WHERE id = ?")?
        .query_row(params![WaitReason::UnknownOutcome.as_str(), entry], |row| row.get(0))
}
