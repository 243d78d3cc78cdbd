//! The pixels and their credentials in memory: read at first use, refreshed in the background and before each file.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::PixelRef;
use domain::validate::KnownPixels;
use ports::pixels::{Credential, Pixel};
use ports::{PixelDirectory, Result};
use secrecy::ExposeSecret;

use crate::snapshot::Snapshot;

/// The pixels and their credentials.
#[derive(Debug)]
pub struct Pixels {
    directory: Arc<dyn PixelDirectory>,
    snapshot: Snapshot<PixelMap>,
}

impl Pixels {
    /// Pixels of a directory; read at first use.
    #[must_use]
    pub fn new(directory: Arc<dyn PixelDirectory>) -> Self {
        Self { directory, snapshot: Snapshot::new() }
    }

    /// Reads the directory again; the pixels whose credentials changed.
    ///
    /// # Errors
    /// The directory's; the last good copy stays in use.
    pub async fn refresh(&self) -> Result<Vec<PixelRef>> {
        let before = self.snapshot.get();
        let now = self.fetch().await?;
        let Some(before) = before else { return Ok(Vec::new()) };
        let is_other =
            |pixel: &&Pixel| !before.0.get(&pixel.pixel).is_some_and(|old| same_tokens(old, pixel));
        Ok(now.0.values().filter(is_other).map(|pixel| pixel.pixel.clone()).collect())
    }

    /// The pixels as they were read last.
    ///
    /// # Errors
    /// Only before the first successful read.
    pub(crate) async fn current(&self) -> Result<Arc<PixelMap>> {
        match self.snapshot.get() {
            Some(map) => Ok(map),
            None => self.fetch().await,
        }
    }

    async fn fetch(&self) -> Result<Arc<PixelMap>> {
        let all = self.directory.snapshot().await?;
        let pixels = all.into_iter().map(|pixel| (pixel.pixel.clone(), pixel)).collect();
        Ok(self.snapshot.set(PixelMap(pixels)))
    }
}

fn same_tokens(a: &Pixel, b: &Pixel) -> bool {
    let tokens =
        |p: &Pixel| p.credentials.iter().map(|c| c.token.expose_secret().to_owned()).collect::<Vec<_>>();
    tokens(a) == tokens(b)
}

/// All pixels of the directory.
#[derive(Debug, Default)]
pub(crate) struct PixelMap(BTreeMap<PixelRef, Pixel>);

impl PixelMap {
    /// What may send to a pixel, the first choice first.
    pub(crate) fn credentials(&self, pixel: &PixelRef) -> &[Credential] {
        self.0.get(pixel).map_or(&[], |pixel| &pixel.credentials)
    }
}

impl KnownPixels for PixelMap {
    fn knows(&self, pixel: &PixelRef) -> bool {
        self.0.contains_key(pixel)
    }
}
