//! What optimising means here: dropping the states that later ones have superseded.

use ports::analytics::Partition;
use rusqlite::{OptionalExtension, Row, Transaction};

use super::TABLE;

/// A partition is in as many pieces as its most often stored conversion has states.
const SHAPES: &str = "
    SELECT partition, max(states), sum(states)
    FROM (SELECT partition, count(*) AS states FROM report_conversions GROUP BY partition, key)
    GROUP BY partition ORDER BY partition";

const PARTS: &str = "
    SELECT count(*) AS states FROM report_conversions WHERE partition = ? GROUP BY key ORDER BY states DESC LIMIT 1";

const DROP_SUPERSEDED: &str = "
    DELETE FROM report_conversions AS this
    WHERE partition = ? AND EXISTS
        (SELECT 1 FROM report_conversions AS later WHERE later.key = this.key AND later.version > this.version)";

/// All partitions, by name.
pub(super) fn partitions(tx: &Transaction<'_>) -> rusqlite::Result<Vec<Partition>> {
    let partition = |row: &Row<'_>| {
        let number = |column| row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or(0));
        Ok(Partition { table: TABLE.to_owned(), name: row.get(0)?, parts: number(1)?, rows: number(2)? })
    };
    tx.prepare_cached(SHAPES)?.query_map([], partition)?.collect()
}

/// Drops what is superseded; pieces before and after.
pub(super) fn optimise(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<(u64, u64)> {
    let before = parts(tx, name)?;
    tx.prepare_cached(DROP_SUPERSEDED)?.execute([name])?;
    Ok((before, parts(tx, name)?))
}

fn parts(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<u64> {
    let parts: Option<i64> = tx.prepare_cached(PARTS)?.query_row([name], |r| r.get(0)).optional()?;
    Ok(parts.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}
