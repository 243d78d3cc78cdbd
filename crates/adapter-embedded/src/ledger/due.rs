//! Due work, the nearest deadline first.
//!
//! What waits lies in an index by time. Once its time has come it is marked as ready, a bounded number at a time, and then
//! lies in another by pixel and deadline. So the cost of a call depends on what it hands out and on the number of pixels,
//! never on how much waits or how much is due.

use std::collections::HashSet;

use domain::{OddAmount, Outcome, PixelRef, UnixMillis};
use ports::ledger::{Due, DueLimits, Holder, Lease, WaitReason};
use rusqlite::types::FromSqlError;
use rusqlite::{Row, Transaction, named_params, params};

use super::columns::{Changed, damaged, is_damage, key, parsed, pixel, portion, text};
use super::key_index::Entries;
use super::{damage, mutations, sending};

/// Entries that one call marks as ready at least: deadlines are compared among those that are.
const READY_AT_ONCE: usize = 1_000;

const WAITING: &str = "ready = 0 AND due_at IS NOT NULL AND wakes_at <= ?";

/// Jumps from pixel to pixel in the index of what is ready.
const PIXELS: &str = "
    WITH RECURSIVE pixels (pixel) AS (
        SELECT min(pixel) FROM report_conversions WHERE ready = 1
        UNION ALL
        SELECT (SELECT min(pixel) FROM report_conversions AS next WHERE next.ready = 1 AND next.pixel > pixels.pixel)
        FROM pixels WHERE pixel IS NOT NULL)
    SELECT pixel FROM pixels WHERE pixel IS NOT NULL";

/// The clock may have been set back since an entry was marked.
const LATE: &str = "
    SELECT deadline, id FROM report_conversions
    WHERE ready = 1 AND pixel = :pixel AND deadline <= :now AND wakes_at <= :now ORDER BY deadline LIMIT :limit";

const IN_TIME: &str = "
    SELECT deadline, id FROM report_conversions
    WHERE ready = 1 AND pixel = :pixel AND deadline > :now AND wakes_at <= :now ORDER BY deadline LIMIT :limit";

/// An amount that waits is remembered: a wrong clock may have made it due.
const CLAIM: &str = "
    UPDATE report_conversions SET state = 'in_flight',
        reason = CASE WHEN reason IN ('zero_revenue', 'implausible_revenue') THEN reason ELSE '' END,
        owner = ?, attempt = attempt + 1, due_at = ?, ready = 0, version = version + 1, updated_at = ?
    WHERE id = ?
    RETURNING key, attempt, (SELECT raw FROM raw_rows WHERE raw_rows.id = report_conversions.id), network, pixel,
        deadline, accepted, failures, part_first, part_purchases, part_worth,
        (SELECT since FROM maybe_received WHERE entry = report_conversions.id),
        (SELECT short_answers FROM maybe_received WHERE entry = report_conversions.id),
        (SELECT checksum FROM raw_rows WHERE raw_rows.id = report_conversions.id), reason";

/// Whether a claim would find anything to do.
pub(super) fn any(tx: &Transaction<'_>, limits: &DueLimits, now: UnixMillis) -> rusqlite::Result<bool> {
    let now = mutations::time_of_claim(now);
    let waiting = format!("SELECT EXISTS (SELECT 1 FROM report_conversions WHERE {WAITING})");
    let woken: bool = tx.prepare_cached(&waiting)?.query_row([now.0], |r| r.get(0))?;
    let few = DueLimits { except: limits.except.clone(), ..DueLimits::of(1) };
    Ok(woken || !choose(tx, &few, now)?.is_empty())
}

/// See [`ReportLedger::claim_due`](ports::ReportLedger::claim_due).
pub(super) fn claim_due(
    entries: &Entries<'_>,
    limits: &DueLimits,
    holder: &Holder,
) -> rusqlite::Result<Vec<Due>> {
    let (tx, now) = (entries.tx, mutations::time_of_claim(holder.now));
    let wake = format!(
        "UPDATE report_conversions SET ready = 1
         WHERE id IN (SELECT id FROM report_conversions WHERE {WAITING} ORDER BY wakes_at LIMIT ?)"
    );
    let at_once = limits.total.saturating_mul(4).max(READY_AT_ONCE);
    tx.prepare_cached(&wake)?.execute(params![now.0, limit(at_once)])?;
    let mut update = tx.prepare_cached(CLAIM)?;
    let (mut claimed, mut text) = (Vec::new(), 0);
    for id in choose(tx, limits, now)? {
        let values = params![holder.owner, holder.until.0, holder.now.0, id];
        match claim_one(entries, id, |_| update.query_row(values, due)) {
            Ok(due) => {
                text += due.raw.len() as u64;
                claimed.push(due);
            }
            Err(error) if is_damage(&error) && !mutations::damage_is_fatal() => {
                damage::set_aside(entries, id, &error, now)?;
            }
            Err(error) => return Err(error),
        }
        if text >= limits.bytes {
            break;
        }
    }
    Ok(claimed)
}

