//! What must hold between the keys of one event, beyond its schema.

mod identity;
mod money;
mod options;
pub(crate) mod proof;
mod source;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use sandbox_kit::CheckedEvent;
use sandbox_kit::json::Object;
use serde_json::value::RawValue;

use crate::refusal::Refusal;
use crate::schema::EVENT;

const DAY: i64 = 86_400;
/// How far ahead of the sandbox's clock an event may lie, in seconds. Meta names no tolerance.
const AHEAD: i64 = 60;

/// The parts of an event that several rules look at.
struct Parts<'a> {
    event: Object<'a>,
    name: Cow<'a, str>,
    source: Cow<'a, str>,
    time: i64,
    user: Object<'a>,
    custom: Option<Object<'a>>,
}

/// Checks one event at time `now` (Unix seconds); places in the refusal count from the event.
pub(crate) fn check(raw: &RawValue, now: i64) -> Result<CheckedEvent<'_>, Refusal> {
    let event = Object::read(raw).ok_or_else(|| Refusal::wrong("must be an object"))?;
    EVENT.check(&event)?;
    let parts = Parts::of(event)?;
    time(&parts, now)?;
    source::check(&parts)?;
    identity::check(&parts.user)?;
    options::check(&parts)?;
    let (value, currency) = money::check(&parts)?;
    append_attribution(&parts)?;
    let id = parts.event.text("event_id");
    Ok(CheckedEvent { name: parts.name, id, time: parts.time, value, currency, json: raw.get() })
}

impl<'a> Parts<'a> {
    /// Takes apart an event whose schema holds, so that none of these can be missing.
    fn of(event: Object<'a>) -> Result<Self, Refusal> {
        let text = |key| event.text(key).ok_or_else(|| Refusal::missing(key));
        let (name, source) = (text("event_name")?, text("action_source")?);
        let time = event.integer("event_time").ok_or_else(|| Refusal::missing("event_time"))?;
        let user = event.object("user_data").ok_or_else(|| Refusal::missing("user_data"))?;
        let custom = event.object("custom_data");
        Ok(Self { event, name, source, time, user, custom })
    }

    fn custom_text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.custom.as_ref().and_then(|custom| custom.text(key))
    }
}

/// Milliseconds are always far ahead, so they are refused as the future too.
fn time(parts: &Parts<'_>, now: i64) -> Result<(), Refusal> {
    let days = if parts.source == "physical_store" { 62 } else { 7 };
    if parts.time < now - days * DAY {
        let note = "The timestamp of an event is too far in the past.";
        return Err(Refusal::event(2_804_003, "Event timestamp too old", note));
    }
    if parts.time > now + AHEAD {
        let note = "The timestamp of an event is in the future; it must be Unix seconds.";
        return Err(Refusal::event(2_804_004, "Event timestamp in the future", note));
    }
    Ok(())
}

fn append_attribution(parts: &Parts<'_>) -> Result<(), Refusal> {
    if parts.name != "AppendAttribution" {
        return Ok(());
    }
    let needed: [(&str, &[&str]); 3] = [
        ("attribution_data", &["ad_id", "touchpoint_ts", "attribution_share", "attribution_value"]),
        ("custom_data", &["currency"]),
        ("original_event_data", &["event_name", "event_time"]),
    ];
    for (group, keys) in needed {
        let object = parts.event.object(group).ok_or_else(|| Refusal::missing(group))?;
        if let Some(key) = keys.iter().find(|key| !object.has(key)) {
            return Err(Refusal::missing(key).under(group));
        }
    }
    Ok(())
}
