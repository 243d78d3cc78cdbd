//! From settings to the destination.

use std::sync::Arc;

use outbound_http::{ClientConfig, ClientSetupError};
use ports::Clock;
use settings::Settings;
use settings::destinations::meta::NotAPlace;
use thiserror::Error;

use crate::destination::{Meta, MetaConfig};
use crate::map::MapConfig;
use crate::proof::AppSecret;
use crate::transport::Transport;
use crate::version;

/// The settings can never lead to a connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No client can be made for `META_GRAPH_URL`.
    #[error(transparent)]
    Client(#[from] ClientSetupError),
    /// `META_DATA_PROCESSING_OPTIONS` names a place that Meta does not know.
    #[error(transparent)]
    Place(#[from] NotAPlace),
}

/// Meta as the settings describe it; says so in the log, and warns when the version ends soon.
///
/// # Errors
/// [`SetupError`] when no connection could ever be made with these settings: correct the setting that it names.
pub fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Meta, SetupError> {
    let meta = &settings.destinations.meta;
    if let Some(warning) = version::warning(&meta.graph_version, clock.now()) {
        tracing::warn!(warning, "Graph API version");
    }
    tracing::info!(port = "destination", backend = "meta", url = %meta.graph_url, version = meta.graph_version, "backend chosen");
    client(settings, clock)
}

/// The same without a word in the log, for tools.
///
/// # Errors
/// As for [`open`].
pub fn client(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Meta, SetupError> {
    let meta = &settings.destinations.meta;
    let client = ClientConfig {
        connect_timeout: meta.connect_timeout,
        request_timeout: meta.request_timeout,
        ..ClientConfig::new(meta.graph_url.clone())
    };
    Ok(Meta::new(config(settings, clock)?, Transport::new(client)?))
}

/// What Meta requires of conversions, and how they become its events.
///
/// # Errors
/// [`SetupError::Place`]
pub fn config(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<MetaConfig, SetupError> {
    let meta = &settings.destinations.meta;
    let map = MapConfig {
        event_names: meta.event_names,
        currency: settings.reporting.currency.clone(),
        default_event_source_url: meta.default_event_source_url.as_ref().map(ToString::to_string),
        data_processing: meta.data_processing()?,
    };
    Ok(MetaConfig {
        reports_crawlers: settings.reporting.report_crawlers,
        test_event_code: meta.test_event_code.clone(),
        partner_agent: meta.partner_agent.clone(),
        app_secret: meta.app_secret.clone().map(|secret| AppSecret::new(secret, Arc::clone(clock))),
        ..MetaConfig::new(&meta.graph_version, map)
    })
}
