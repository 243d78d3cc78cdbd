//! The money of open entries.

use domain::UnixMillis;
use domain::restate::Figures;
use ports::ledger::{OpenEntries, Waiting, WaitingSums};
use rusqlite::{Row, Transaction};

use super::columns::{figures, is_damage, parsed};

/// Each part goes through an index of what is open, and no entry is in two of them.
const OPEN: &str = "
    WITH open AS (
        SELECT id FROM report_conversions WHERE ready = 0 AND due_at IS NOT NULL
        UNION SELECT id FROM report_conversions WHERE ready = 1
        UNION SELECT id FROM report_conversions WHERE state = 'parked'
    )
    SELECT e.pixel, e.state, e.reason, e.observed_count, e.observed_revenue, e.reported_count, e.reported_revenue, e.deadline,
        e.created_at
    FROM open CROSS JOIN report_conversions e ON e.id = open.id WHERE e.pixel IS NOT NULL";

/// See [`LedgerAdmin::waiting`](ports::LedgerAdmin::waiting).
pub(super) fn waiting(tx: &Transaction<'_>, until: UnixMillis) -> rusqlite::Result<Vec<Waiting>> {
    let mut sums = WaitingSums::default();
    let mut statement = tx.prepare_cached(OPEN)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match open(row, until) {
            Ok(entry) => sums.add(entry),
            // It is named where it is claimed.
            Err(error) if is_damage(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sums.into_vec())
}

fn open(row: &Row<'_>, until: UnixMillis) -> rusqlite::Result<OpenEntries> {
    let (observed, reported): (Figures, Figures) = (figures(row, 3)?, figures(row, 5)?);
    let deadline = row.get::<_, Option<i64>>(7)?.map(UnixMillis);
    Ok(OpenEntries {
        pixel: parsed(row, 0)?,
        outcome: parsed(row, 1)?,
        reason: row.get(2)?,
        conversions: 1,
        observed: observed.revenue,
        reported: reported.revenue,
        is_expiring: deadline.is_some_and(|deadline| deadline < until),
        nearest_deadline: deadline,
        oldest: UnixMillis(row.get(8)?),
    })
}
