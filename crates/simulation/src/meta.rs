//! A model of Meta's endpoint: it parses the request bodies with its own code and decides what to accept.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

/// Meta refuses website events older than this.
const WINDOW_S: i64 = 7 * 24 * 3_600;

/// Meta's configuration in a run.
#[derive(Debug, Default)]
pub(crate) struct Meta {
    /// Valid tokens, by pixel.
    pub(crate) tokens: BTreeMap<String, BTreeSet<String>>,
    /// Ids of events that it refuses, and whether it names them.
    pub(crate) bad: BTreeMap<String, bool>,
    /// Pixels that it takes nothing of for now, whatever the events, with code and subcode of the answer.
    pub(crate) refused: BTreeMap<String, (i64, Option<i64>)>,
}

/// An event that Meta accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AcceptedEvent {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) pixel: String,
    pub(crate) time_s: i64,
    pub(crate) value_micros: Option<i64>,
}

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    data: Vec<Event<'b>>,
}

#[derive(Deserialize)]
struct Event<'b> {
    event_id: &'b str,
    event_name: &'b str,
    event_time: i64,
    action_source: &'b str,
    event_source_url: &'b str,
    #[serde(borrow)]
    user_data: UserData<'b>,
    #[serde(borrow)]
    custom_data: Option<CustomData<'b>>,
}

#[derive(Deserialize)]
struct UserData<'b> {
    client_user_agent: &'b str,
    fbc: &'b str,
}

#[derive(Deserialize)]
struct CustomData<'b> {
    #[serde(borrow)]
    value: &'b RawValue,
    currency: &'b str,
}

impl Meta {
    /// Answers a request: the accepted events, or an error.
    pub(crate) fn post(
        &self,
        pixel: &str,
        token: &str,
        body: &[u8],
        now_s: i64,
    ) -> Result<Vec<AcceptedEvent>, HttpAnswer> {
        if !self.tokens.get(pixel).is_some_and(|tokens| tokens.contains(token)) {
            return Err(error(400, 190, Some(460), "Error validating access token", ""));
        }
        if let Some((code, subcode)) = self.refused.get(pixel) {
            return Err(error(400, *code, *subcode, "Invalid parameter", ""));
        }
        let body: Body<'_> = serde_json::from_slice(body)
            .map_err(|e| error(400, 100, Some(2_804_019), &format!("Invalid parameter: {e}"), ""))?;
        if body.data.is_empty() || body.data.len() > 1_000 {
            return Err(error(400, 100, None, "(#100) Param data must have 1 to 1000 elements", ""));
        }
        let events = body.data.iter().enumerate();
        events.map(|(place, event)| self.check(pixel, place, event, now_s)).collect()
    }

    fn check(
        &self,
        pixel: &str,
        place: usize,
        event: &Event<'_>,
        now_s: i64,
    ) -> Result<AcceptedEvent, HttpAnswer> {
        let unnamed = |subcode| error(400, 100, Some(subcode), "Invalid parameter", "");
        if event.event_time < now_s - WINDOW_S {
            return Err(unnamed(2_804_003));
        }
        let website = event.action_source == "website" && event.event_source_url.starts_with("https://");
        if !website
            || event.user_data.client_user_agent.is_empty()
            || !event.user_data.fbc.starts_with("fb.1.")
        {
            return Err(unnamed(2_804_050));
        }
        match self.bad.get(event.event_id) {
            Some(true) => {
                let message = format!("The value at $['data'][{place}]['event_id'] is bad.");
                return Err(error(400, 100, Some(2_804_019), "Invalid parameter", &message));
            }
            Some(false) => return Err(unnamed(2_804_004)),
            None => {}
        }
        let value_micros = match &event.custom_data {
            Some(custom) if custom.currency == "USD" => {
                Some(micros(custom.value.get()).ok_or_else(|| unnamed(2_804_009))?)
            }
            Some(_) => return Err(unnamed(2_804_008)),
            None => None,
        };
        Ok(AcceptedEvent {
            id: event.event_id.to_owned(),
            name: event.event_name.to_owned(),
            pixel: pixel.to_owned(),
            time_s: event.event_time,
            value_micros,
        })
    }
}

/// An error as the Graph API writes it.
pub(crate) fn error(
    status: u16,
    code: i64,
    subcode: Option<i64>,
    message: &str,
    user_message: &str,
) -> HttpAnswer {
    let body = serde_json::json!({"error": {
        "message": message, "code": code, "error_subcode": subcode, "error_user_msg": user_message,
        "is_transient": code == 2, "fbtrace_id": "Sim",
    }});
    HttpAnswer { status, body: body.to_string() }
}

/// A success as the Conversions API writes it.
pub(crate) fn success(received: usize) -> HttpAnswer {
    HttpAnswer {
        status: 200,
        body: format!(r#"{{"events_received":{received},"messages":[],"fbtrace_id":"Sim"}}"#),
    }
}

/// A decimal number of at most six places, as millionths; `None` for a negative or a finer one.
fn micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 6 {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    whole.parse::<u32>().ok().map(|whole| i64::from(whole) * 1_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_digit_by_digit() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1.25", Some(1_250_000)),
            ("0.333334", Some(333_334)),
            ("0.3333333", None),
            ("-1", None),
            ("1e3", None),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }
}
