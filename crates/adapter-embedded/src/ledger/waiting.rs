//! The money of open entries.

use std::collections::BTreeMap;

use domain::restate::Figures;
use domain::{Money, Outcome, PixelRef, UnixMillis};
use ports::ledger::Waiting;
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
    let mut groups = BTreeMap::new();
    let mut statement = tx.prepare_cached(OPEN)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match add(&mut groups, row, until) {
            // It is named where it is claimed.
            Err(error) if is_damage(&error) => {}
            added => added?,
        }
    }
    Ok(groups.into_values().collect())
}

type Groups = BTreeMap<(PixelRef, String, String), Waiting>;

fn add(groups: &mut Groups, row: &Row<'_>, until: UnixMillis) -> rusqlite::Result<()> {
    let (pixel, state): (PixelRef, String) = (parsed(row, 0)?, row.get(1)?);
    let (outcome, reason): (Outcome, String) = (parsed(row, 1)?, row.get(2)?);
    let (observed, reported): (Figures, Figures) = (figures(row, 3)?, figures(row, 5)?);
    let (deadline, made) = (row.get::<_, Option<i64>>(7)?.map(UnixMillis), UnixMillis(row.get(8)?));
    let unreported = (observed.revenue - reported.revenue).max(Money::ZERO);
    let group = groups.entry((pixel.clone(), state, reason.clone())).or_insert_with(|| Waiting {
        pixel,
        outcome,
        reason,
        conversions: 0,
        unreported: Money::ZERO,
        expiring: 0,
        expiring_revenue: Money::ZERO,
        nearest_deadline: None,
        oldest: made,
    });
    group.conversions += 1;
    group.unreported = group.unreported + unreported;
    if deadline.is_some_and(|deadline| deadline < until) {
        group.expiring += 1;
        group.expiring_revenue = group.expiring_revenue + unreported;
    }
    group.nearest_deadline = group.nearest_deadline.into_iter().chain(deadline).min();
    group.oldest = group.oldest.min(made);
    Ok(())
}
