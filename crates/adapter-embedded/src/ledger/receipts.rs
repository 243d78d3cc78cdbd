//! Receipts of objects: how the rows of each ended.

use std::collections::BTreeMap;

use domain::receipt::{OutcomeCount, PixelCount};
use domain::{Money, Outcome, PixelRef, Receipt, UnixMillis};
use ports::ledger::{LedgerStats, ObjectEnd, ObjectReceipt, WaitReason};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::columns::{count, is_damage, parsed, pixel, sql};
use super::counts::by_state;

/// What is noted about an object itself.
struct Noted {
    id: i64,
    rows_in: u64,
    duplicates: u64,
    refused: Option<String>,
    ended: bool,
    digest: Option<String>,
}

impl Noted {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            rows_in: count(row, 1)?,
            duplicates: count(row, 2)?,
            refused: row.get(3)?,
            ended: row.get::<_, Option<i64>>(4)?.is_some(),
            digest: row.get(5)?,
        })
    }
}

/// Rows by outcome and reason.
type Outcomes = BTreeMap<(Outcome, String), u64>;

/// The number that stands for an object in the tables; made when it is new.
pub(super) fn object_id(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<i64> {
    tx.prepare_cached("INSERT INTO objects (name) VALUES (?) ON CONFLICT (name) DO NOTHING")?
        .execute([name])?;
    tx.prepare_cached("SELECT id FROM objects WHERE name = ?")?.query_row([name], |r| r.get(0))
}

/// See [`ReportLedger::finish_object`](ports::ReportLedger::finish_object).
pub(super) fn finish(
    tx: &Transaction<'_>,
    object: &str,
    end: &ObjectEnd,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    let (rows_in, duplicates, refused, digest) = match end {
        ObjectEnd::Read { rows_in, duplicates, digest } => (*rows_in, *duplicates, None, Some(digest)),
        ObjectEnd::Refused { reason } => (0, 0, Some(reason), None),
    };
    tx.prepare_cached(
        "INSERT INTO objects (name, rows_in, duplicates, refused, at, digest) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET rows_in = excluded.rows_in, duplicates = excluded.duplicates,
             refused = excluded.refused, at = excluded.at, digest = excluded.digest",
    )?
    .execute(params![object, sql(rows_in), sql(duplicates), refused, now.0, digest])
    .map(|_| ())
}

/// See [`ReportLedger::receipt`](ports::ReportLedger::receipt).
pub(super) fn receipt(tx: &Transaction<'_>, object: &str) -> rusqlite::Result<Option<Receipt>> {
    let noted = tx
        .prepare_cached("SELECT id, rows_in, duplicates, refused, at, digest FROM objects WHERE name = ?")?
        .query_row([object], Noted::of)
        .optional()?;
    noted.map(|noted| receipt_of(tx, noted)).transpose()
}

/// See [`LedgerAdmin::receipts`](ports::LedgerAdmin::receipts).
pub(super) fn receipts(tx: &Transaction<'_>, limit: usize) -> rusqlite::Result<Vec<ObjectReceipt>> {
    let latest = tx
        .prepare_cached(
            "SELECT id, rows_in, duplicates, refused, at, digest, name FROM objects WHERE at IS NOT NULL
             ORDER BY at DESC, id DESC LIMIT ?",
        )?
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |r| {
            Ok((Noted::of(r)?, UnixMillis(r.get(4)?), r.get::<_, String>(6)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    latest
        .into_iter()
        .map(|(noted, at, object)| Ok(ObjectReceipt { object, at, receipt: receipt_of(tx, noted)? }))
        .collect()
}

fn receipt_of(tx: &Transaction<'_>, noted: Noted) -> rusqlite::Result<Receipt> {
    let mut outcomes = outcomes(tx, noted.id)?;
    if noted.duplicates > 0 {
        outcomes.insert((Outcome::Duplicate, String::new()), noted.duplicates);
    }
    let mut receipt = Receipt {
        complete: noted.ended && noted.refused.is_none(),
        digest: noted.digest,
        refused: noted.refused,
        rows_in: noted.rows_in,
        outcomes: outcomes
            .into_iter()
            .map(|((outcome, reason), rows)| OutcomeCount { outcome, reason, rows })
            .collect(),
        ..Receipt::default()
    };
    add_sent(tx, noted.id, &mut receipt)?;
    Ok(receipt)
}

fn outcomes(tx: &Transaction<'_>, object: i64) -> rusqlite::Result<Outcomes> {
    let mut select = tx.prepare_cached(
        "SELECT state, reason, count(*) FROM report_conversions WHERE object = ?1 GROUP BY state, reason
         UNION ALL
         SELECT outcome, reason, count(*) FROM superseded WHERE object = ?1 GROUP BY outcome, reason",
    )?;
    let mut rows = select.query([object])?;
    let mut outcomes = Outcomes::new();
    while let Some(row) = rows.next()? {
        let ending = match (|| Ok((parsed(row, 0)?, row.get(1)?)))() {
            Ok(ending) => ending,
            // When it is met by a claim, it is set aside as this.
            Err(error) if is_damage(&error) => (Outcome::Parked, WaitReason::Damaged.to_string()),
            Err(error) => return Err(error),
        };
        *outcomes.entry(ending).or_default() += count(row, 2)?;
    }
    Ok(outcomes)
}

/// What was sent of an entry, and what it earned.
struct Sent {
    pixel: Option<PixelRef>,
    is_reported: bool,
    events: u64,
    revenue: Money,
    stated: Money,
}

impl Sent {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            pixel: pixel(row, 0)?,
            is_reported: row.get(1)?,
            events: count(row, 2)?,
            revenue: parsed(row, 3)?,
            stated: parsed(row, 4)?,
        })
    }
}

/// Adds what was sent and earned. Revenue is added up here, because SQLite has no exact decimals.
fn add_sent(tx: &Transaction<'_>, object: i64, receipt: &mut Receipt) -> rusqlite::Result<()> {
    let mut select = tx.prepare_cached(
        "SELECT pixel, state = 'reported', events, reported_revenue, observed_revenue FROM report_conversions
         WHERE object = ?",
    )?;
    let mut rows = select.query([object])?;
    let mut pixels: BTreeMap<PixelRef, PixelCount> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let sent = match Sent::of(row) {
            Ok(sent) => sent,
            // Its row is counted; what it earned is not known.
            Err(error) if is_damage(&error) => continue,
            Err(error) => return Err(error),
        };
        receipt.add_money(sent.stated, sent.revenue);
        let Some(pixel) = sent.pixel.filter(|_| sent.events > 0 || sent.is_reported) else { continue };
        let none = PixelCount { pixel: pixel.clone(), conversions: 0, events: 0, revenue: Money::ZERO };
        let counted = pixels.entry(pixel).or_insert(none);
        counted.conversions += u64::from(sent.is_reported);
        counted.events += sent.events;
        counted.revenue = counted.revenue + sent.revenue;
    }
    receipt.pixels = pixels.into_values().collect();
    Ok(())
}

/// See [`LedgerAdmin::stats`](ports::LedgerAdmin::stats).
pub(super) fn stats(tx: &Transaction<'_>) -> rusqlite::Result<LedgerStats> {
    let states = by_state(tx)?;
    let (unexported, oldest_unexported) = tx
        .prepare_cached("SELECT count(*), min(updated_at) FROM report_conversions WHERE exported < version")?
        .query_row([], |r| Ok((count(r, 0)?, r.get::<_, Option<i64>>(1)?.map(UnixMillis))))?;
    let damaged = tx
        .prepare_cached("SELECT count(*) FROM report_conversions WHERE state = 'parked' AND reason = ?")?
        .query_row([WaitReason::Damaged.as_str()], |row| count(row, 0))?;
    Ok(LedgerStats { states, unexported, oldest_unexported, damaged })
}
