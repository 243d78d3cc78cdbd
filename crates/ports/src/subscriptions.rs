//! The campaigns whose conversions are reported.

use std::fmt;

use async_trait::async_trait;
use domain::Money;
use serde::{Deserialize, Serialize};

use crate::Result;

/// A campaign that is to be reported. All conditions must hold; one that only has an id takes every row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The ad platform's campaign id, exactly as rows carry it.
    pub id: String,
    /// `false` takes no row, as if it were not there, and keeps what is known about it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Only rows of these feed networks, by name; empty: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// Only rows of visitors in these countries, ISO 3166-1 alpha-2; empty: in all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Only rows that earned at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_revenue: Option<Money>,
    /// For people: why, or who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Subscription {
    /// A subscription that takes every row of a campaign.
    #[must_use]
    pub fn of(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            enabled: true,
            networks: Vec::new(),
            countries: Vec::new(),
            min_revenue: None,
            note: None,
        }
    }
}

const fn yes() -> bool {
    true
}

/// The table of subscriptions.
#[async_trait]
pub trait SubscriptionStore: fmt::Debug + Send + Sync {
    /// All of them, in the order of their ids.
    async fn snapshot(&self) -> Result<Vec<Subscription>>;

    /// Whether a snapshot costs next to nothing, so that it may be taken for every file. Where each read is billed and takes its
    /// time, one that is made now and then has to do.
    fn is_cheap(&self) -> bool {
        true
    }

    /// Adds or replaces subscriptions.
    async fn put(&self, subscriptions: &[Subscription]) -> Result<()>;

    /// Removes a subscription; `false` when there was none.
    async fn remove(&self, id: &str) -> Result<bool>;
}
