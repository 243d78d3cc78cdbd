#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod destination;
mod embedded;

use std::sync::Arc;

use ports::{
    AnalyticsStore, BlobStore, Clock, EventQueue, PixelDirectory, ReportLedger, SubscriptionStore, Turns,
};
use settings::Settings;

pub use destination::meta;

/// Every port but the destination.
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
    pub ledger: Arc<dyn ReportLedger>,
    /// Analytics.
    pub analytics: Arc<dyn AnalyticsStore>,
    /// Whose turn it is.
    pub turns: Arc<dyn Turns>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// Why the backends could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// An address is set whose adapter is not in this build; exit 64.
    #[error("this build has no adapter for {}: unset it to use the embedded backend, or use a build that has it", .settings.join(", "))]
    NotInThisBuild {
        /// Names of the settings.
        settings: Vec<&'static str>,
    },
    /// A backend cannot be reached or opened; exit 69.
    #[error(transparent)]
    Unreachable(#[from] ports::Error),
    /// The address of the destination, or what secures the way to it, is wrong; exit 64.
    #[error("the destination cannot be set up")]
    Destination(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Opens what the settings name.
///
/// # Errors
/// [`OpenError`]; nothing falls back silently.
pub async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Ports, OpenError> {
    let without_adapter = settings.backends.addresses_set();
    if !without_adapter.is_empty() {
        return Err(OpenError::NotInThisBuild { settings: without_adapter });
    }
    embedded::open(settings, clock).await
}
