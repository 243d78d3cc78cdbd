//! The platforms that events are sent to, or what stands in for them.

use std::sync::Arc;

use destination_meta::destination::{Meta, MetaConfig};
use destination_meta::map::MapConfig;
use destination_meta::proof::AppSecret;
use destination_meta::transport::Transport;
use outbound_http::ClientConfig;
use ports::{Clock, Destination, Destinations};
use settings::Settings;

use crate::OpenError;

/// The destinations that the settings name. A further platform is a further line here.
///
/// # Errors
/// [`OpenError::Destination`] when no connection could ever be made with these settings.
pub fn destinations(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Destinations, OpenError> {
    Ok([meta(settings, clock)?].into_iter().collect())
}

/// Meta; warns when its version ends soon.
fn meta(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Destination>, OpenError> {
    let meta = &settings.meta;
    if let Some(warning) = destination_meta::version::warning(&meta.graph_version, clock.now()) {
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
    let transport = ClientConfig {
        connect_timeout: meta.connect_timeout,
        request_timeout: meta.request_timeout,
        ..ClientConfig::new(meta.graph_url.clone())
    };
    let transport = Transport::new(transport).map_err(refused)?;
    Ok(Meta::new(meta_config(settings, clock)?, transport))
}

/// What Meta requires of conversions, and how they become its events.
///
/// # Errors
/// [`OpenError::Destination`] when the settings name a place or an agent that Meta does not know.
pub fn meta_config(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<MetaConfig, OpenError> {
    let meta = &settings.meta;
    Ok(MetaConfig {
        test_event_code: meta.test_event_code.clone(),
        partner_agent: meta.partner_agent.clone(),
        app_secret: meta.app_secret.clone().map(|secret| AppSecret::new(secret, Arc::clone(clock))),
        ..MetaConfig::new(&meta.graph_version, map_config(settings)?)
    })
}

fn map_config(settings: &Settings) -> Result<MapConfig, OpenError> {
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
