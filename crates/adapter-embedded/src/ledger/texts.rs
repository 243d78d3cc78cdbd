//! What is personal, read without the other columns of its entries, which may be damaged.

use domain::ConversionKey;
use ports::ledger::{PersonalText, TextsOf, WaitReason};
use rusqlite::types::ValueRef;
use rusqlite::{Row, params};

use super::columns::{key, parsed};
use super::key_index::Entries;

const SELECT: &str = "
    SELECT e.id, e.key, e.state, o.name, w.raw FROM report_conversions e
    LEFT JOIN objects o ON o.id = e.object LEFT JOIN raw_rows w ON w.id = e.id
    WHERE e.erased_at IS NULL AND e.id > ?1";

const NO_SESSION: &str = "
    AND (e.state = 'invalid' AND e.reason = 'malformed' OR e.state = 'parked' AND e.reason = ?3)";

/// See `records::OF_SESSION`.
const OF_SESSION: &str = "
    SELECT e.id FROM (WITH RECURSIVE g (number) AS
            (SELECT 0 UNION ALL SELECT number + 1 FROM g WHERE number < (SELECT max(id) >> 13 FROM report_conversions))
        SELECT number FROM g) g
    CROSS JOIN report_conversions e ON e.id >> 13 = g.number AND e.session_id = ?";

/// See [`LedgerErasure::texts`](ports::LedgerErasure::texts).
pub(super) fn texts(
    entries: &Entries<'_>,
    of: &TextsOf,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<PersonalText>> {
    let after: i64 = after.and_then(|id| id.parse().ok()).unwrap_or_default();
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let page = |condition: &str| format!("{SELECT} {condition} ORDER BY e.id LIMIT ?2");
    match of {
        TextsOf::Session(session) => of_session(entries, session, after, limit),
        TextsOf::NoSession => entries
            .tx
            .prepare_cached(&page(NO_SESSION))?
            .query_map(params![after, most, WaitReason::Damaged.as_str()], text)?
            .collect(),
        TextsOf::Anyone => {
            entries.tx.prepare_cached(&page(""))?.query_map(params![after, most], text)?.collect()
        }
    }
}

fn of_session(
    entries: &Entries<'_>,
    session: &str,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<PersonalText>> {
    let mut ids: Vec<i64> = entries
        .tx
        .prepare_cached(OF_SESSION)?
        .query_map([session], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    ids.extend(entries.find(&ConversionKey::new(session, None))?);
    ids.sort_unstable();
    ids.dedup();
    let mut one = entries.tx.prepare_cached(&format!("{SELECT} AND e.id = ?2"))?;
    let mut found = Vec::new();
    for id in ids.into_iter().filter(|id| *id > after) {
        let read = one.query_map(params![after, id], text)?;
        read.into_iter().try_for_each(|read| read.map(|read| found.push(read)))?;
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

fn text(row: &Row<'_>) -> rusqlite::Result<PersonalText> {
    Ok(PersonalText {
        id: row.get::<_, i64>(0)?.to_string(),
        key: key(row, 1).ok(),
        outcome: parsed(row, 2).ok(),
        object: any_text(row, 3)?,
        raw: any_text(row, 4)?,
    })
}

/// What a column holds, whatever that is.
fn any_text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Null => String::new(),
    })
}
