//! What examines the backends and platforms that the settings name.

use std::sync::Arc;

use async_trait::async_trait;
use destination_meta::MetaDiagnosis;
use destination_tiktok::TikTokDiagnosis;
use ports::diagnose::{Check, Diagnose};
use ports::{Clock, Error, ErrorKind};
use settings::Settings;

use crate::opener::Opener;
use crate::{OpenError, aws, clickhouse, embedded, mongodb, postgres};

/// All that is to be examined, backends before platforms. Nothing is opened, made or changed but for connections.
pub async fn diagnoses(settings: &Settings, clock: &Arc<dyn Clock>) -> Vec<Box<dyn Diagnose>> {
    let backends = &settings.backends;
    let mut all: Vec<Box<dyn Diagnose>> = Vec::new();
    if backends.uses_data_dir() {
        all.push(embedded::diagnosis(settings));
    }
    if backends.aws.is_some() {
        all.push(or_why("AWS", aws::diagnosis(settings, clock).await));
    }
    if let Some(mongodb) = &backends.mongodb {
        all.push(or_why("ledger: MongoDB", mongodb::diagnosis(mongodb, clock).await));
    }
    if let Some(address) = &backends.clickhouse {
        all.push(or_why("analytics: ClickHouse", clickhouse::diagnosis(address, clock)));
    }
    if let Some(address) = &backends.postgres {
        all.push(or_why("pixels: PostgreSQL", postgres::diagnosis(address, clock)));
    }
    all.push(or_why("Meta", meta(settings, clock).await));
    if settings.destinations.tiktok.enabled {
        all.push(or_why("TikTok", tiktok(settings, clock).await));
    }
    all
}

async fn meta(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Box<dyn Diagnose>, OpenError> {
    let client = destination_meta::client(settings, clock).map_err(OpenError::of_destination)?;
    let pixels = Opener::for_reading(settings, clock).pixels().await.map_err(|error| error.to_string());
    let version = &settings.destinations.meta.graph_version;
    Ok(Box::new(MetaDiagnosis::new(client, version, pixels, Arc::clone(clock))))
}

async fn tiktok(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Box<dyn Diagnose>, OpenError> {
    let client = destination_tiktok::client(settings).map_err(OpenError::of_destination)?;
    let pixels = Opener::for_reading(settings, clock).pixels().await.map_err(|error| error.to_string());
    Ok(Box::new(TikTokDiagnosis::new(client, pixels, Arc::clone(clock))))
}

/// What cannot be opened says so in its checks.
fn or_why(what: &'static str, opened: Result<Box<dyn Diagnose>, OpenError>) -> Box<dyn Diagnose> {
    opened.unwrap_or_else(|error| Box::new(NotOpened { what, error }))
}

#[derive(Debug)]
struct NotOpened {
    what: &'static str,
    error: OpenError,
}

#[async_trait]
impl Diagnose for NotOpened {
    async fn findings(&self) -> Vec<Check> {
        let check = match &self.error {
            OpenError::Unreachable(error) => Check::failed(self.what, error),
            other => {
                Check::failed(self.what, &Error::new(ErrorKind::Invalid, "doctor").detail(other.to_string()))
            }
        };
        vec![check]
    }
}
