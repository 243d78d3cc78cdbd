//! MongoDB, in a build without it.

use std::sync::Arc;

use ports::configuration::MongoSettings;
use ports::{Clock, Diagnose, Ledger};

use crate::OpenError;

const ABSENT: OpenError = OpenError::NotInThisBuild { setting: "MONGODB_URI" };

pub(crate) async fn ledger(_: &MongoSettings) -> Result<Arc<dyn Ledger>, OpenError> {
    Err(ABSENT)
}

pub(crate) async fn migrate(
    _: &MongoSettings,
    _: &Arc<dyn Clock>,
    _: bool,
) -> Result<Vec<String>, OpenError> {
    Err(ABSENT)
}

pub(crate) async fn diagnosis(_: &MongoSettings, _: &Arc<dyn Clock>) -> Result<Box<dyn Diagnose>, OpenError> {
    Err(ABSENT)
}
