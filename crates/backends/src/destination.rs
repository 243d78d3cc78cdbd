//! Meta's Conversions API, or what stands in for it.

use std::sync::Arc;

use capi::destination::{Meta, MetaConfig};
use capi::map::{EventNames, MapConfig};
use capi::transport::{Transport, TransportConfig};
use ports::Destination;
use settings::{EventNames as Names, Settings};

use crate::OpenError;

/// The destination that the settings name.
///
/// # Errors
/// [`OpenError::Destination`] when no connection could ever be made with these settings.
pub fn meta(settings: &Settings) -> Result<Arc<dyn Destination>, OpenError> {
    let meta = &settings.meta;
    let transport = TransportConfig {
        connect_timeout: meta.connect_timeout,
        request_timeout: meta.request_timeout,
        ..TransportConfig::new(meta.graph_url.clone())
    };
    let transport = Transport::new(transport).map_err(|e| OpenError::Destination(Box::new(e)))?;
    let map = MapConfig {
        event_names: match meta.event_names {
            Names::Standard => EventNames::Standard,
            Names::Legacy => EventNames::Legacy,
        },
        currency: meta.currency.clone(),
        default_event_source_url: meta.default_event_source_url.as_ref().map(ToString::to_string),
    };
    let config = MetaConfig {
        version: meta.graph_version.clone(),
        test_event_code: meta.test_event_code.clone(),
        map,
    };
    tracing::info!(port = "destination", backend = "meta", url = %meta.graph_url, version = meta.graph_version, "backend chosen");
    Ok(Arc::new(Meta::new(config, transport)))
}
