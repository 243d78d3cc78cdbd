//! Where the operator is notified of changes.

use std::sync::Arc;

use adapter_webhook::{Format, Webhook, WebhookConfig};
use ports::{Clock, MetricSink};
use settings::{NoticeFormat, Service, Settings};

use crate::OpenError;

pub use adapter_webhook::Webhook as NoticeWebhook;

/// The webhook that the settings name, if they name one. Nothing is sent before it runs.
///
/// # Errors
/// [`OpenError::Notices`] when no notice could ever be sent with these settings.
pub fn notices(
    settings: &Settings,
    service: Service,
    clock: &Arc<dyn Clock>,
    metrics: &Arc<dyn MetricSink>,
) -> Result<Option<Webhook>, OpenError> {
    let wanted = &settings.notices;
    let Some(url) = wanted.url.clone() else { return Ok(None) };
    let config = WebhookConfig {
        url,
        format: match wanted.format {
            NoticeFormat::Json => Format::Json,
            NoticeFormat::Slack => Format::Slack,
        },
        secret: wanted.secret.clone(),
        console: wanted.console.clone(),
        service: service.name(),
        environment: settings.backends.environment.clone(),
    };
    let webhook = Webhook::new(config, Arc::clone(clock), Arc::clone(metrics));
    Ok(Some(webhook.map_err(|error| OpenError::Notices(Box::new(error)))?))
}
