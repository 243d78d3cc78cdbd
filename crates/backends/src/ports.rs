//! The ports of each service: what it does not use is not opened.

use std::fmt;
use std::sync::Arc;

use ports::{AnalyticsStore, BlobStore, EventQueue, Ledger, PixelDirectory, SubscriptionStore, Turns};

/// What filter-svc works with.
#[derive(Clone)]
pub struct FilterPorts {
    /// Notifications of interpreted files.
    pub trigger_queue: Arc<dyn EventQueue>,
    /// Files.
    pub blobs: Arc<dyn BlobStore>,
    /// Subscribed campaigns.
    pub subscriptions: Arc<dyn SubscriptionStore>,
}

/// What reporter-svc works with, besides the destination.
#[derive(Clone)]
pub struct ReporterPorts {
    /// Notifications of filtered files.
    pub report_queue: Arc<dyn EventQueue>,
    /// Files.
    pub blobs: Arc<dyn BlobStore>,
    /// Pixels and tokens.
    pub pixels: Arc<dyn PixelDirectory>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// Analytics.
    pub analytics: Arc<dyn AnalyticsStore>,
}

/// What optimizer-svc works with.
#[derive(Clone)]
pub struct OptimizerPorts {
    /// Analytics.
    pub analytics: Arc<dyn AnalyticsStore>,
    /// Whose turn it is to optimise.
    pub turns: Arc<dyn Turns>,
}

/// All of them, for the whole in one process and for the operator's tool.
#[derive(Clone)]
pub struct Ports {
    /// Notifications of interpreted files.
    pub trigger_queue: Arc<dyn EventQueue>,
    /// Notifications of filtered files.
    pub report_queue: Arc<dyn EventQueue>,
    /// Files.
    pub blobs: Arc<dyn BlobStore>,
    /// Subscribed campaigns.
    pub subscriptions: Arc<dyn SubscriptionStore>,
    /// Pixels and tokens.
    pub pixels: Arc<dyn PixelDirectory>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// Analytics.
    pub analytics: Arc<dyn AnalyticsStore>,
    /// Whose turn it is to optimise.
    pub turns: Arc<dyn Turns>,
}

impl From<&Ports> for FilterPorts {
    fn from(all: &Ports) -> Self {
        Self {
            trigger_queue: Arc::clone(&all.trigger_queue),
            blobs: Arc::clone(&all.blobs),
            subscriptions: Arc::clone(&all.subscriptions),
        }
    }
}

impl From<&Ports> for ReporterPorts {
    fn from(all: &Ports) -> Self {
        Self {
            report_queue: Arc::clone(&all.report_queue),
            blobs: Arc::clone(&all.blobs),
            pixels: Arc::clone(&all.pixels),
            ledger: Arc::clone(&all.ledger),
            analytics: Arc::clone(&all.analytics),
        }
    }
}

impl From<&Ports> for OptimizerPorts {
    fn from(all: &Ports) -> Self {
        Self { analytics: Arc::clone(&all.analytics), turns: Arc::clone(&all.turns) }
    }
}

macro_rules! opaque {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}

opaque!(FilterPorts, ReporterPorts, OptimizerPorts, Ports);
