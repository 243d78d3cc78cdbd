//! ClickHouse, in a build without it.

use std::sync::Arc;

use ports::{AnalyticsStore, Clock, Turns};
use secrecy::SecretString;

use crate::OpenError;

const ABSENT: OpenError = OpenError::NotInThisBuild { setting: "CLICKHOUSE_URL" };

pub(crate) async fn analytics(
    _: &SecretString,
    _: &Arc<dyn Clock>,
) -> Result<Arc<dyn AnalyticsStore>, OpenError> {
    Err(ABSENT)
}

pub(crate) fn turns(_: &SecretString, _: &Arc<dyn Clock>) -> Result<Arc<dyn Turns>, OpenError> {
    Err(ABSENT)
}

pub(crate) async fn migrate(_: &SecretString, _: &Arc<dyn Clock>) -> Result<String, OpenError> {
    Err(ABSENT)
}
