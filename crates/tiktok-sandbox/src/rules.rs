//! What must hold of an event beyond its schema.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use rust_decimal::Decimal;
use sandbox_kit::json::{Kind, Object, kind};
use sandbox_kit::{CheckedEvent, money};
use serde_json::value::RawValue;

use crate::refusal::Refusal;
use crate::schema::EVENT;

const DAY: i64 = 86_400;

/// The longest click-through window, and what senders take for the oldest event. TikTok documents no refusal.
const OLDEST_DAYS: i64 = 28;

/// How far ahead of the sandbox's clock an event may lie, in seconds. TikTok names no tolerance.
const AHEAD: i64 = 60;

/// The standard events, those that end in 2027, and the page view of the pixel.
const NAMES: [&str; 23] = [
    "AddPaymentInfo",
    "AddToCart",
    "AddToWishlist",
    "ApplicationApproval",
    "ClickButton",
    "CompletePayment",
    "CompleteRegistration",
    "Contact",
    "CustomizeProduct",
    "Download",
    "FindLocation",
    "InitiateCheckout",
    "Lead",
    "Pageview",
    "PlaceAnOrder",
    "Purchase",
    "Schedule",
    "Search",
    "StartTrial",
    "SubmitApplication",
    "SubmitForm",
    "Subscribe",
    "ViewContent",
];

/// Keys of apps.
const OF_APPS: [&str; 4] = ["idfa", "idfv", "gaid", "att_status"];

/// Checks one event of a source at time `now` (Unix seconds).
pub(crate) fn check<'a>(raw: &'a RawValue, source: &str, now: i64) -> Result<CheckedEvent<'a>, Refusal> {
    let event = Object::read(raw).ok_or_else(|| Refusal::wrong("Not a valid object."))?;
    EVENT.check(&event)?;
    let name = event.text("event").ok_or_else(|| Refusal::missing("event"))?;
    name_is_spelt(&name)?;
    let time = event.integer("event_time").ok_or_else(|| Refusal::missing("event_time"))?;
    time_is_near(time, now)?;
    if source == "web" {
        of_the_web(&event)?;
    }
    let (value, currency) = money_of(&event)?;
    let id = event.text("event_id");
    Ok(CheckedEvent { name, id, time, value, currency, json: raw.get() })
}

fn name_is_spelt(name: &str) -> Result<(), Refusal> {
    let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name));
    if known.is_some_and(|known| *known != name) {
        return Err(Refusal::wrong("A standard name with other capitals.").under("event"));
    }
    Ok(())
}

/// Milliseconds are always far ahead, so they are refused as the future too.
fn time_is_near(time: i64, now: i64) -> Result<(), Refusal> {
    if time < now - OLDEST_DAYS * DAY {
        return Err(Refusal::wrong("Too old.").under("event_time"));
    }
    if time > now + AHEAD {
        return Err(Refusal::wrong("In the future.").under("event_time"));
    }
    Ok(())
}

fn of_the_web(event: &Object<'_>) -> Result<(), Refusal> {
    if !event.has("page") {
        return Err(Refusal::missing("url").under("page"));
    }
    let user = event.object("user").ok_or_else(|| Refusal::missing("user"))?;
    if let Some(key) = OF_APPS.into_iter().find(|key| user.has(key)) {
        return Err(Refusal::wrong("Of apps only.").under(key).under("user"));
    }
    let alone = ["ttclid", "ttp", "email", "phone", "external_id"].into_iter().any(|key| user.has(key));
    if alone || user.has("ip") && user.has("user_agent") {
        return Ok(());
    }
    Err(Refusal::wrong("Nothing to match by.").under("user"))
}

/// The value and the currency, of events whose schema holds.
fn money_of(event: &Object<'_>) -> Result<(Option<Decimal>, Option<String>), Refusal> {
    let Some(properties) = event.object("properties") else { return Ok((None, None)) };
    let value = properties.get("value").and_then(|raw| match kind(raw) {
        Kind::Number(digits) => money::parse(digits),
        _ => None,
    });
    let currency = properties.text("currency").map(Cow::into_owned);
    match (value.is_some(), currency.is_some()) {
        (true, false) => Err(Refusal::missing("currency").under("properties")),
        (false, true) => Err(Refusal::missing("value").under("properties")),
        _ => Ok((value, currency)),
    }
}
