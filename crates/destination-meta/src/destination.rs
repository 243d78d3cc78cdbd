//! Meta's Conversions API as a [`Destination`].

mod probe;
mod report;
mod requirements;
mod without_fbc;

use std::io::Write;

use async_trait::async_trait;
use bytes::Bytes;
use domain::expand::increment;
use domain::validate::{Requirements, Valid};
use domain::{Conversion, ConversionKey, PixelCode, Platform, PlatformRules, Reason, Reasons, UnixMillis};
use ports::Destination;
use ports::destination::{Answer, PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;
use secrecy::SecretString;

use crate::map::{MapConfig, prepare, prepare_events, put_text};
use crate::proof::AppSecret;
use crate::transport::Transport;

pub use probe::{Probe, Standing};
use report::server_time;
pub use report::{answered, unanswered};
pub use requirements::{DEADLINE_MARGIN, PLATFORM, REPORTING_WINDOW};
pub use settings::destinations::meta::{NotAPartnerAgent, PartnerAgent};
pub use without_fbc::without_fbc;

/// Meta's limit: 1,000 events in `data` ([Using the API], read 2026-11-23).
///
/// [Using the API]: https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api
pub const MAX_EVENTS_PER_REQUEST: usize = 1_000;

/// What goes into every request.
#[derive(Debug, Clone)]
pub struct MetaConfig {
    /// Graph API version: `v25.0`.
    pub version: String,
    /// Shows events in Events Manager's test view. Meta counts them all the same.
    pub test_event_code: Option<String>,
    /// The sender's name.
    pub partner_agent: PartnerAgent,
    /// Whether the clicks of crawlers are reported, too.
    pub reports_crawlers: bool,
    /// With it every request proves that it comes from the token's app.
    pub app_secret: Option<AppSecret>,
    /// How conversions become events.
    pub map: MapConfig,
}

impl MetaConfig {
    /// The usual: no test view, our own name, no proof.
    #[must_use]
    pub fn new(version: impl Into<String>, map: MapConfig) -> Self {
        Self {
            version: version.into(),
            test_event_code: None,
            partner_agent: PartnerAgent::default(),
            reports_crawlers: false,
            app_secret: None,
            map,
        }
    }

    /// The events of a conversion, or of a part of it.
    ///
    /// # Errors
    /// See [`prepare`].
    pub fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        portion: Portion,
    ) -> Result<Vec<PreparedEvent>, Reason> {
        match portion {
            Portion::Full => prepare(&self.map, key, valid),
            Portion::Increment { first, purchases, value } => {
                prepare_events(&self.map, valid, increment(key, first, purchases, value))
            }
        }
    }

    /// The body of a request. The proof travels here and the token in a header: neither ever stands in the address.
    #[must_use]
    pub fn body<'e>(
        &self,
        events: impl Iterator<Item = &'e [u8]> + Clone,
        token: &SecretString,
        test: bool,
    ) -> Bytes {
        let size = events.clone().map(|e| e.len() + 1).sum::<usize>() + 300;
        let mut body = Vec::with_capacity(size);
        body.extend_from_slice(br#"{"data":["#);
        for (i, event) in events.enumerate() {
            if i > 0 {
                body.push(b',');
            }
            body.extend_from_slice(event);
        }
        body.extend_from_slice(br#"],"partner_agent":"#);
        put_text(&mut body, self.partner_agent.as_str());
        if let Some(secret) = &self.app_secret {
            let proof = secret.proof(token);
            write!(body, r#","appsecret_proof":"{}","appsecret_time":{}"#, proof.digits, proof.time_s)
                .expect("writing to memory never fails");
        }
        if let Some(code) = self.test_event_code.as_deref().filter(|_| test) {
            body.extend_from_slice(br#","test_event_code":"#);
            put_text(&mut body, code);
        }
        body.push(b'}');
        Bytes::from(body)
    }
}

/// Meta.
///
/// ```
/// use destination_meta::destination::{Meta, MetaConfig};
/// use destination_meta::map::{DataProcessing, EventNames, MapConfig};
/// use destination_meta::transport::Transport;
/// use outbound_http::ClientConfig;
///
/// let map = MapConfig {
///     event_names: EventNames::Standard,
///     currency: "USD".to_owned(),
///     default_event_source_url: None,
///     data_processing: DataProcessing::Unsaid,
/// };
/// // The sandbox of Meta; nothing is connected yet.
/// let transport = Transport::new(ClientConfig::new("http://127.0.0.1:8787".parse()?))?;
/// let meta = Meta::new(MetaConfig::new("v25.0", map), transport);
/// # drop(meta);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Meta {
    config: MetaConfig,
    transport: Transport,
}

impl Meta {
    /// Meta, or its sandbox, at the transport's address.
    #[must_use]
    pub const fn new(config: MetaConfig, transport: Transport) -> Self {
        Self { config, transport }
    }
}

impl Requirements for Meta {
    fn rules(&self) -> PlatformRules {
        self.config.rules()
    }

    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        self.config.check(conversion)
    }

    fn has_click(&self, conversion: &Conversion<'_>) -> bool {
        self.config.has_click(conversion)
    }
}

#[async_trait]
impl Destination for Meta {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        portion: Portion,
    ) -> Result<Vec<PreparedEvent>, Reason> {
        self.config.prepare(key, valid, portion)
    }

    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport {
        let body = self.config.body(events.iter().map(|e| &*e.payload), &credential.token, true);
        match self.transport.post_events(&self.config.version, pixel.as_str(), &credential.token, body).await
        {
            Ok(reply) => answered(&reply, events.len()),
            Err(error) => unanswered(&error, events.len()),
        }
    }

    fn without_what_was_refused(&self, event: &PreparedEvent, answer: &Answer) -> Option<PreparedEvent> {
        without_fbc(event, answer)
    }

    async fn server_time(&self) -> Option<UnixMillis> {
        server_time(&self.transport.get_nothing(&self.config.version).await.ok()?)
    }
}
