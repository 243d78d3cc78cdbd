//! Entries as people and the export see them.

use domain::{ConversionKey, PixelRef, UnixMillis, UnixSeconds};
use ports::ledger::{Record, Selection, Source, erased_text};
use rusqlite::{Row, Transaction, params};

use super::columns::{answer, count, erased, figures, is_damage, key, parsed, pixel, sql};
use super::key_index::Entries;

const SELECT: &str = "
    SELECT e.key, e.version, e.state, e.reason, e.reasons, o.name, e.row, w.raw, e.session_id, e.keyword_clicked,
        e.click_timestamp, e.pixel, e.network, e.observed_count, e.observed_revenue, e.reported_count,
        e.reported_revenue, e.events, e.attempt, e.due_at, e.deadline, e.answer, e.created_at, e.updated_at, e.id,
        e.campaign_id, e.erased_at, e.erased_by,
        (SELECT max(a.at) FROM attempts a WHERE a.entry = e.id AND a.events > 0)";

const ENTRIES: &str = "FROM report_conversions e";

/// Sessions are random too and have their index by generation (see `key_index`). People ask for one at a time, so each is looked at.
const OF_SESSION: &str = "
    FROM (WITH RECURSIVE g (number) AS
            (SELECT 0 UNION ALL SELECT number + 1 FROM g WHERE number < (SELECT max(id) >> 13 FROM report_conversions))
        SELECT number FROM g) g
    CROSS JOIN report_conversions e ON e.id >> 13 = g.number AND e.session_id = ?1";

/// See [`LedgerAdmin::find`](ports::LedgerAdmin::find).
pub(super) fn find(
    entries: &Entries<'_>,
    session: &str,
    keyword: Option<&str>,
) -> rusqlite::Result<Vec<Record>> {
    let condition = "WHERE (?2 IS NULL OR e.keyword_clicked = ?2) ORDER BY e.id";
    // Asked for one conversion, it says when that cannot be read.
    let mut found: Vec<Record> = entries
        .tx
        .prepare_cached(&query(OF_SESSION, condition))?
        .query_map(params![session, keyword], record)?
        .collect::<rusqlite::Result<_>>()?;
    // When session and keyword are erased, the key is left.
    let key = ConversionKey::new(session, keyword);
    if !found.iter().any(|record| record.key == key)
        && let Some(id) = entries.find(&key)?
    {
        let by_id = query(ENTRIES, "WHERE e.id = ?");
        found.push(entries.tx.prepare_cached(&by_id)?.query_row([id], record)?);
    }
    Ok(found)
}

/// See [`LedgerExport::export_batch`](ports::LedgerExport::export_batch). The ids of entries that cannot be read come beside.
pub(super) fn unexported(
    tx: &Transaction<'_>,
    entries: usize,
    bytes: u64,
) -> rusqlite::Result<(Vec<Record>, Vec<i64>)> {
    let limit = i64::try_from(entries).unwrap_or(i64::MAX);
    let condition = "WHERE e.exported < e.version ORDER BY e.updated_at LIMIT ?";
    let mut statement = tx.prepare_cached(&query(ENTRIES, condition))?;
    let (mut records, mut unreadable, mut text) = (Vec::new(), Vec::new(), 0);
    let mut rows = statement.query(params![limit])?;
    while let Some(row) = rows.next()? {
        match record(row) {
            Ok(found) => {
                text += found.raw.len() as u64;
                records.push(found);
            }
            Err(error) if is_damage(&error) => unreadable.push(row.get("id")?),
            Err(error) => return Err(error),
        }
        if text >= bytes {
            break;
        }
    }
    Ok((records, unreadable))
}

/// Exports nothing of entries that cannot be read: they would be met again and again.
pub(super) fn leave_out(tx: &Transaction<'_>, unreadable: &[i64]) -> rusqlite::Result<()> {
    let mut update = tx.prepare_cached("UPDATE report_conversions SET exported = version WHERE id = ?")?;
    for id in unreadable {
        update.execute([id])?;
        tracing::error!(id, "an entry of the ledger cannot be read, and is left out of the analytics");
    }
    Ok(())
}

/// See [`LedgerExport::mark_exported`](ports::LedgerExport::mark_exported).
pub(super) fn mark_exported(
    entries: &Entries<'_>,
    versions: &[(ConversionKey, u64)],
) -> rusqlite::Result<()> {
    let mut update = entries
        .tx
        .prepare_cached("UPDATE report_conversions SET exported = ?1 WHERE id = ?2 AND exported < ?1")?;
    for (key, version) in versions {
        update.execute(params![sql(*version), entries.find(key)?])?;
    }
    Ok(())
}

/// See [`LedgerAdmin::select`](ports::LedgerAdmin::select).
pub(super) fn selected(
    entries: &Entries<'_>,
    selection: &Selection,
    after: Option<&ConversionKey>,
    limit: usize,
) -> rusqlite::Result<Vec<Record>> {
    let condition = "WHERE e.state = ?1 AND e.id > ?2 AND (?3 IS NULL OR e.reason = ?3)
        AND (?4 IS NULL OR e.pixel = ?4) AND (?5 IS NULL OR e.updated_at >= ?5) ORDER BY e.id";
    let after = match after {
        None => 0,
        Some(key) => entries.find(key)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?,
    };
    let values = params![
        selection.outcome.as_str(),
        after,
        selection.reason,
        selection.pixel.as_ref().map(PixelRef::to_string),
        selection.since.map(|t| t.0),
    ];
    let mut statement = entries.tx.prepare_cached(&query(ENTRIES, condition))?;
    let found = statement.query_map(values, record)?;
    let is_readable = |found: &rusqlite::Result<Record>| match found {
        Err(error) if is_damage(error) => {
            tracing::error!(%error, "an entry of the ledger cannot be read, and is not shown");
            false
        }
        _ => true,
    };
    // What cannot be read takes no place of a page.
    found.filter(is_readable).take(limit).collect()
}

fn query(entries: &str, condition: &str) -> String {
    let joined = "JOIN objects o ON o.id = e.object LEFT JOIN raw_rows w ON w.id = e.id";
    format!("{SELECT} {entries} {joined} {condition}")
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let erased = erased(row, 26)?;
    let raw = match erased {
        None => row.get(7)?,
        Some(_) => erased_text(row.get::<_, Option<String>>(25)?.as_deref()),
    };
    Ok(Record {
        key: key(row, 0)?,
        version: count(row, 1)?,
        outcome: parsed(row, 2)?,
        reason: row.get(3)?,
        reasons: row.get(4)?,
        source: Source { object: row.get(5)?, row: count(row, 6)? },
        raw,
        session_id: row.get(8)?,
        keyword_clicked: row.get(9)?,
        click_time: row.get::<_, Option<i64>>(10)?.map(UnixSeconds),
        pixel: pixel(row, 11)?,
        network: row.get(12)?,
        observed: figures(row, 13)?,
        reported: figures(row, 15)?,
        events: count(row, 17)?,
        attempts: row.get(18)?,
        due_at: row.get::<_, Option<i64>>(19)?.map(UnixMillis),
        deadline: row.get::<_, Option<i64>>(20)?.map(UnixMillis),
        answer: answer(row, 21)?,
        created_at: UnixMillis(row.get(22)?),
        updated_at: UnixMillis(row.get(23)?),
        reported_at: row.get::<_, Option<i64>>(28)?.map(UnixMillis),
        erased,
    })
}
