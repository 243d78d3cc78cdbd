//! The campaigns whose conversions are reported.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::Result;

/// A campaign that somebody wants reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The ad platform's campaign id, exactly as rows carry it.
    pub id: String,
    /// For people: why, or who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The table of subscriptions.
#[async_trait]
pub trait SubscriptionStore: Send + Sync {
    /// All of them, in the order of their ids.
    async fn snapshot(&self) -> Result<Vec<Subscription>>;

    /// Adds or replaces subscriptions.
    async fn put(&self, subscriptions: &[Subscription]) -> Result<()>;

    /// Removes a subscription; `false` when there was none.
    async fn remove(&self, id: &str) -> Result<bool>;
}
