//! Subscriptions and pixels.

use adapter_embedded::pixels::EmbeddedPixels;
use adapter_embedded::subscriptions::EmbeddedSubscriptions;
use async_trait::async_trait;
use domain::PixelRef;
use ports::pixels::Pixel;
use ports::subscriptions::Subscription;
use ports::{PixelDirectory, Result, SubscriptionStore};

use super::Connection;

/// The subscriptions, as one worker reaches them.
#[derive(Debug)]
pub(crate) struct FaultySubscriptions {
    pub(crate) connection: Connection,
    pub(crate) inner: EmbeddedSubscriptions,
}

#[async_trait]
impl SubscriptionStore for FaultySubscriptions {
    async fn snapshot(&self) -> Result<Vec<Subscription>> {
        self.connection.call("subscriptions", "subscriptions.snapshot", || self.inner.snapshot()).await
    }

    async fn put(&self, subscriptions: &[Subscription]) -> Result<()> {
        self.inner.put(subscriptions).await
    }

    async fn remove(&self, id: &str) -> Result<bool> {
        self.inner.remove(id).await
    }
}

/// The pixels, as one worker reaches them.
#[derive(Debug)]
pub(crate) struct FaultyPixels {
    pub(crate) connection: Connection,
    pub(crate) inner: EmbeddedPixels,
}

#[async_trait]
impl PixelDirectory for FaultyPixels {
    async fn snapshot(&self) -> Result<Vec<Pixel>> {
        self.connection.call("pixels", "pixels.snapshot", || self.inner.snapshot()).await
    }

    async fn put(&self, pixel: &Pixel) -> Result<()> {
        self.inner.put(pixel).await
    }

    async fn remove(&self, pixel: &PixelRef) -> Result<bool> {
        self.inner.remove(pixel).await
    }
}
