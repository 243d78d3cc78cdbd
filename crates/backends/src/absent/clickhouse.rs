//! ClickHouse, in a build without it.

use std::sync::Arc;

use ports::{AnalyticsStore, Clock, Diagnose, ExclusiveLock};
use secrecy::SecretString;

use crate::OpenError;

const ABSENT: OpenError = OpenError::NotInThisBuild { setting: "CLICKHOUSE_URL" };

pub(crate) async fn analytics(
    _: &SecretString,
    _: &Arc<dyn Clock>,
) -> Result<Arc<dyn AnalyticsStore>, OpenError> {
    Err(ABSENT)
}

pub(crate) fn lock(_: &SecretString, _: &Arc<dyn Clock>) -> Result<Arc<dyn ExclusiveLock>, OpenError> {
    Err(ABSENT)
}

pub(crate) async fn migrate(_: &SecretString, _: &Arc<dyn Clock>) -> Result<String, OpenError> {
    Err(ABSENT)
}

pub(crate) fn diagnosis(_: &SecretString, _: &Arc<dyn Clock>) -> Result<Box<dyn Diagnose>, OpenError> {
    Err(ABSENT)
}
