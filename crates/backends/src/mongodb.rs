//! The ledger in MongoDB.

use std::sync::Arc;

use adapter_mongodb::{MongoDiagnosis, MongoLedger, MongoSettings};
use ports::{Clock, Diagnose, Ledger};

use crate::OpenError;
use crate::checked::checked;
use crate::log::backend_chosen;

/// Documents of the legacy system that one step gives keys to.
const LEGACY_STEP: usize = 1_000;

pub(crate) async fn ledger(settings: &MongoSettings) -> Result<Arc<dyn Ledger>, OpenError> {
    backend_chosen("ledger", "mongodb", &settings.database);
    let ledger = connect(settings).await?;
    checked("ledger", Box::pin(ledger.check())).await?;
    Ok(Arc::new(ledger))
}

/// Makes collections and indexes, and gives the documents of the legacy system their keys if asked to.
pub(crate) async fn migrate(
    settings: &MongoSettings,
    clock: &Arc<dyn Clock>,
    from_original: bool,
) -> Result<Vec<String>, OpenError> {
    let ledger = connect(settings).await?;
    ledger.migrate().await?;
    let mut done = vec![format!("ledger: MongoDB database {} is ready", settings.database)];
    if from_original {
        done.push(adopt_legacy(&ledger, clock).await?);
    }
    Ok(done)
}

/// What examines the ledger.
pub(crate) async fn diagnosis(
    settings: &MongoSettings,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn Diagnose>, OpenError> {
    Ok(Box::new(MongoDiagnosis::new(&connect(settings).await?, Arc::clone(clock))))
}

/// A ledger that was not asked anything yet.
async fn connect(settings: &MongoSettings) -> Result<MongoLedger, OpenError> {
    Ok(MongoLedger::open(settings).await?)
}

async fn adopt_legacy(ledger: &MongoLedger, clock: &Arc<dyn Clock>) -> Result<String, OpenError> {
    let mut adopted = 0;
    loop {
        let step = ledger.migrate_from_legacy(LEGACY_STEP, clock.now()).await?;
        adopted += step.documents;
        if step.complete {
            return Ok(format!("ledger: {adopted} documents of the legacy system have keys now"));
        }
    }
}
