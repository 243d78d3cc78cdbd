//! From settings to the destination.

use outbound_http::{ClientConfig, ClientSetupError};
use settings::Settings;
use settings::destinations::tiktok::DataLimit;
use thiserror::Error;

use crate::destination::{TikTok, TikTokConfig};
use crate::map::MapConfig;
use crate::transport::Transport;

/// The settings can never lead to a connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No client can be made for `TIKTOK_URL`.
    #[error(transparent)]
    Client(#[from] ClientSetupError),
}

/// TikTok as the settings describe it; says so in the log, and warns when nothing would count.
///
/// # Errors
/// [`SetupError`] when no connection could ever be made with these settings: correct the setting that it names.
pub fn open(settings: &Settings) -> Result<TikTok, SetupError> {
    let tiktok = &settings.destinations.tiktok;
    if tiktok.test_event_code.is_some() {
        tracing::warn!("TIKTOK_TEST_EVENT_CODE is set: TikTok counts nothing of what it is sent");
    }
    tracing::info!(port = "destination", backend = "tiktok", url = %tiktok.url, "backend chosen");
    client(settings)
}

/// The same without a word in the log, for tools.
///
/// # Errors
/// As for [`open`].
pub fn client(settings: &Settings) -> Result<TikTok, SetupError> {
    let tiktok = &settings.destinations.tiktok;
    let client = ClientConfig {
        connect_timeout: tiktok.connect_timeout,
        request_timeout: tiktok.request_timeout,
        ..ClientConfig::new(tiktok.url.clone())
    };
    Ok(TikTok::new(config(settings), Transport::new(client)?))
}

/// What TikTok requires of conversions, and how they become its events.
#[must_use]
pub fn config(settings: &Settings) -> TikTokConfig {
    let tiktok = &settings.destinations.tiktok;
    let map = MapConfig {
        event_names: tiktok.event_names,
        currency: settings.reporting.currency.clone(),
        default_page_url: tiktok.default_page_url.as_ref().map(ToString::to_string),
        limited_data_use: tiktok.limited_data_use.map(|limit| limit == DataLimit::True),
    };
    TikTokConfig {
        reports_crawlers: settings.reporting.report_crawlers,
        test_event_code: tiktok.test_event_code.clone(),
        ..TikTokConfig::new(map)
    }
}
