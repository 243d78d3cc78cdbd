//! Leases that are prolonged, and marks that precede a request.

use domain::UnixMillis;
use ports::ledger::{Holder, Lease, MaybeReceived, Settled};
use rusqlite::{Row, Transaction, params};

use super::key_index::Entries;

const EXTEND: &str = "
    UPDATE report_conversions SET due_at = ?, ready = 0 WHERE id = ? AND attempt = ? AND state = 'in_flight'";

/// See [`ReportLedger::extend`](ports::ReportLedger::extend). A longer lease changes nothing that is exported, so the version
/// stays.
pub(super) fn extend(
    entries: &Entries<'_>,
    leases: &[Lease],
    until: UnixMillis,
) -> rusqlite::Result<Vec<Settled>> {
    leases.iter().map(|lease| extend_one(entries, lease, until).map(|(settled, _)| settled)).collect()
}

/// See [`ReportLedger::begin_sending`](ports::ReportLedger::begin_sending).
pub(super) fn begin(
    entries: &Entries<'_>,
    leases: &[Lease],
    holder: &Holder,
) -> rusqlite::Result<Vec<Settled>> {
    let mut mark =
        entries.tx.prepare_cached("INSERT OR IGNORE INTO maybe_received (entry, since) VALUES (?, ?)")?;
    let mut begin = |lease: &Lease| {
        let (settled, entry) = extend_one(entries, lease, holder.until)?;
        if settled == Settled::Done {
            mark.execute(params![entry, holder.now.0])?;
        }
        Ok(settled)
    };
    leases.iter().map(&mut begin).collect()
}

fn extend_one(
    entries: &Entries<'_>,
    lease: &Lease,
    until: UnixMillis,
) -> rusqlite::Result<(Settled, Option<i64>)> {
    let entry = entries.find(&lease.key)?;
    let changed = entries.tx.prepare_cached(EXTEND)?.execute(params![until.0, entry, lease.attempt])?;
    Ok((if changed == 1 { Settled::Done } else { Settled::Late }, entry))
}

/// Writes what a settlement says of events that the platform may have.
pub(super) fn settle(
    tx: &Transaction<'_>,
    entry: i64,
    maybe_received: Option<MaybeReceived>,
) -> rusqlite::Result<()> {
    match maybe_received {
        None => forget(tx, entry),
        Some(MaybeReceived { since, short_answers }) => tx
            .prepare_cached(
                "INSERT OR REPLACE INTO maybe_received (entry, since, short_answers) VALUES (?, ?, ?)",
            )?
            .execute(params![entry, since.0, short_answers])
            .map(drop),
    }
}

/// Forgets that the platform may have events of an entry.
pub(super) fn forget(tx: &Transaction<'_>, entry: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM maybe_received WHERE entry = ?")?.execute([entry]).map(drop)
}

/// The mark, from two columns.
pub(super) fn mark(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<MaybeReceived>> {
    let Some(since) = row.get::<_, Option<i64>>(first)? else { return Ok(None) };
    Ok(Some(MaybeReceived { since: UnixMillis(since), short_answers: row.get(first + 1)? }))
}
