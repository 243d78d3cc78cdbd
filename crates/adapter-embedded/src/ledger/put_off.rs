//! What a wrong clock put off, made due now.

use domain::UnixMillis;
use ports::clock::APART;
use ports::ledger::LongestWaits;
use ports::ledger::rules::PutOff;
use rusqlite::{Row, Transaction, params};

use super::columns::{is_damage, parsed, text};

/// Entries that one step looks at.
const STEP: i64 = 1_000;

/// A wrong clock marked them as ready.
const NOT_READY: &str = "
    UPDATE report_conversions SET ready = 0
    WHERE id IN (SELECT id FROM report_conversions WHERE ready = 1 AND wakes_at > ? LIMIT ?)";

/// What waits, from after a place on.
const LOOK: &str = "
    SELECT id, wakes_at, state, reason, due_at, updated_at FROM report_conversions
    WHERE ready = 0 AND due_at IS NOT NULL AND (wakes_at, id) > (?, ?) ORDER BY wakes_at, id LIMIT ?";

/// If its holder has not settled or renewed it meanwhile.
const RELEASE: &str = "
    UPDATE report_conversions SET due_at = ?1 WHERE id = ?2 AND due_at = ?3 AND updated_at = ?4";

/// Where a step begins: the time of waking and the id of the entry before.
pub(super) type Place = (i64, i64);

/// An entry to release.
#[derive(Debug)]
pub(super) struct Found {
    id: i64,
    due_at: i64,
    updated_at: i64,
}

/// What one step found, and where the next one begins.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) found: Vec<Found>,
    pub(super) next: Option<Place>,
}

/// Where the first step begins. What wakes earlier is near enough.
pub(super) fn begin(now: UnixMillis) -> Place {
    (now.plus(APART).0, i64::MAX)
}

/// Whether some are marked as ready whose time is far off.
pub(super) fn any_marked(tx: &Transaction<'_>, now: UnixMillis) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM report_conversions WHERE ready = 1 AND wakes_at > ?)")?
        .query_row([now.plus(APART).0], |r| r.get(0))
}

/// Has some of these wait again, so that the steps meet them; whether there may be more.
pub(super) fn unmark(tx: &Transaction<'_>, now: UnixMillis) -> rusqlite::Result<bool> {
    let changed = tx.prepare_cached(NOT_READY)?.execute(params![now.plus(APART).0, STEP])?;
    Ok(changed > 0)
}

/// One step of looking.
pub(super) fn look(
    tx: &Transaction<'_>,
    (wakes_at, id): Place,
    longest: &LongestWaits,
    now: UnixMillis,
) -> rusqlite::Result<Step> {
    let mut statement = tx.prepare_cached(LOOK)?;
    let mut rows = statement.query(params![wakes_at, id, STEP])?;
    let (mut step, mut looked_at) = (Step::default(), 0);
    while let Some(row) = rows.next()? {
        looked_at += 1;
        step.next = Some((row.get(1)?, row.get(0)?));
        match is_put_off(row, longest, now) {
            Ok(true) => {
                step.found.push(Found { id: row.get(0)?, due_at: row.get(4)?, updated_at: row.get(5)? });
            }
            Ok(false) => {}
            // It is named where it is claimed.
            Err(error) if is_damage(&error) => {}
            Err(error) => return Err(error),
        }
    }
    step.next = step.next.filter(|_| looked_at == STEP);
    Ok(step)
}

fn is_put_off(row: &Row<'_>, longest: &LongestWaits, now: UnixMillis) -> rusqlite::Result<bool> {
    let entry = PutOff {
        outcome: parsed(row, 2)?,
        reason: text(row, 3)?,
        due_at: UnixMillis(row.get(4)?),
        changed_at: UnixMillis(row.get(5)?),
    };
    Ok(entry.by_a_wrong_clock(longest, now))
}

/// Makes these due now; how many still were as they were found. They stay in their state, so the version stays.
pub(super) fn release(tx: &Transaction<'_>, found: &[Found], now: UnixMillis) -> rusqlite::Result<u64> {
    let mut update = tx.prepare_cached(RELEASE)?;
    let mut released = 0;
    for one in found {
        released += update.execute(params![now.0, one.id, one.due_at, one.updated_at])? as u64;
    }
    Ok(released)
}
