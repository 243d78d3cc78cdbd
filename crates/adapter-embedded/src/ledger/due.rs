//! What has to be done now, the nearest deadline first.

use domain::{PixelCode, UnixMillis};
use ports::ledger::{Due, Holder, Lease};
use rusqlite::types::FromSqlError;
use rusqlite::{Row, Transaction, named_params, params};

use super::words::{damaged, key, parsed, pixel};

/// The index of what is open holds all that this needs. A lease that runs is respected even past the deadline.
const DUE: &str = "due_at IS NOT NULL AND (due_at <= :now OR (state <> 'in_flight' AND deadline <= :now))";

const CLAIM: &str = "
    UPDATE report_conversions SET state = 'in_flight', reason = '', owner = ?, attempt = attempt + 1, due_at = ?,
        version = version + 1, updated_at = ?
    WHERE id = ?
    RETURNING key, attempt, raw, network, pixel, deadline, accepted, failures";

/// Whether anything is due.
pub(super) fn any(tx: &Transaction<'_>, now: UnixMillis) -> rusqlite::Result<bool> {
    tx.prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM report_conversions WHERE {DUE})"))?
        .query_row(named_params! { ":now": now.0 }, |r| r.get(0))
}

/// See [`ReportLedger::claim_due`](ports::ReportLedger::claim_due).
pub(super) fn claim_due(tx: &Transaction<'_>, limit: usize, holder: &Holder) -> rusqlite::Result<Vec<Due>> {
    let ids = tx
        .prepare_cached(&format!(
            "SELECT id FROM report_conversions WHERE {DUE} ORDER BY deadline, due_at LIMIT :limit"
        ))?
        .query_map(
            named_params! { ":now": holder.now.0, ":limit": i64::try_from(limit).unwrap_or(i64::MAX) },
            |r| r.get::<_, i64>(0),
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut update = tx.prepare_cached(CLAIM)?;
    ids.into_iter()
        .map(|id| update.query_row(params![holder.owner, holder.until.0, holder.now.0, id], due))
        .collect()
}

fn due(row: &Row<'_>) -> rusqlite::Result<Due> {
    Ok(Due {
        lease: Lease { key: key(row, 0)?, attempt: row.get(1)? },
        raw: row.get(2)?,
        network: row.get(3)?,
        pixel: pixel(row, 4)?.ok_or_else(|| damaged(4, FromSqlError::InvalidType))?,
        deadline: UnixMillis(row.get(5)?),
        accepted: parsed(row, 6)?,
        failures: row.get(7)?,
    })
}

/// See [`ReportLedger::release_parked`](ports::ReportLedger::release_parked). The entries stay parked, so the version stays.
pub(super) fn release_parked(
    tx: &Transaction<'_>,
    pixel: &PixelCode,
    now: UnixMillis,
) -> rusqlite::Result<u64> {
    let released = tx
        .prepare_cached(
            "UPDATE report_conversions SET due_at = min(due_at, ?) WHERE state = 'parked' AND pixel = ?",
        )?
        .execute(params![now.0, pixel.as_str()])?;
    Ok(u64::try_from(released).unwrap_or(u64::MAX))
}
