//! Analytics in ClickHouse, and the optimizer's lock for installations without PostgreSQL.

use std::sync::Arc;

use adapter_clickhouse::{ClickHouse, ClickHouseAnalytics, ClickHouseDiagnosis, ClickHouseLock};
use ports::{AnalyticsStore, Clock, Diagnose, ExclusiveLock};
use secrecy::{ExposeSecret, SecretString};

use crate::OpenError;
use crate::checked::checked;
use crate::log::backend_chosen;

fn connect(address: &SecretString) -> Result<ClickHouse, OpenError> {
    Ok(ClickHouse::new(address.expose_secret())?)
}

pub(crate) async fn analytics(
    address: &SecretString,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn AnalyticsStore>, OpenError> {
    let server = connect(address)?;
    backend_chosen("analytics", "clickhouse", server.place());
    let analytics = ClickHouseAnalytics::new(server, Arc::clone(clock));
    checked("analytics", Box::pin(analytics.check())).await?;
    Ok(Arc::new(analytics))
}

pub(crate) fn lock(
    address: &SecretString,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn ExclusiveLock>, OpenError> {
    let server = connect(address)?;
    backend_chosen("exclusive lock", "clickhouse", server.place());
    Ok(Arc::new(ClickHouseLock::new(server, Arc::clone(clock), ClickHouseLock::SETTLING)))
}

/// What examines analytics.
pub(crate) fn diagnosis(
    address: &SecretString,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn Diagnose>, OpenError> {
    Ok(Box::new(ClickHouseDiagnosis::new(connect(address)?, Arc::clone(clock))))
}

/// Makes the tables.
pub(crate) async fn migrate(address: &SecretString, clock: &Arc<dyn Clock>) -> Result<String, OpenError> {
    ClickHouseAnalytics::new(connect(address)?, Arc::clone(clock)).migrate().await?;
    Ok("analytics: the tables in ClickHouse are ready".to_owned())
}
