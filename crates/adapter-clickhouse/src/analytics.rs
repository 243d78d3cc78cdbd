//! Conversions in ClickHouse: a table of all their states, and views of the latest.

mod forget;
mod parts;
mod rows;
mod totals;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{ConversionKey, UnixMillis};
use ports::analytics::{Optimised, Partition, Total, Totals};
use ports::ledger::Record;
use ports::{AnalyticsStore, Clock, Result};

use crate::connection::STATEMENT_TIME;
use crate::{ClickHouse, migrations};

/// Records that one insert takes: large blocks make few parts.
const BLOCK: usize = 50_000;

/// The analytics database of a production deployment.
#[derive(Debug, Clone)]
pub struct ClickHouseAnalytics {
    server: ClickHouse,
    clock: Arc<dyn Clock>,
}

impl ClickHouseAnalytics {
    /// Analytics on a server; the clock measures how long optimising takes.
    #[must_use]
    pub fn new(server: ClickHouse, clock: Arc<dyn Clock>) -> Self {
        Self { server, clock }
    }

    /// Whether the server can be used and has all tables in their present shape.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub async fn check(&self) -> Result<()> {
        migrations::check(&self.server).await
    }
}

#[async_trait]
impl AnalyticsStore for ClickHouseAnalytics {
    async fn migrate(&self) -> Result<()> {
        migrations::migrate(&self.server).await
    }

    async fn insert(&self, records: &[Record]) -> Result<()> {
        for block in records.chunks(BLOCK) {
            rows::insert(&self.server, block).await?;
        }
        Ok(())
    }

    async fn partitions(&self, table: &str) -> Result<Vec<Partition>> {
        parts::partitions(&self.server, table).await
    }

    async fn optimise(&self, partition: &Partition) -> Result<Optimised> {
        let began = self.clock.now();
        let (before, after) = parts::optimise(&self.server, partition).await?;
        Ok(Optimised {
            parts_before: before.parts,
            parts_after: after.parts,
            bytes_before: before.bytes,
            bytes_after: after.bytes,
            duration: self.clock.now().since(began),
        })
    }

    async fn conversions(&self) -> Result<u64> {
        let count =
            self.server.client().query("SELECT count() FROM report_conversions_latest").fetch_one::<u64>();
        self.server.within("analytics.conversions", STATEMENT_TIME, count).await
    }

    async fn totals(&self, wanted: &Totals) -> Result<Vec<Total>> {
        totals::find(&self.server, wanted).await
    }

    async fn forget_until(&self, until: UnixMillis, _: usize) -> Result<u64> {
        forget::until(&self.server, until).await
    }

    async fn forget(&self, keys: &[ConversionKey]) -> Result<u64> {
        let mut states = 0;
        for some in keys.chunks(forget::KEYS) {
            states += forget::keys(&self.server, some).await?;
        }
        Ok(states)
    }
}
