//! Meta's Conversions API, or what stands in for it.

use std::sync::Arc;

use capi::destination::{Meta, MetaConfig};
use capi::map::MapConfig;
use capi::proof::AppSecret;
use capi::transport::{Transport, TransportConfig};
use ports::{Clock, Destination};
use settings::Settings;

use crate::OpenError;

/// The destination that the settings name; warns when its version ends soon.
///
/// # Errors
/// [`OpenError::Destination`] when no connection could ever be made with these settings.
pub fn meta(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Destination>, OpenError> {
    let meta = &settings.meta;
    if let Some(warning) = capi::version::warning(&meta.graph_version, clock.now()) {
        tracing::warn!(warning, "Graph API version");
    }
    tracing::info!(port = "destination", backend = "meta", url = %meta.graph_url, version = meta.graph_version, "backend chosen");
    Ok(Arc::new(meta_client(settings, clock)?))
}

/// The same as Meta itself, for what only Meta can do.
///
/// # Errors
/// [`OpenError::Destination`] when no connection could ever be made with these settings.
pub fn meta_client(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Meta, OpenError> {
    let meta = &settings.meta;
    let transport = TransportConfig {
        connect_timeout: meta.connect_timeout,
        request_timeout: meta.request_timeout,
        ..TransportConfig::new(meta.graph_url.clone())
    };
    let transport = Transport::new(transport).map_err(refused)?;
    let config = MetaConfig {
        test_event_code: meta.test_event_code.clone(),
        partner_agent: meta.partner_agent.clone(),
        app_secret: meta.app_secret.clone().map(|secret| AppSecret::new(secret, Arc::clone(clock))),
        ..MetaConfig::new(&meta.graph_version, map_config(settings)?)
    };
    Ok(Meta::new(config, transport))
}

/// How conversions become events.
///
/// # Errors
/// [`OpenError::Destination`] when the settings name a place that Meta does not know.
pub fn map_config(settings: &Settings) -> Result<MapConfig, OpenError> {
    let meta = &settings.meta;
    Ok(MapConfig {
        event_names: meta.event_names,
        currency: settings.reporting.currency.clone(),
        default_event_source_url: meta.default_event_source_url.as_ref().map(ToString::to_string),
        data_processing: meta.data_processing().map_err(refused)?,
    })
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> OpenError {
    OpenError::Destination(Box::new(error))
}
