//! The pixels and their credentials in memory: read at first use, refreshed in the background and before each file.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::validate::KnownPixels;
use domain::{PixelCode, TrafficSource};
use ports::pixels::{Credential, Pixel};
use ports::{PixelDirectory, Result};
use secrecy::ExposeSecret;

use crate::snapshot::Snapshot;

/// The pixels and their credentials.
pub struct Pixels {
    directory: Arc<dyn PixelDirectory>,
    snapshot: Snapshot<PixelMap>,
}

impl std::fmt::Debug for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pixels").finish_non_exhaustive()
    }
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
    pub async fn refresh(&self) -> Result<Vec<PixelCode>> {
        let before = self.snapshot.get();
        let now = self.fetch().await?;
        let Some(before) = before else { return Ok(Vec::new()) };
        let changed = now.facebook().filter(|pixel| {
            before
                .find(TrafficSource::Facebook, pixel.code.as_str())
                .is_none_or(|old| !same_tokens(old, pixel))
        });
        Ok(changed.map(|p| p.code.clone()).collect())
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
        let pixels = all.into_iter().map(|p| ((p.source, p.code.to_string()), p)).collect();
        Ok(self.snapshot.set(PixelMap(pixels)))
    }
}

fn same_tokens(a: &Pixel, b: &Pixel) -> bool {
    let tokens =
        |p: &Pixel| p.credentials.iter().map(|c| c.token.expose_secret().to_owned()).collect::<Vec<_>>();
    tokens(a) == tokens(b)
}

/// Pixels by source and code.
#[derive(Debug, Default)]
pub(crate) struct PixelMap(BTreeMap<(TrafficSource, String), Pixel>);

impl PixelMap {
    fn find(&self, source: TrafficSource, code: &str) -> Option<&Pixel> {
        self.0.get(&(source, code.to_owned()))
    }

    fn facebook(&self) -> impl Iterator<Item = &Pixel> {
        self.0.values().filter(|p| p.source == TrafficSource::Facebook)
    }

    /// What may send to a pixel of the only destination there is, the first choice first.
    pub(crate) fn credentials(&self, code: &PixelCode) -> &[Credential] {
        self.find(TrafficSource::Facebook, code.as_str()).map_or(&[], |p| &p.credentials)
    }
}

impl KnownPixels for PixelMap {
    fn knows(&self, source: TrafficSource, code: &str) -> bool {
        self.find(source, code).is_some()
    }
}
