//! Merges what analytics has stored in pieces.

use std::sync::Arc;

use ports::metric::name;
use ports::{AnalyticsStore, MetricSink, Result};

/// One run over the tables; partitions that are in one piece are left alone.
///
/// # Errors
/// The first trouble with a table, after the others were tried; the next run tries again.
pub async fn optimise(
    analytics: &Arc<dyn AnalyticsStore>,
    tables: &[String],
    metrics: &dyn MetricSink,
) -> Result<u64> {
    let (mut optimised, mut trouble) = (0, None);
    for table in tables {
        match optimise_table(analytics, table, metrics).await {
            Ok(partitions) => optimised += partitions,
            Err(error) => {
                tracing::error!(table, error = ?error, "cannot optimise a table; the next run tries again");
                trouble = Some(error);
            }
        }
    }
    trouble.map_or(Ok(optimised), Err)
}

async fn optimise_table(
    analytics: &Arc<dyn AnalyticsStore>,
    table: &str,
    metrics: &dyn MetricSink,
) -> Result<u64> {
    let mut optimised = 0;
    for partition in analytics.partitions(table).await?.into_iter().filter(|p| p.parts > 1) {
        let done = analytics.optimise(&partition).await?;
        optimised += 1;
        metrics.count(name::OPTIMISED, &[("table", table)], 1);
        tracing::info!(
            table,
            partition = partition.name,
            rows = partition.rows,
            parts_before = done.parts_before,
            parts_after = done.parts_after,
            duration_ms = done.duration.as_millis() as u64,
            "partition optimised"
        );
    }
    Ok(optimised)
}
