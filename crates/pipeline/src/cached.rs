//! Directories held in memory: read at start, refreshed in the background, the last good copy used while the store is away.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use domain::validate::KnownPixels;
use domain::{PixelCode, TrafficSource};
use ports::pixels::{Credential, Pixel};
use ports::{PixelDirectory, Result, SubscriptionStore};
use secrecy::ExposeSecret;

use crate::filter::Choice;

/// A value that is replaced as a whole.
struct Snapshot<T>(RwLock<Option<Arc<T>>>);

impl<T> Snapshot<T> {
    const fn new() -> Self {
        Self(RwLock::new(None))
    }

    fn get(&self) -> Option<Arc<T>> {
        // A poisoned lock still holds a whole value: it is only ever replaced.
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn set(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::clone(&value));
        value
    }
}

/// The subscribed campaigns.
pub struct Subscriptions {
    store: Arc<dyn SubscriptionStore>,
    snapshot: Snapshot<Choice>,
}

impl std::fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscriptions").finish_non_exhaustive()
    }
}

impl Subscriptions {
    /// Subscriptions of a store; read at first use.
    #[must_use]
    pub fn new(store: Arc<dyn SubscriptionStore>) -> Self {
        Self { store, snapshot: Snapshot::new() }
    }

    /// Reads the store anew if that costs next to nothing; else the background's last reading counts.
    ///
    /// # Errors
    /// The store's; the last good copy stays in use.
    pub(crate) async fn refresh_if_cheap(&self) -> Result<()> {
        if self.store.is_cheap() { self.refresh().await } else { Ok(()) }
    }

    /// Reads the store anew.
    ///
    /// # Errors
    /// The store's; the last good copy stays in use.
    pub async fn refresh(&self) -> Result<()> {
        self.fetch().await.map(|_| ())
    }

    /// What the subscriptions choose.
    ///
    /// # Errors
    /// Only before the first successful read.
    pub(crate) async fn choice(&self) -> Result<Arc<Choice>> {
        match self.snapshot.get() {
            Some(choice) => Ok(choice),
            None => self.fetch().await,
        }
    }

    async fn fetch(&self) -> Result<Arc<Choice>> {
        Ok(self.snapshot.set(Choice::of(self.store.snapshot().await?)))
    }
}

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

    /// Reads the directory anew; the pixels whose credentials changed.
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
