//! Pixels, tokens and exclusive locks in PostgreSQL.

use std::sync::Arc;

use adapter_postgres::{Postgres, PostgresDiagnosis, PostgresFeeds, PostgresLock, PostgresPixels};
use ports::{Clock, Diagnose, ExclusiveLock, FeedDirectory, PixelDirectory};
use secrecy::{ExposeSecret, SecretString};

use crate::OpenError;
use crate::checked::checked;
use crate::log::backend_chosen;

/// Ports in PostgreSQL, whose connections they share.
#[derive(Default)]
pub(crate) struct OnPostgres {
    server: Option<Postgres>,
}

impl OnPostgres {
    pub(crate) async fn pixels(
        &mut self,
        address: &SecretString,
    ) -> Result<Arc<dyn PixelDirectory>, OpenError> {
        let server = self.server(address)?;
        backend_chosen("pixels", "postgresql", server.place());
        checked("pixels", Box::pin(server.check_tables())).await?;
        Ok(Arc::new(PostgresPixels::new(server.clone())))
    }

    pub(crate) async fn feeds(
        &mut self,
        address: &SecretString,
    ) -> Result<Arc<dyn FeedDirectory>, OpenError> {
        let server = self.server(address)?;
        backend_chosen("feeds", "postgresql", server.place());
        checked("feeds", Box::pin(server.check_tables())).await?;
        Ok(Arc::new(PostgresFeeds::new(server.clone())))
    }

    pub(crate) async fn lock(&mut self, address: &SecretString) -> Result<Arc<dyn ExclusiveLock>, OpenError> {
        let server = self.server(address)?;
        backend_chosen("exclusive lock", "postgresql", server.place());
        checked("exclusive lock", Box::pin(server.check_tables())).await?;
        Ok(Arc::new(PostgresLock::new(server.clone())))
    }

    fn server(&mut self, address: &SecretString) -> Result<&Postgres, OpenError> {
        if self.server.is_none() {
            self.server = Some(connect(address)?);
        }
        Ok(self.server.as_ref().expect("it was connected above"))
    }
}

/// What examines the database.
pub(crate) fn diagnosis(
    address: &SecretString,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn Diagnose>, OpenError> {
    Ok(Box::new(PostgresDiagnosis::new(connect(address)?, Arc::clone(clock))))
}

/// Makes the tables.
pub(crate) async fn migrate(address: &SecretString) -> Result<String, OpenError> {
    connect(address)?.migrate().await?;
    Ok("pixels: the tables in PostgreSQL are ready".to_owned())
}

fn connect(address: &SecretString) -> Result<Postgres, OpenError> {
    Ok(Postgres::new(address.expose_secret())?)
}
