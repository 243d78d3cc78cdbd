//! Tables, collections and indexes for a new installation or a new version.

use std::sync::Arc;

use ports::Clock;
use settings::Settings;

use crate::OpenError;
use crate::opener::Opener;

/// Documents of the original that one step gives keys to.
#[cfg(feature = "mongodb")]
const ORIGINAL_STEP: usize = 1_000;

/// Makes what the configured backends need; one line for each. Doing it again changes nothing.
///
/// With `from_original`, the documents that the original wrote into the ledger's collection get the keys of this ledger, once and
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
        None => embedded(settings, clock, &mut done).await?,
        #[cfg(feature = "mongodb")]
        Some(mongodb) => {
            let ledger = crate::mongodb::connect(mongodb).await?;
            ledger.migrate().await?;
            done.push(format!("ledger: MongoDB database {} is ready", mongodb.database));
            if from_original {
                done.push(adopt_original(&ledger, clock).await?);
            }
        }
        #[cfg(not(feature = "mongodb"))]
        Some(_) => return Err(OpenError::NotInThisBuild { setting: "MONGODB_URI" }),
    }
    if from_original && backends.mongodb.is_none() {
        done.push("ledger: only MongoDB can hold documents of the original".to_owned());
    }
    match &backends.clickhouse {
        None => {}
        #[cfg(feature = "clickhouse")]
        Some(address) => {
            use ports::AnalyticsStore;
            let server = crate::clickhouse::connect(address)?;
            adapter_clickhouse::ClickHouseAnalytics::new(server, Arc::clone(clock)).migrate().await?;
            done.push("analytics: the tables in ClickHouse are ready".to_owned());
        }
        #[cfg(not(feature = "clickhouse"))]
        Some(_) => return Err(OpenError::NotInThisBuild { setting: "CLICKHOUSE_URL" }),
    }
    match &backends.postgres {
        None => {}
        #[cfg(feature = "postgres")]
        Some(address) => {
            crate::postgres::connect(address)?.migrate().await?;
            done.push("pixels: the tables in PostgreSQL are ready".to_owned());
        }
        #[cfg(not(feature = "postgres"))]
        Some(_) => return Err(OpenError::NotInThisBuild { setting: "DATABASE_URL" }),
    }
    Ok(done)
}

/// Embedded databases are made, and brought up to date, when they are opened.
async fn embedded(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    done: &mut Vec<String>,
) -> Result<(), OpenError> {
    Opener::new(settings, clock).ledger().await?;
    done.push(format!("ledger: the data directory {} is ready", settings.backends.data_dir.display()));
    Ok(())
}

#[cfg(feature = "mongodb")]
async fn adopt_original(
    ledger: &adapter_mongodb::MongoLedger,
    clock: &Arc<dyn Clock>,
) -> Result<String, OpenError> {
    let mut adopted = 0;
    loop {
        let step = ledger.migrate_from_original(ORIGINAL_STEP, clock.now()).await?;
        adopted += step.documents;
        if step.complete {
            return Ok(format!("ledger: {adopted} documents of the original have keys now"));
        }
    }
}
