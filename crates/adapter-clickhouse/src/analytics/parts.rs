//! The parts that a table is stored in, and merging them.

use std::time::Duration;

use clickhouse::Row;
use clickhouse::sql::Identifier;
use domain::UnixMillis;
use ports::analytics::Partition;
use ports::{Error, ErrorKind, Result};
use serde::Deserialize;

use crate::ClickHouse;
use crate::connection::STATEMENT_TIME;

/// Longest time for merging one partition.
const OPTIMISE_TIME: Duration = Duration::from_secs(2 * 3600);

/// Partitions by month are named `202511` there and `2025-11` here; others keep their names. A partition that is being merged changes
/// right now: a process that was stopped may have left the server at it.
const SELECT: &str = "
    SELECT if(match(partition, '^[0-9]{6}$'), concat(substring(partition, 1, 4), '-', substring(partition, 5)), partition) AS name,
        partition_id AS id, count() AS parts, sum(rows) AS rows, sum(bytes_on_disk) AS bytes,
        toInt64(if(partition_id IN (SELECT partition_id FROM system.merges WHERE database = ? AND table = ?),
            toUnixTimestamp(now()), max(toUnixTimestamp(modification_time)))) AS changed_at
    FROM system.parts
    WHERE active AND database = ? AND table = ?
    GROUP BY partition, partition_id
    ORDER BY name";

#[derive(Debug, Clone, Default, Row, Deserialize)]
pub(super) struct Shape {
    name: String,
    id: String,
    pub(super) parts: u64,
    rows: u64,
    pub(super) bytes: u64,
    changed_at: i64,
}

/// A table and its database; `database.table` names one in another database.
struct Table<'t> {
    database: &'t str,
    name: &'t str,
}

impl<'t> Table<'t> {
    fn of(server: &'t ClickHouse, table: &'t str) -> Self {
        let (database, name) = table.split_once('.').unwrap_or((server.database(), table));
        Self { database, name }
    }
}

/// All partitions of a table.
pub(super) async fn partitions(server: &ClickHouse, table: &str) -> Result<Vec<Partition>> {
    const OPERATION: &str = "analytics.partitions";
    let at = Table::of(server, table);
    let engine = server
        .client()
        .query("SELECT engine FROM system.tables WHERE database = ? AND name = ?")
        .bind(at.database)
        .bind(at.name)
        .fetch_optional::<String>();
    let wrong = |kind, what: &str| {
        let detail = format!("ClickHouse at {}: `{table}` {what}", server.place());
        Err(Error::new(kind, OPERATION).detail(detail))
    };
    match server.within(OPERATION, STATEMENT_TIME, engine).await? {
        None => {
            return wrong(
                ErrorKind::Missing,
                "does not exist there; run `efflux migrate`, or check OPTIMIZE_TABLES",
            );
        }
        Some(engine) if !engine.ends_with("MergeTree") => {
            return wrong(ErrorKind::Invalid, "is not stored in parts; take it out of OPTIMIZE_TABLES");
        }
        Some(_) => {}
    }
    let shapes = shapes(server, OPERATION, &at).await?;
    Ok(shapes.into_iter().map(|shape| shape.partition(table)).collect())
}

/// Merges a partition into one part and waits for that; sizes before and after.
pub(super) async fn optimise(server: &ClickHouse, partition: &Partition) -> Result<(Shape, Shape)> {
    const OPERATION: &str = "analytics.optimise";
    let at = Table::of(server, &partition.table);
    let look = async || {
        let mut shapes = shapes(server, OPERATION, &at).await?;
        shapes.retain(|shape| shape.name == partition.name);
        Ok::<_, Error>(shapes.pop().unwrap_or_default())
    };
    let before = look().await?;
    if before.parts == 0 {
        return Ok((before.clone(), before));
    }
    let merge = server
        .client()
        .query("OPTIMIZE TABLE ?.? PARTITION ID ? FINAL")
        .bind(Identifier(at.database))
        .bind(Identifier(at.name))
        .bind(&before.id)
        // One part that is merged already is skipped; a merge that cannot be made is an error.
        .with_setting("optimize_skip_merged_partitions", "1")
        .with_setting("optimize_throw_if_noop", "1")
        .with_setting("max_execution_time", "0")
        .execute();
    server.within(OPERATION, OPTIMISE_TIME, merge).await?;
    Ok((before, look().await?))
}

async fn shapes(server: &ClickHouse, operation: &'static str, at: &Table<'_>) -> Result<Vec<Shape>> {
    let select = server.client().query(SELECT);
    // Of merges, then of parts.
    let select = select.bind(at.database).bind(at.name).bind(at.database).bind(at.name).fetch_all::<Shape>();
    server.within(operation, STATEMENT_TIME, select).await
}

impl Shape {
    fn partition(self, table: &str) -> Partition {
        Partition {
            table: table.to_owned(),
            name: self.name,
            parts: self.parts,
            rows: self.rows,
            bytes: self.bytes,
            changed_at: UnixMillis(self.changed_at * 1000),
        }
    }
}
