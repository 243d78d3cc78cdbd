#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod absent;
#[cfg(feature = "aws")]
mod aws;
#[cfg(any(feature = "aws", feature = "clickhouse", feature = "mongodb", feature = "postgres"))]
mod checked;
#[cfg(feature = "clickhouse")]
mod clickhouse;
mod destination;
mod diagnose;
mod embedded;
mod log;
mod migrate;
#[cfg(feature = "mongodb")]
mod mongodb;
mod notices;
mod opener;
mod port_set;
mod ports;
#[cfg(feature = "postgres")]
mod postgres;
mod provision;
mod upload;

#[cfg(not(feature = "aws"))]
use absent::aws;
#[cfg(not(feature = "clickhouse"))]
use absent::clickhouse;
#[cfg(not(feature = "mongodb"))]
use absent::mongodb;
#[cfg(not(feature = "postgres"))]
use absent::postgres;

use std::sync::Arc;

use ::ports::Clock;
use settings::{Service, Settings};

pub use destination::destinations;
pub use diagnose::diagnoses;
pub use migrate::migrate;
pub use notices::{NoticeWebhook, notices};
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
    /// The webhook's address, or what secures the way to it, is wrong; exit 64.
    #[error("the operator cannot be notified")]
    Notices(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl OpenError {
    /// A destination that cannot be set up.
    pub fn of_destination(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Destination(Box::new(error))
    }
}

/// A set of ports that can be opened as the settings say. No backend is replaced by another: one with an address that cannot
/// be used is an error.
pub trait OpenPorts: Sized {
    /// Opens what the settings name.
    ///
    /// # Errors
    /// The first [`OpenError`] met: show its text, which says what to do, and end with the exit code that its kind names.
    fn open(opener: &mut Opener<'_>) -> impl Future<Output = Result<Self, OpenError>> + Send;
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
    aws::cloudwatch(settings, service.name(), clock).await
}
