//! A valid conversion into Meta's server events, as JSON text.
//!
//! The part that all events of a conversion share, the visitor's data above all, is normalised, hashed and written once.

mod data_processing;
mod names;
mod preview;
mod sufficient;
mod visitor;

use std::io::Write;

use domain::event::EventKind;
use domain::expand::{Event, expand};
use domain::validate::Valid;
use domain::{Conversion, ConversionKey, Reason, Reasons};
use ports::destination::{PreparedEvent, write_events};
use user_data::currency::currency;
use user_data::normalise::client_user_agent;
use user_data::page::source_url;

pub use preview::{Sent, UserField, user_fields};
pub use settings::destinations::meta::{DataProcessing, EventNames, NotAPlace, Place};

pub(crate) use sufficient::is_enough;

/// What the mapping needs beside the conversion.
#[derive(Debug, Clone)]
pub struct MapConfig {
    /// The spelling of event names.
    pub event_names: EventNames,
    /// ISO 4217 code of the feeds' amounts, upper case; a row's own `currency` goes first.
    pub currency: String,
    /// The page of conversions that do not say where they happened.
    pub default_event_source_url: Option<String>,
    /// Limited data use, said with every event.
    pub data_processing: DataProcessing,
}

/// Events of a request of about this many bytes fit into one allocation.
const EVENT_BYTES: usize = 1_200;

/// Why the mapping would refuse a conversion for what its row says, found before anything is claimed for it.
pub(crate) fn refusals(config: &MapConfig, conversion: &Conversion<'_>) -> Reasons {
    let has_agent = conversion.user_agent.as_deref().is_some_and(|agent| client_user_agent(agent).is_ok());
    let has_page = source_url(conversion, config.default_event_source_url.as_deref()).is_some();
    let lacks = (!has_agent || !has_page).then_some(Reason::InsufficientData);
    let bad_currency = currency(conversion.currency.as_deref(), &config.currency).err();
    [lacks, bad_currency].into_iter().flatten().collect()
}

/// Writes the events of a conversion.
///
/// # Errors
/// [`Reason::InsufficientData`] when the page of the event or the visitor's agent is not known, which Meta requires of website
/// events, or when too little is known of the visitor; [`Reason::Malformed`] when the row names an invalid currency.
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
    let currency = currency(valid.conversion().currency.as_deref(), &config.currency)?;
    let order_id = conversion.order_id.as_deref();
    Ok(write_events(events, shared.len().max(EVENT_BYTES), |text, event| {
        write_event(text, config.event_names, event, &shared, (&currency, order_id));
    }))
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
    let page = source_url(conversion, config.default_event_source_url.as_deref());
    put_text(&mut text, &page.ok_or(Reason::InsufficientData)?);
    data_processing::write(config.data_processing, &mut text);
    text.extend_from_slice(br#","user_data":"#);
    visitor::write(&mut text, conversion, valid.click_time())?;
    Ok(text)
}

/// `shared` is what all events of the conversion share; `currency` and `order_id` go with the value of a Purchase.
fn write_event(
    text: &mut Vec<u8>,
    names: EventNames,
    event: &Event,
    shared: &[u8],
    (currency, order_id): (&str, Option<&str>),
) {
    text.extend_from_slice(br#"{"event_name":""#);
    text.extend_from_slice(names::name(names, event.kind).as_bytes());
    text.extend_from_slice(br#"","event_id":""#);
    text.extend_from_slice(event.id.as_str().as_bytes());
    text.extend_from_slice(shared);
    if let (EventKind::Purchase, Some(value)) = (event.kind, event.value) {
        put(text, format_args!(r#","custom_data":{{"value":{value},"currency":"#));
        put_text(text, currency);
        if let Some(order) = order_id {
            text.extend_from_slice(br#","order_id":"#);
            put_text(text, order);
        }
        text.push(b'}');
    }
    text.push(b'}');
}

/// Writes text as a JSON string.
pub(crate) fn put_text(text: &mut Vec<u8>, value: &str) {
    serde_json::to_writer(text, value).expect("a string serialises, and writing to memory never fails");
}

fn put(text: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("writing to memory never fails");
}

#[cfg(test)]
mod tests;
