//! TikTok's Events API as a [`Destination`].

mod report;
mod requirements;

use async_trait::async_trait;
use bytes::Bytes;
use domain::expand::increment;
use domain::validate::{Requirements, Valid};
use domain::{Conversion, ConversionKey, PixelCode, Platform, PlatformRules, Reason, Reasons, UnixMillis};
use ports::Destination;
use ports::destination::{PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;

use crate::map::{MapConfig, prepare, prepare_events, put_text};
use crate::transport::Transport;

use report::server_time;
pub use report::{answered, unanswered};
pub use requirements::{MAX_EVENTS_PER_REQUEST, PLATFORM};

/// What goes into every request.
#[derive(Debug, Clone)]
pub struct TikTokConfig {
    /// Shows events in the Test Events tab, and nowhere else.
    pub test_event_code: Option<String>,
    /// Whether the clicks of crawlers are reported, too.
    pub reports_crawlers: bool,
    /// How conversions become events.
    pub map: MapConfig,
}

impl TikTokConfig {
    /// The usual: no test view.
    #[must_use]
    pub const fn new(map: MapConfig) -> Self {
        Self { test_event_code: None, reports_crawlers: false, map }
    }

    /// The body of a request: events of one pixel. The token travels in a header.
    #[must_use]
    pub fn body<'e>(&self, pixel: &PixelCode, events: impl Iterator<Item = &'e [u8]> + Clone) -> Bytes {
        let size = events.clone().map(|e| e.len() + 1).sum::<usize>() + 200;
        let mut body = Vec::with_capacity(size);
        body.extend_from_slice(br#"{"event_source":"web","event_source_id":"#);
        put_text(&mut body, pixel.as_str());
        if let Some(code) = &self.test_event_code {
            body.extend_from_slice(br#","test_event_code":"#);
            put_text(&mut body, code);
        }
        body.extend_from_slice(br#","data":["#);
        for (i, event) in events.enumerate() {
            if i > 0 {
                body.push(b',');
            }
            body.extend_from_slice(event);
        }
        body.extend_from_slice(b"]}");
        Bytes::from(body)
    }
}

/// TikTok.
///
/// ```
/// use destination_tiktok::destination::{TikTok, TikTokConfig};
/// use destination_tiktok::map::{EventNames, MapConfig};
/// use destination_tiktok::transport::Transport;
/// use outbound_http::ClientConfig;
///
/// let map = MapConfig {
///     event_names: EventNames::Standard,
///     currency: "USD".to_owned(),
///     default_page_url: None,
///     limited_data_use: None,
/// };
/// // The sandbox of TikTok; nothing is connected yet.
/// let transport = Transport::new(ClientConfig::new("http://127.0.0.1:8788".parse()?))?;
/// let tiktok = TikTok::new(TikTokConfig::new(map), transport);
/// # drop(tiktok);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TikTok {
    config: TikTokConfig,
    transport: Transport,
}

impl TikTok {
    /// TikTok, or its sandbox, at the transport's address.
    #[must_use]
    pub const fn new(config: TikTokConfig, transport: Transport) -> Self {
        Self { config, transport }
    }

    /// Whether what it sends is only shown as a test.
    pub(crate) const fn is_test(&self) -> bool {
        self.config.test_event_code.is_some()
    }
}

impl Requirements for TikTok {
    fn rules(&self) -> PlatformRules {
        self.config.rules()
    }

    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        self.config.check(conversion)
    }
}

#[async_trait]
impl Destination for TikTok {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        portion: Portion,
    ) -> Result<Vec<PreparedEvent>, Reason> {
        let map = &self.config.map;
        match portion {
            Portion::Full => prepare(map, key, valid),
            Portion::Increment { first, purchases, value } => {
                prepare_events(map, valid, increment(key, first, purchases, value))
            }
        }
    }

    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport {
        let body = self.config.body(pixel, events.iter().map(|e| &*e.payload));
        match self.transport.post_events(&credential.token, body).await {
            Ok(reply) => answered(&reply, events.len()),
            Err(error) => unanswered(&error, events.len()),
        }
    }

    async fn server_time(&self) -> Option<UnixMillis> {
        server_time(&self.transport.get_nothing().await.ok()?)
    }
}
