//! What optimising means here: dropping the states that later ones have superseded.

use domain::UnixMillis;
use ports::analytics::Partition;
use rusqlite::{OptionalExtension, Row, Transaction};

use super::TABLE;

/// A partition is in as many pieces as its most often stored conversion has states. Its bytes are those of what it holds;
/// SQLite does not say how it spreads them over pages that tables share.
const SHAPES: &str = "
    SELECT partition, max(states), sum(states), sum(bytes), max(changed) FROM (
        SELECT partition, count(*) AS states, max(updated_at) AS changed, sum(length(key) + length(outcome)
            + length(reason) + length(reasons) + length(network) + length(object) + coalesce(length(pixel), 0) + coalesce(length(platform), 0)
            + coalesce(length(campaign_id), 0) + coalesce(length(country), 0) + coalesce(length(session_id), 0)
            + coalesce(length(keyword_clicked), 0) + length(observed_revenue) + length(reported_revenue) + 64) AS bytes
        FROM report_conversions GROUP BY partition, key)
    GROUP BY partition ORDER BY partition";

const DROP_SUPERSEDED: &str = "
    DELETE FROM report_conversions AS this
    WHERE partition = ? AND EXISTS
        (SELECT 1 FROM report_conversions AS later WHERE later.key = this.key AND later.version > this.version)";

/// How large a partition is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) parts: u64,
    pub(super) bytes: u64,
}

/// All partitions, by name.
pub(super) fn partitions(tx: &Transaction<'_>) -> rusqlite::Result<Vec<Partition>> {
    tx.prepare_cached(SHAPES)?.query_map([], partition)?.collect()
}

fn partition(row: &Row<'_>) -> rusqlite::Result<Partition> {
    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Partition {
        table: TABLE.to_owned(),
        name: row.get(0)?,
        parts: number(1)?,
        rows: number(2)?,
        bytes: number(3)?,
        changed_at: UnixMillis(row.get(4)?),
    })
}

/// Drops what is superseded; sizes before and after.
pub(super) fn optimise(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<(Size, Size)> {
    let before = size(tx, name)?;
    tx.prepare_cached(DROP_SUPERSEDED)?.execute([name])?;
    Ok((before, size(tx, name)?))
}

fn size(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<Size> {
    let select = SHAPES.replace("GROUP BY partition, key", "WHERE partition = ? GROUP BY key");
    let found = tx.prepare_cached(&select)?.query_row([name], partition).optional()?;
    Ok(found.map_or_else(Size::default, |p| Size { parts: p.parts, bytes: p.bytes }))
}
