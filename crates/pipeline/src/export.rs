//! Carries changed ledger entries to analytics. The ledger knows what is missing, so an outage delays and loses nothing.

use std::sync::Arc;
use std::time::Duration;

use ports::backoff::Backoff;
use ports::metric::name;
use ports::{AnalyticsStore, Clock, HealthSink, LedgerExport, MetricSink, Result};
use tokio_util::sync::CancellationToken;

use crate::memory::{MemoryBudget, while_claimed};
use crate::mutations;

/// Records that one insert takes.
const BATCH: usize = 2_000;

/// Text of rows that one insert takes, but for the last record.
const BATCH_BYTES: u64 = 2 << 20;

/// The pause when nothing is left to export, and how it grows with failures in a row.
const PAUSES: Backoff = Backoff::even(Duration::from_secs(1), Duration::from_secs(60));

/// The exporter.
#[derive(Debug)]
pub struct Export {
    /// Where changes are known.
    pub ledger: Arc<dyn LedgerExport>,
    /// Where they go.
    pub analytics: Arc<dyn AnalyticsStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The memory that rows may take.
    pub memory: MemoryBudget,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// Whether analytics can be reached.
    pub health: Arc<dyn HealthSink>,
}

impl Export {
    /// Exports until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            failures = match self.step().await {
                Ok(Exported::More) => {
                    self.health.ready("analytics");
                    continue;
                }
                Ok(Exported::All) => {
                    self.health.ready("analytics");
                    0
                }
                Err(error) => {
                    self.health.not_ready("analytics", &error.to_string());
                    tracing::warn!(error = ?error, "cannot export to analytics; the ledger keeps what is missing");
                    failures + 1
                }
            };
            tokio::select! { biased; () = stop.cancelled() => {}, () = self.clock.sleep(PAUSES.pause(failures)) => {} }
        }
    }

    /// Exports one batch.
    ///
    /// # Errors
    /// The ledger's or the analytics store's; the batch stays due.
    async fn step(&self) -> Result<Exported> {
        let _memory = self.memory.reading().reserve(while_claimed(BATCH_BYTES)).await;
        let records = self.ledger.export_batch(BATCH, BATCH_BYTES).await?;
        if records.is_empty() {
            return Ok(Exported::All);
        }
        mutations::mark_before_insert(&*self.ledger, &records).await?;
        self.analytics.insert(&records).await?;
        self.ledger.mark_exported(&records).await?;
        self.metrics.count(name::EXPORTED, &[], records.len() as u64);
        let bytes: u64 = records.iter().map(|record| record.raw.len() as u64).sum();
        Ok(if records.len() < BATCH && bytes < BATCH_BYTES { Exported::All } else { Exported::More })
    }
}

/// What is left after a batch.
enum Exported {
    /// Nothing that was due then.
    All,
    /// The batch was full.
    More,
}
