#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(feature = "aws")]
mod aws;
#[cfg(any(feature = "aws", feature = "clickhouse", feature = "mongodb", feature = "postgres"))]
mod checked;
#[cfg(feature = "clickhouse")]
mod clickhouse;
mod destination;
mod embedded;
mod log;
mod migrate;
#[cfg(feature = "mongodb")]
mod mongodb;
mod opener;
mod ports;
#[cfg(feature = "postgres")]
mod postgres;
mod provision;
mod upload;

use std::sync::Arc;

use ::ports::Clock;
use settings::{Service, Settings};

pub use destination::{destinations, meta_client, meta_config};
pub use migrate::migrate;
pub use opener::Opener;
pub use ports::{FilterPorts, OptimizerPorts, Ports, ReporterPorts};
pub use provision::provision;
pub use upload::{Upload, Uploading};

/// Why the backends could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// An address is set whose adapter is not in this build; exit 64.
    #[error(
        "this build has no adapter for {setting}: unset it to use the embedded backend, or use a build that has it"
    )]
    NotInThisBuild {
        /// Name of the setting.
        setting: &'static str,
    },
    /// A backend cannot be reached or opened; exit 69.
    #[error(transparent)]
    Unreachable(#[from] ::ports::Error),
    /// The address of the destination, or what secures the way to it, is wrong; exit 64.
    #[error("the destination cannot be set up")]
    Destination(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A set of ports that can be opened as the settings say. Nothing falls back silently: a backend with an address that cannot
/// be used is an error.
pub trait Open: Sized {
    /// Opens what the settings name.
    ///
    /// # Errors
    /// The first [`OpenError`] met: show its text, which says what to do, and end with the exit code that its kind names.
    fn open(
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> impl Future<Output = Result<Self, OpenError>> + Send;
}

impl Open for FilterPorts {
    async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, OpenError> {
        let mut opener = Opener::new(settings, clock);
        Ok(Self {
            trigger_queue: opener.trigger_queue().await?,
            blobs: opener.blobs().await?,
            subscriptions: opener.subscriptions().await?,
        })
    }
}

impl Open for ReporterPorts {
    async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, OpenError> {
        let mut opener = Opener::new(settings, clock);
        Ok(Self {
            report_queue: opener.report_queue().await?,
            blobs: opener.blobs().await?,
            pixels: opener.pixels().await?,
            ledger: opener.ledger().await?,
            analytics: opener.analytics().await?,
        })
    }
}

impl Open for OptimizerPorts {
    async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, OpenError> {
        let mut opener = Opener::new(settings, clock);
        Ok(Self { analytics: opener.analytics().await?, turns: opener.turns().await? })
    }
}

impl Open for Ports {
    async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, OpenError> {
        let mut opener = Opener::new(settings, clock);
        Ok(Self {
            trigger_queue: opener.trigger_queue().await?,
            report_queue: opener.report_queue().await?,
            blobs: opener.blobs().await?,
            subscriptions: opener.subscriptions().await?,
            pixels: opener.pixels().await?,
            ledger: opener.ledger().await?,
            analytics: opener.analytics().await?,
            turns: opener.turns().await?,
        })
    }
}

/// What carries metrics away, if the settings name a place for them.
///
/// # Errors
/// [`OpenError::Unreachable`] when AWS cannot be set up with these settings. Without a place for metrics there is no error.
pub async fn upload(
    settings: &Settings,
    service: Service,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Upload>, OpenError> {
    #[cfg(feature = "aws")]
    return aws::cloudwatch(settings, service.name(), clock).await;
    #[cfg(not(feature = "aws"))]
    {
        let _ = (service, clock);
        match &settings.backends.cloudwatch {
            Some(_) => Err(OpenError::NotInThisBuild { setting: "CLOUDWATCH_NAMESPACE" }),
            None => Ok(None),
        }
    }
}
