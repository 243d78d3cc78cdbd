//! A valid conversion into Meta's server events, as JSON text.
//!
//! The part that all events of a conversion share, the visitor's data above all, is normalised, hashed and written once.

mod user_data;

use std::io::Write;
use std::ops::Range;

use bytes::Bytes;
use domain::expand::{Event, EventKind, expand};
use domain::row::Conversion;
use domain::validate::Valid;
use domain::{ConversionKey, Reason};
use ports::destination::PreparedEvent;

/// The spelling of event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventNames {
    /// Meta's standard names: optimised for, and deduplicated against the pixel's own events.
    Standard,
    /// The original's "Page View" and "View content", for ad sets that were trained on them.
    Legacy,
}

/// What the mapping needs beside the conversion.
#[derive(Debug, Clone)]
pub struct MapConfig {
    /// The spelling of event names.
    pub event_names: EventNames,
    /// ISO 4217 code of the feeds' amounts, upper case; a row's own `currency` goes first.
    pub currency: String,
    /// The page of conversions that do not say where they happened.
    pub default_event_source_url: Option<String>,
}

/// Events of a request of about this many bytes fit into one allocation.
const EVENT_BYTES: usize = 1_200;

/// Writes the events of a conversion.
///
/// # Errors
/// [`Reason::InsufficientData`] when the page of the event is not known: Meta requires it of website events.
pub fn prepare(
    config: &MapConfig,
    key: &ConversionKey,
    valid: &Valid<'_, '_>,
) -> Result<Vec<PreparedEvent>, Reason> {
    prepare_events(config, valid, expand(key, valid))
}

/// Writes given events of a conversion.
///
/// # Errors
/// See [`prepare`].
pub fn prepare_events(
    config: &MapConfig,
    valid: &Valid<'_, '_>,
    events: impl Iterator<Item = Event>,
) -> Result<Vec<PreparedEvent>, Reason> {
    let conversion = valid.conversion();
    let shared = shared_part(config, valid)?;
    let (total, _) = events.size_hint();
    let mut text = Vec::with_capacity(total * shared.len().max(EVENT_BYTES));
    let mut spans: Vec<(Event, Range<usize>)> = Vec::with_capacity(total);
    for event in events {
        let start = text.len();
        write_event(&mut text, config, conversion, &event, &shared);
        spans.push((event, start..text.len()));
    }
    let text = Bytes::from(text);
    let prepared = spans.into_iter().map(|(event, span)| PreparedEvent {
        position: event.position,
        id: event.id,
        value: event.value,
        payload: text.slice(span),
    });
    Ok(prepared.collect())
}

/// `","event_time":...,"action_source":...,"event_source_url":...,"user_data":{...}`; follows the event id.
fn shared_part(config: &MapConfig, valid: &Valid<'_, '_>) -> Result<Vec<u8>, Reason> {
    let mut text = Vec::with_capacity(EVENT_BYTES);
    let event_time_s = valid.click_time().0;
    put(
        &mut text,
        format_args!(r#"","event_time":{event_time_s},"action_source":"website","event_source_url":"#),
    );
    let conversion = valid.conversion();
    let given = conversion
        .event_source_url
        .as_deref()
        .filter(|u| u.starts_with("https://") || u.starts_with("http://"));
    match (given, conversion.domain_name.as_deref(), &config.default_event_source_url) {
        (Some(url), _, _) => put_text(&mut text, url),
        (None, Some(domain), _) => put_text(&mut text, &format!("https://{domain}/")),
        (None, None, Some(default)) => put_text(&mut text, default),
        (None, None, None) => return Err(Reason::InsufficientData),
    }
    text.extend_from_slice(br#","user_data":"#);
    user_data::write(&mut text, conversion, valid.click_time())?;
    Ok(text)
}

fn write_event(
    text: &mut Vec<u8>,
    config: &MapConfig,
    conversion: &Conversion<'_>,
    event: &Event,
    shared: &[u8],
) {
    let name = match config.event_names {
        EventNames::Standard => event.kind.standard_name(),
        EventNames::Legacy => event.kind.legacy_name(),
    };
    text.extend_from_slice(br#"{"event_name":""#);
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(br#"","event_id":""#);
    text.extend_from_slice(event.id.as_str().as_bytes());
    text.extend_from_slice(shared);
    if let (EventKind::Purchase, Some(value)) = (event.kind, event.value) {
        put(text, format_args!(r#","custom_data":{{"value":{value},"currency":"#));
        put_text(text, &currency(conversion, config));
        if let Some(order) = conversion.order_id.as_deref() {
            text.extend_from_slice(br#","order_id":"#);
            put_text(text, order);
        }
        text.push(b'}');
    }
    text.push(b'}');
}

/// The row's currency where it has the form of one, in upper case; else the configured one.
fn currency<'c>(conversion: &Conversion<'_>, config: &'c MapConfig) -> std::borrow::Cow<'c, str> {
    match conversion.currency.as_deref() {
        Some(code) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic()) => {
            code.to_ascii_uppercase().into()
        }
        _ => config.currency.as_str().into(),
    }
}

/// Writes text as a JSON string.
fn put_text(text: &mut Vec<u8>, value: &str) {
    serde_json::to_writer(text, value).expect("a string serialises, and writing to memory never fails");
}

fn put(text: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("writing to memory never fails");
}

#[cfg(test)]
mod tests;
