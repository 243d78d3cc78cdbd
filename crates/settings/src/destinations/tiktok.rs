//! What TikTok is sent with every request, and whether anything is sent to it.

mod values;

use std::time::Duration;

use url::Url;

use crate::address::{web_address, web_page};
use crate::reader::Reader;
use crate::setting::{R, section};

pub use values::{DataLimit, EventNames};

section! {
    /// TikTok.
    pub struct TikTokSettings in "TikTok";
    /// Report conversions of TikTok, too; otherwise they end as unsupported_traffic_source.
    enabled: bool = "TIKTOK_ENABLED", "false", R, switch();
    /// Address of TikTok's Business API, or of a sandbox.
    url: Url = "TIKTOK_URL", "https://business-api.tiktok.com", R, parsed(web_address);
    /// standard, or legacy for ad groups trained on CompletePayment.
    event_names: EventNames = "TIKTOK_EVENT_NAMES", "standard", R, word();
    /// Page of conversions that name neither address nor domain.
    default_page_url: Option<Url> = "TIKTOK_DEFAULT_PAGE_URL", "", R, optional(web_page);
    /// Shows events in the Test Events tab only: TikTok counts none of them.
    test_event_code: Option<String> = "TIKTOK_TEST_EVENT_CODE", "", R, optional_text();
    /// true or false is said with every event; unset: nothing is said.
    limited_data_use: Option<DataLimit> = "TIKTOK_LIMITED_DATA_USE", "", R, optional_word();
    /// Longest time for one request.
    request_timeout: Duration = "TIKTOK_REQUEST_TIMEOUT_MS", "10000", R, millis(100..=600_000);
    /// Longest time for a connection.
    connect_timeout: Duration = "TIKTOK_CONNECT_TIMEOUT_MS", "3000", R, millis(100..=60_000);
}

impl TikTokSettings {
    /// The longest time for one request, and the setting that says it. Without TikTok there is none.
    pub(crate) const fn request_time(&self) -> (Duration, &'static str) {
        let time = if self.enabled { self.request_timeout } else { Duration::ZERO };
        (time, "TIKTOK_REQUEST_TIMEOUT_MS")
    }

    /// Settings that are fine alone and wrong together.
    pub(crate) fn check(&self, reader: &mut Reader<'_>) {
        if self.connect_timeout > self.request_timeout {
            reader.problem("TIKTOK_CONNECT_TIMEOUT_MS: must not exceed TIKTOK_REQUEST_TIMEOUT_MS");
        }
    }
}
