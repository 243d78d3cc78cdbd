//! The ledger in MongoDB.

use adapter_mongodb::{MongoLedger, MongoSettings};

use crate::OpenError;
use crate::checked::checked;
use crate::log::backend_chosen;

/// A ledger that nobody has asked anything yet.
pub(crate) async fn connect(settings: &MongoSettings) -> Result<MongoLedger, OpenError> {
    Ok(MongoLedger::open(settings).await?)
}

pub(crate) async fn ledger(settings: &MongoSettings) -> Result<MongoLedger, OpenError> {
    backend_chosen("ledger", "mongodb", &settings.database);
    let ledger = connect(settings).await?;
    checked("ledger", Box::pin(ledger.check())).await?;
    Ok(ledger)
}
