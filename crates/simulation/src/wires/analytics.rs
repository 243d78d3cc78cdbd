//! Analytics.

use adapter_embedded::analytics::EmbeddedAnalytics;
use async_trait::async_trait;
use ports::analytics::{Optimised, Partition};
use ports::ledger::Record;
use ports::{AnalyticsStore, Result};

use super::Line;
use crate::oracle::SharedWitness;

/// Analytics, as one worker reaches it.
#[derive(Debug)]
pub(crate) struct AnalyticsWire {
    pub(crate) line: Line,
    pub(crate) inner: EmbeddedAnalytics,
    pub(crate) witness: SharedWitness,
}

#[async_trait]
impl AnalyticsStore for AnalyticsWire {
    async fn migrate(&self) -> Result<()> {
        self.inner.migrate().await
    }

    async fn insert(&self, records: &[Record]) -> Result<()> {
        self.line
            .call("analytics", "analytics.insert", || async {
                self.line.did(format_args!("analytics takes {} records", records.len()));
                self.inner.insert(records).await?;
                self.witness.see().exported(records);
                Ok(())
            })
            .await
    }

    async fn partitions(&self, table: &str) -> Result<Vec<Partition>> {
        self.inner.partitions(table).await
    }

    async fn optimise(&self, partition: &Partition) -> Result<Optimised> {
        self.inner.optimise(partition).await
    }

    async fn conversions(&self) -> Result<u64> {
        self.inner.conversions().await
    }
}
