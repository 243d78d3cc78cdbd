//! What Meta is sent with every request.

mod values;

use std::time::Duration;

use secrecy::SecretString;
use strum::{EnumString, VariantNames};
use url::Url;

use crate::address::{web_address, web_page};
use crate::reader::Reader;
use crate::setting::{R, section};

pub use values::{DataProcessing, EventNames, NotAPartnerAgent, NotAPlace, PartnerAgent, Place};

section! {
    /// Meta.
    pub struct MetaSettings in "Meta";
    /// Address of the Graph API, or of a sandbox.
    graph_url: Url = "META_GRAPH_URL", "https://graph.facebook.com", R, parsed(web_address);
    /// Graph API version; v25.0 is served until 29 July 2028.
    graph_version: String = "META_GRAPH_VERSION", "v25.0", R, shaped("a version such as v25.0", version);
    /// standard, or legacy for ad sets trained on "Page View" and "View content".
    event_names: EventNames = "META_EVENT_NAMES", "standard", R, word();
    /// Page of conversions that name neither address nor domain.
    default_event_source_url: Option<Url> = "META_DEFAULT_EVENT_SOURCE_URL", "", R, optional(web_page);
    /// Shows events in Events Manager's test view; Meta counts them all the same.
    test_event_code: Option<String> = "META_TEST_EVENT_CODE", "", R, optional_text();
    /// Who sends, for Meta: 2 to 22 characters.
    partner_agent: PartnerAgent = "META_PARTNER_AGENT", "efflux_1_0", R, shaped(
        "a name of 2 to 22 letters, digits, `_`, `-` or `.`, at least two of them letters,",
        |name| PartnerAgent::new(name).ok()
    );
    /// Secret of the tokens' app; with it every request carries appsecret_proof.
    app_secret: Option<SecretString> = "META_APP_SECRET", "", R, graphic_secret();
    /// LDU: limited data use; none: explicitly unlimited; unset: nothing is said.
    data_use: Option<DataUse> = "META_DATA_PROCESSING_OPTIONS", "", R, optional_word();
    /// With LDU: 1 for the United States, 0 lets Meta find out.
    data_use_country: u8 = "META_DATA_PROCESSING_OPTIONS_COUNTRY", "0", R, number(0..=1);
    /// With LDU and country 1: 1000 (California) to 1013, 0 lets Meta find out.
    data_use_state: u16 = "META_DATA_PROCESSING_OPTIONS_STATE", "0", R, number(0..=1013);
    /// Longest time for one request.
    request_timeout: Duration = "META_REQUEST_TIMEOUT_MS", "10000", R, millis(100..=600_000);
    /// Longest time for a connection.
    connect_timeout: Duration = "META_CONNECT_TIMEOUT_MS", "3000", R, millis(100..=60_000);
}

/// What Meta may do with the data of people of the United States, where anything is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(ascii_case_insensitive)]
pub enum DataUse {
    /// Limited data use.
    #[strum(serialize = "LDU")]
    Limited,
    /// Everything, explicitly.
    #[strum(serialize = "none")]
    Unlimited,
}

impl MetaSettings {
    /// The three settings of limited data use as one.
    ///
    /// # Errors
    /// [`NotAPlace`] when country and state do not fit together, which [`Settings::load`](crate::Settings::load) refuses.
    pub fn data_processing(&self) -> Result<DataProcessing, NotAPlace> {
        let place = Place::new(self.data_use_country, self.data_use_state)?;
        Ok(match self.data_use {
            Some(DataUse::Limited) => DataProcessing::Limited(place),
            Some(DataUse::Unlimited) => DataProcessing::Unlimited,
            None => DataProcessing::Unsaid,
        })
    }

    /// The longest time for one request, and the setting that says it.
    pub(crate) const fn request_time(&self) -> (Duration, &'static str) {
        (self.request_timeout, "META_REQUEST_TIMEOUT_MS")
    }

    /// Settings that are fine alone and wrong together.
    pub(crate) fn check(&self, reader: &mut Reader<'_>) {
        if self.data_processing().is_err() {
            reader.problem("META_DATA_PROCESSING_OPTIONS_STATE: 0 or, with META_DATA_PROCESSING_OPTIONS_COUNTRY=1, a number from 1000 to 1013 is needed");
        }
        let place_given = (self.data_use_country, self.data_use_state) != (0, 0);
        if place_given && !reader.is_set("META_DATA_PROCESSING_OPTIONS") {
            reader.problem("META_DATA_PROCESSING_OPTIONS: a country or state means nothing without LDU");
        }
        if self.connect_timeout > self.request_timeout {
            reader.problem("META_CONNECT_TIMEOUT_MS: must not exceed META_REQUEST_TIMEOUT_MS");
        }
    }
}

fn version(text: &str) -> Option<String> {
    let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (number(major) && number(minor)).then(|| text.to_owned())
}
