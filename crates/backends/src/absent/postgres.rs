//! PostgreSQL, in a build without it.

use std::sync::Arc;

use ports::{Clock, Diagnose, ExclusiveLock, FeedDirectory, PixelDirectory};
use secrecy::SecretString;

use crate::OpenError;

const ABSENT: OpenError = OpenError::NotInThisBuild { setting: "DATABASE_URL" };

#[derive(Default)]
pub(crate) struct OnPostgres;

impl OnPostgres {
    pub(crate) async fn pixels(&self, _: &SecretString) -> Result<Arc<dyn PixelDirectory>, OpenError> {
        Err(ABSENT)
    }

    pub(crate) async fn feeds(&self, _: &SecretString) -> Result<Arc<dyn FeedDirectory>, OpenError> {
        Err(ABSENT)
    }

    pub(crate) async fn lock(&self, _: &SecretString) -> Result<Arc<dyn ExclusiveLock>, OpenError> {
        Err(ABSENT)
    }
}

pub(crate) async fn migrate(_: &SecretString) -> Result<String, OpenError> {
    Err(ABSENT)
}

pub(crate) fn diagnosis(_: &SecretString, _: &Arc<dyn Clock>) -> Result<Box<dyn Diagnose>, OpenError> {
    Err(ABSENT)
}
