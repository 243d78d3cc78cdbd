//! Analytics in SQLite: a table of exported states, and a view with the latest of each conversion.

mod forget;
mod rows;
mod tidy;
mod totals;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{ConversionKey, UnixMillis};
use ports::analytics::{Optimised, Partition, Total, Totals};
use ports::ledger::Record;
use ports::{AnalyticsStore, Clock, Error, ErrorKind};

use crate::db::{Db, Schema};

/// The one table.
const TABLE: &str = "report_conversions";

/// The analytics database of an embedded deployment.
#[derive(Debug, Clone)]
pub struct EmbeddedAnalytics {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl EmbeddedAnalytics {
    /// Its table and view. The ledger has a table of the same name, so each needs a database of its own.
    pub const SCHEMA: Schema = Schema::new(
        include_str!("analytics/schema.sql"),
        &[include_str!("analytics/upgrade_1.sql"), include_str!("analytics/upgrade_2.sql")],
    );

    /// Analytics in a database; the clock measures how long optimising takes.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }
}

#[async_trait]
impl AnalyticsStore for EmbeddedAnalytics {
    async fn migrate(&self) -> ports::Result<()> {
        self.db.write("analytics.migrate", |tx| tx.execute_batch(Self::SCHEMA.create())).await
    }

    async fn insert(&self, records: &[Record]) -> ports::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let records = records.to_vec();
        self.db.write("analytics.insert", move |tx| rows::insert(tx, &records)).await
    }

    async fn partitions(&self, table: &str) -> ports::Result<Vec<Partition>> {
        known("analytics.partitions", table)?;
        self.db.read("analytics.partitions", tidy::partitions).await
    }

    async fn optimise(&self, partition: &Partition) -> ports::Result<Optimised> {
        known("analytics.optimise", &partition.table)?;
        let began = self.clock.now();
        let name = partition.name.clone();
        let (before, after) =
            self.db.write("analytics.optimise", move |tx| tidy::optimise(tx, &name)).await?;
        Ok(Optimised {
            parts_before: before.parts,
            parts_after: after.parts,
            bytes_before: before.bytes,
            bytes_after: after.bytes,
            duration: self.clock.now().since(began),
        })
    }

    async fn conversions(&self) -> ports::Result<u64> {
        self.db.read("analytics.conversions", rows::conversions).await
    }

    async fn totals(&self, wanted: &Totals) -> ports::Result<Vec<Total>> {
        let (question, limit) = (wanted.clone(), wanted.limit);
        let found = self.db.read("analytics.totals", move |tx| totals::find(tx, &question)).await?;
        if found.len() > limit { Err(wanted.too_many()) } else { Ok(found) }
    }

    async fn forget_until(&self, until: UnixMillis, limit: usize) -> ports::Result<u64> {
        self.db.write("analytics.forget_until", move |tx| forget::until(tx, until, limit)).await
    }

    async fn forget(&self, keys: &[ConversionKey]) -> ports::Result<u64> {
        let keys = keys.to_vec();
        self.db.write("analytics.forget", move |tx| forget::keys(tx, &keys)).await
    }

    async fn scrub(&self, from: u64) -> ports::Result<Option<u64>> {
        self.db.scrub(from).await
    }
}

fn known(operation: &'static str, table: &str) -> ports::Result<()> {
    if table == TABLE {
        return Ok(());
    }
    let detail = format!("there is no table `{table}`; the table is `{TABLE}`");
    Err(Error::new(ErrorKind::Missing, operation).detail(detail))
}
