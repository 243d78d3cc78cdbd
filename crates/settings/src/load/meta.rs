//! What Meta is told with every request.

use secrecy::SecretString;
use url::Url;

use super::web_address;
use crate::reader::Reader;
use crate::types::{DataProcessing, EventNames, MetaSettings, OnUnknownOutcome};

pub(super) fn load(reader: &mut Reader<'_>) -> MetaSettings {
    // The default is an address.
    let fallback = || Url::parse("https://graph.facebook.com").expect("a constant that is an address");
    MetaSettings {
        graph_url: reader.parsed("META_GRAPH_URL", web_address).unwrap_or_else(fallback),
        graph_version: checked(reader, "META_GRAPH_VERSION", is_version, "a version such as v25.0"),
        event_names: reader.choice(
            "META_EVENT_NAMES",
            &[("standard", EventNames::Standard), ("legacy", EventNames::Legacy)],
        ),
        currency: checked(reader, "META_CURRENCY", is_currency, "a code of three letters")
            .to_ascii_uppercase(),
        default_event_source_url: reader.parsed("META_DEFAULT_EVENT_SOURCE_URL", web_address),
        test_event_code: reader.optional("META_TEST_EVENT_CODE"),
        partner_agent: checked(
            reader,
            "META_PARTNER_AGENT",
            is_agent,
            "a name of 2 to 22 letters, digits, `_`, `-` or `.`, at least two of them letters,",
        ),
        app_secret: app_secret(reader),
        data_processing: data_processing(reader),
        on_unknown_outcome: reader.choice(
            "META_ON_UNKNOWN_OUTCOME",
            &[("resend", OnUnknownOutcome::Resend), ("hold", OnUnknownOutcome::Hold)],
        ),
        request_timeout: reader.millis("META_REQUEST_TIMEOUT_MS", 100, 600_000),
        connect_timeout: reader.millis("META_CONNECT_TIMEOUT_MS", 100, 60_000),
    }
}

/// A text that must look like something.
fn checked(reader: &mut Reader<'_>, name: &'static str, fits: fn(&str) -> bool, what: &str) -> String {
    let text = reader.text(name).to_owned();
    if !fits(&text) {
        reader.problems.push(format!("{name}: {what} is needed, not `{text}`"));
    }
    text
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').and_then(|t| t.split_once('.')).is_some_and(|(major, minor)| {
        [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Meta: under 23 characters, at least two letters.
fn is_agent(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    text.len() <= 22 && text.bytes().all(known) && text.bytes().filter(u8::is_ascii_alphabetic).count() >= 2
}

/// The value never stands in the message.
fn app_secret(reader: &mut Reader<'_>) -> Option<SecretString> {
    let secret = reader.optional("META_APP_SECRET")?;
    if !secret.bytes().all(|b| b.is_ascii_graphic()) {
        reader
            .problems
            .push("META_APP_SECRET: the secret holds characters that none has; copy it again".to_owned());
    }
    Some(SecretString::from(secret))
}

fn data_processing(reader: &mut Reader<'_>) -> DataProcessing {
    const OPTIONS: &str = "META_DATA_PROCESSING_OPTIONS";
    let country = reader.number("META_DATA_PROCESSING_OPTIONS_COUNTRY", 0, 1);
    let state: u16 = reader.number("META_DATA_PROCESSING_OPTIONS_STATE", 0, 1013);
    if state != 0 && !(country == 1 && state >= 1000) {
        reader.problems.push(
            "META_DATA_PROCESSING_OPTIONS_STATE: 0 or, with META_DATA_PROCESSING_OPTIONS_COUNTRY=1, a number from 1000 to 1013 is needed"
                .to_owned(),
        );
    }
    let limited = DataProcessing::Limited { country, state };
    match reader.optional(OPTIONS) {
        Some(_) => reader.choice(OPTIONS, &[("LDU", limited), ("none", DataProcessing::Unlimited)]),
        None => {
            if (country, state) != (0, 0) {
                reader.problems.push(format!("{OPTIONS}: a country or state means nothing without LDU"));
            }
            DataProcessing::Unsaid
        }
    }
}
