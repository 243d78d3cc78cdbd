//! What goes wrong with analytics in ClickHouse.

use std::sync::Arc;

use async_trait::async_trait;
use domain::UnixMillis;
use ports::diagnose::{Check, Diagnose};
use ports::{Clock, Result};

use crate::connection::STATEMENT_TIME;
use crate::{ClickHouse, migrations};

const OPERATION: &str = "analytics.check";

/// Examines the tables.
#[derive(Debug)]
pub struct ClickHouseDiagnosis {
    server: ClickHouse,
    clock: Arc<dyn Clock>,
}

impl ClickHouseDiagnosis {
    /// Nothing is asked yet.
    #[must_use]
    pub const fn new(server: ClickHouse, clock: Arc<dyn Clock>) -> Self {
        Self { server, clock }
    }

    async fn clock(&self) -> Result<Check> {
        self.server.check().await?;
        let before = self.clock.now();
        let select = self.server.client().query("SELECT toUnixTimestamp64Milli(now64(3))").fetch_one::<i64>();
        let theirs = self.server.within(OPERATION, STATEMENT_TIME, select).await?;
        Ok(Check::clock("ClickHouse", UnixMillis(theirs), before, self.clock.now()))
    }

    async fn tables(&self) -> Check {
        let name = "analytics: tables and views";
        let there = match migrations::there(&self.server, OPERATION).await {
            Ok(names) => names,
            Err(error) => return Check::failed(name, &error),
        };
        let missing: Vec<_> =
            migrations::relations().into_iter().filter(|relation| !there.contains(*relation)).collect();
        Check::that(
            missing.is_empty(),
            name,
            if missing.is_empty() {
                "all are there".to_owned()
            } else {
                format!("missing: {}", missing.join(", "))
            },
            "run `efflux migrate`: it makes what is missing and changes nothing else",
        )
    }

    async fn steps(&self) -> Check {
        let name = "analytics: migrations";
        match migrations::check(&self.server).await {
            Ok(()) => Check::ok(name, "all steps were done"),
            Err(error) => Check { remedy: "run `efflux migrate`".to_owned(), ..Check::failed(name, &error) },
        }
    }
}

#[async_trait]
impl Diagnose for ClickHouseDiagnosis {
    async fn findings(&self) -> Vec<Check> {
        match self.clock().await {
            Ok(clock) => vec![clock, self.tables().await, self.steps().await],
            Err(error) => vec![Check::failed("analytics: ClickHouse", &error)],
        }
    }
}
