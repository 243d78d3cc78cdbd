//! What the operator says about feed networks, in memory: read at first use, refreshed in the background and before each file.

use std::sync::Arc;

use domain::FeedMap;
use ports::{FeedDirectory, Result};

use crate::snapshot::Snapshot;

/// The feeds.
#[derive(Debug)]
pub struct Feeds {
    directory: Arc<dyn FeedDirectory>,
    snapshot: Snapshot<FeedMap>,
}

impl Feeds {
    /// Feeds of a directory; read at first use.
    #[must_use]
    pub fn new(directory: Arc<dyn FeedDirectory>) -> Self {
        Self { directory, snapshot: Snapshot::new() }
    }

    /// Reads the directory again.
    ///
    /// # Errors
    /// The directory's; the last good copy stays in use.
    pub async fn refresh(&self) -> Result<Arc<FeedMap>> {
        let all = self.directory.snapshot().await?;
        Ok(self.snapshot.set(all.into_iter().collect()))
    }

    /// The feeds as they were read last.
    ///
    /// # Errors
    /// Only before the first successful read.
    pub async fn current(&self) -> Result<Arc<FeedMap>> {
        match self.latest() {
            Some(map) => Ok(map),
            None => self.refresh().await,
        }
    }

    /// The feeds as they were read last; `None` before the first successful read.
    pub(crate) fn latest(&self) -> Option<Arc<FeedMap>> {
        self.snapshot.get()
    }
}
