//! The directory of pixels in the legacy system's five tables.

mod read;
mod write;

use async_trait::async_trait;
use domain::PixelRef;
use ports::pixels::Pixel;
use ports::{PixelDirectory, Result};

use crate::Postgres;

/// Pixels and tokens as the legacy system's applications keep them, and as `efflux pixels` adds them.
#[derive(Debug, Clone)]
pub struct PostgresPixels {
    database: Postgres,
}

impl PostgresPixels {
    /// Pixels in a database.
    #[must_use]
    pub const fn new(database: Postgres) -> Self {
        Self { database }
    }
}

#[async_trait]
impl PixelDirectory for PostgresPixels {
    async fn snapshot(&self) -> Result<Vec<Pixel>> {
        self.database.call("pixels.snapshot", async |client| read::snapshot(client).await).await
    }

    async fn put(&self, pixel: &Pixel) -> Result<()> {
        self.database.call("pixels.put", async |client| write::put(client, pixel).await).await
    }

    async fn remove(&self, pixel: &PixelRef) -> Result<bool> {
        self.database.call("pixels.remove", async |client| write::remove(client, pixel).await).await
    }
}
