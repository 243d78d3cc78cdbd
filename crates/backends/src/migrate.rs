//! Tables, collections and indexes for a new installation or a new version.

use std::sync::Arc;

use ports::Clock;
use settings::Settings;

use crate::opener::Opener;
use crate::{OpenError, clickhouse, mongodb, postgres};

/// Makes what the configured backends need; one line for each. Doing it again changes nothing.
///
/// With `from_original`, the documents that the legacy system wrote into the ledger's collection get the keys of this ledger, once and
/// for all; `LEDGER_LEGACY` can be switched off afterwards.
///
/// # Errors
/// [`OpenError`]; what was done stays.
pub async fn migrate(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    from_original: bool,
) -> Result<Vec<String>, OpenError> {
    let backends = &settings.backends;
    let mut done = Vec::new();
    match &backends.mongodb {
        Some(settings) => done.extend(mongodb::migrate(settings, clock, from_original).await?),
        None => done.push(embedded(settings, clock).await?),
    }
    if from_original && backends.mongodb.is_none() {
        done.push("ledger: only MongoDB can hold documents of the legacy system".to_owned());
    }
    if let Some(address) = &backends.clickhouse {
        done.push(clickhouse::migrate(address, clock).await?);
    }
    if let Some(address) = &backends.postgres {
        done.push(postgres::migrate(address).await?);
    }
    Ok(done)
}

/// Embedded databases are made, and brought up to date, when they are opened.
async fn embedded(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<String, OpenError> {
    Opener::new(settings, clock).ledger().await?;
    Ok(format!("ledger: the data directory {} is ready", settings.backends.data_dir.display()))
}