/// Claims one entry, and counts it as in flight.
fn claim_one(
    entries: &Entries<'_>,
    id: i64,
    claim: impl FnOnce(i64) -> rusqlite::Result<Due>,
) -> rusqlite::Result<Due> {
    let before = entries.state(id)?;
    // What follows sets the state, whether or not the rest can be read.
    entries.counts.moved(before, Outcome::InFlight);
    claim(id)
}

/// The entries to claim, the nearest deadline first.
fn choose(tx: &Transaction<'_>, limits: &DueLimits, now: UnixMillis) -> rusqlite::Result<Vec<i64>> {
    let except: HashSet<String> = limits.except.iter().map(PixelRef::to_string).collect();
    let pixels: Vec<String> =
        tx.prepare_cached(PIXELS)?.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
    let (mut late, mut in_time) = (tx.prepare_cached(LATE)?, tx.prepare_cached(IN_TIME)?);
    let mut chosen: Vec<(i64, i64)> = Vec::new();
    for pixel in &pixels {
        let own = if except.contains(pixel.as_str()) { 0 } else { limits.per_pixel.min(limits.total) };
        for (statement, most) in [(&mut late, limits.total), (&mut in_time, own)] {
            if most > 0 {
                let values = named_params! { ":pixel": pixel, ":now": now.0, ":limit": limit(most) };
                let rows = statement.query_map(values, |r| Ok((r.get(0)?, r.get(1)?)))?;
                rows.into_iter().try_for_each(|row| row.map(|row| chosen.push(row)))?;
            }
        }
    }
    chosen.sort_unstable();
    chosen.truncate(limits.total);
    Ok(chosen.into_iter().map(|(_, id)| id).collect())
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

fn due(row: &Row<'_>) -> rusqlite::Result<Due> {
    let raw: String = row.get(2)?;
    if row.get::<_, Option<u32>>(13)?.is_some_and(|stored| mutations::is_changed(stored, &raw)) {
        return Err(damaged(2, Changed));
    }
    Ok(Due {
        lease: Lease { key: key(row, 0)?, attempt: row.get(1)? },
        raw,
        network: row.get(3)?,
        pixel: pixel(row, 4)?.ok_or_else(|| damaged(4, FromSqlError::InvalidType))?,
        deadline: UnixMillis(row.get(5)?),
        odd: OddAmount::of_word(text(row, 14)?),
        portion: portion(row, 8)?,
        accepted: parsed(row, 6)?,
        maybe_received: sending::mark(row, 11)?,
        failures: row.get(7)?,
    })
}

/// See [`ReportLedger::release_parked`](ports::ReportLedger::release_parked). The entries stay parked, so the version stays.
pub(super) fn release_parked(
    tx: &Transaction<'_>,
    pixel: &PixelRef,
    now: UnixMillis,
) -> rusqlite::Result<u64> {
    let [first, second, third, fourth] = &WaitReason::WITHOUT_CREDENTIAL.map(|reason| reason.to_string());
    let released = tx
        .prepare_cached(
            "UPDATE report_conversions SET due_at = min(due_at, ?), ready = 1
             WHERE state = 'parked' AND pixel = ? AND reason NOT IN (?, ?, ?, ?)",
        )?
        .execute(params![now.0, pixel.to_string(), first, second, third, fourth])?;
    Ok(u64::try_from(released).unwrap_or(u64::MAX))
}

/// See [`ReportLedger::reopened`](ports::ReportLedger::reopened).
pub(super) fn reopened(
    tx: &Transaction<'_>,
    pixels: &[PixelRef],
    now: UnixMillis,
) -> rusqlite::Result<Vec<PixelRef>> {
    let mut any = tx.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM report_conversions
             WHERE ready = 1 AND pixel = ? AND wakes_at <= ? AND state = 'retry' AND reason = ?)",
    )?;
    let mut found = Vec::new();
    for pixel in pixels {
        let values = params![pixel.to_string(), now.0, WaitReason::Reopened.as_str()];
        if any.query_row(values, |row| row.get(0))? {
            found.push(pixel.clone());
        }
    }
    Ok(found)
}
