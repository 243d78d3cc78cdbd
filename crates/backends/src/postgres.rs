//! Pixels, tokens and turns in PostgreSQL.

use std::sync::Arc;

use adapter_postgres::{Postgres, PostgresPixels, PostgresTurns};
use ports::{PixelDirectory, Turns};
use secrecy::{ExposeSecret, SecretString};

use crate::OpenError;
use crate::checked::checked;
use crate::log::backend_chosen;

pub(crate) fn connect(address: &SecretString) -> Result<Postgres, OpenError> {
    Ok(Postgres::new(address.expose_secret())?)
}

pub(crate) async fn pixels(server: &Postgres) -> Result<Arc<dyn PixelDirectory>, OpenError> {
    backend_chosen("pixels", "postgresql", server.place());
    checked("pixels", Box::pin(server.check_tables())).await?;
    Ok(Arc::new(PostgresPixels::new(server.clone())))
}

pub(crate) async fn turns(server: &Postgres) -> Result<Arc<dyn Turns>, OpenError> {
    backend_chosen("turns", "postgresql", server.place());
    checked("turns", Box::pin(server.check_tables())).await?;
    Ok(Arc::new(PostgresTurns::new(server.clone())))
}
