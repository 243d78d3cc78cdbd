//! Analytics.

use adapter_embedded::analytics::EmbeddedAnalytics;
use async_trait::async_trait;
use domain::{ConversionKey, UnixMillis};
use ports::analytics::{Optimised, Partition, Total, Totals};
use ports::ledger::Record;
use ports::{AnalyticsStore, Result};

use super::Connection;
use crate::oracle::SharedChecker;

/// Analytics, as one worker reaches it.
#[derive(Debug)]
pub(crate) struct FaultyAnalytics {
    pub(crate) connection: Connection,
    pub(crate) inner: EmbeddedAnalytics,
    pub(crate) checker: SharedChecker,
}

#[async_trait]
impl AnalyticsStore for FaultyAnalytics {
    async fn migrate(&self) -> Result<()> {
        self.inner.migrate().await
    }

    async fn insert(&self, records: &[Record]) -> Result<()> {
        self.connection
            .call("analytics", "analytics.insert", || async {
                self.connection.record(format_args!("analytics inserts {} records", records.len()));
                self.inner.insert(records).await?;
                self.checker.lock().exported(records);
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

    async fn totals(&self, wanted: &Totals) -> Result<Vec<Total>> {
        self.inner.totals(wanted).await
    }

    async fn forget_until(&self, until: UnixMillis, limit: usize) -> Result<u64> {
        let forget = || self.inner.forget_until(until, limit);
        self.connection.call("analytics", "analytics.forget_until", forget).await
    }

    async fn forget(&self, keys: &[ConversionKey]) -> Result<u64> {
        self.connection.call("analytics", "analytics.forget", || self.inner.forget(keys)).await
    }
}
