//! Session and keyword leave the table: a mutation, which writes those two columns again where they are not empty. The server removes
//! the former parts by itself, eight minutes later (`old_parts_lifetime`,
//! <https://clickhouse.com/docs/operations/settings/merge-tree-settings>, read 29 November 2026).

use std::time::Duration;

use clickhouse::Row;
use domain::{ConversionKey, UnixMillis};
use ports::Result;
use serde::Deserialize;

use crate::ClickHouse;
use crate::connection::STATEMENT_TIME;

/// Longest time for one partition.
const FORGET_TIME: Duration = Duration::from_secs(2 * 3600);

/// Keys that one statement names.
pub(super) const KEYS: usize = 1_000;

const PERSONAL: &str = "(session_id != '' OR keyword_clicked != '')";

/// States of a partition that still have what is personal.
#[derive(Debug, Row, Deserialize)]
struct Personal {
    partition: String,
    states: u64,
}

/// See [`AnalyticsStore::forget_until`](ports::AnalyticsStore::forget_until).
pub(super) async fn until(server: &ClickHouse, until: UnixMillis) -> Result<u64> {
    let condition = format!("created_at <= fromUnixTimestamp64Milli(toInt64({}))", until.0.max(0));
    forget(server, "analytics.forget_until", &condition).await
}

/// See [`AnalyticsStore::forget`](ports::AnalyticsStore::forget).
pub(super) async fn keys(server: &ClickHouse, keys: &[ConversionKey]) -> Result<u64> {
    // Hexadecimal digits need no care.
    let keys: Vec<_> = keys.iter().map(|key| format!("'{key}'")).collect();
    forget(server, "analytics.forget", &format!("key IN ({})", keys.join(","))).await
}

/// Erases session and keyword where a condition holds: only in partitions that have any, so that a repetition costs a look.
async fn forget(server: &ClickHouse, operation: &'static str, condition: &str) -> Result<u64> {
    let select = format!(
        "SELECT _partition_id AS partition, count() AS states FROM report_conversions
         WHERE {condition} AND {PERSONAL} GROUP BY partition ORDER BY partition"
    );
    let select = server.client().query_raw(&select).fetch_all::<Personal>();
    let found = server.within(operation, STATEMENT_TIME, select).await?;
    for Personal { partition, .. } in &found {
        let update = format!(
            "ALTER TABLE report_conversions UPDATE session_id = '', keyword_clicked = '' IN PARTITION ID '{partition}'
             WHERE {condition} AND {PERSONAL}"
        );
        let update = server
            .client()
            .query_raw(&update)
            // The answer must mean that it is done, on all copies.
            .with_setting("mutations_sync", "2")
            .with_setting("max_execution_time", "0")
            .execute();
        server.within(operation, FORGET_TIME, update).await?;
    }
    Ok(found.iter().map(|one| one.states).sum())
}
