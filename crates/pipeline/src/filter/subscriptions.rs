//! The subscriptions in memory: read at first use, refreshed in the background.

use std::sync::Arc;

use ports::{Result, SubscriptionStore};

use super::subscription_filter::SubscriptionFilter;
use crate::snapshot::Snapshot;

/// The subscribed campaigns.
#[derive(Debug)]
pub struct Subscriptions {
    store: Arc<dyn SubscriptionStore>,
    snapshot: Snapshot<SubscriptionFilter>,
}

impl Subscriptions {
    /// Subscriptions of a store; read at first use.
    #[must_use]
    pub fn new(store: Arc<dyn SubscriptionStore>) -> Self {
        Self { store, snapshot: Snapshot::new() }
    }

    /// Reads the store again if that costs next to nothing; otherwise the background's last reading counts.
    ///
    /// # Errors
    /// The store's; the last good copy stays in use.
    pub(crate) async fn refresh_if_cheap(&self) -> Result<()> {
        if self.store.is_cheap() { self.refresh().await } else { Ok(()) }
    }

    /// Reads the store again.
    ///
    /// # Errors
    /// The store's; the last good copy stays in use.
    pub async fn refresh(&self) -> Result<()> {
        self.fetch().await.map(|_| ())
    }

    /// The filter that the subscriptions make.
    ///
    /// # Errors
    /// Only before the first successful read.
    pub(crate) async fn current(&self) -> Result<Arc<SubscriptionFilter>> {
        match self.snapshot.get() {
            Some(filter) => Ok(filter),
            None => self.fetch().await,
        }
    }

    async fn fetch(&self) -> Result<Arc<SubscriptionFilter>> {
        Ok(self.snapshot.set(SubscriptionFilter::new(self.store.snapshot().await?)))
    }
}
