//! Faults on demand: which requests they meet and what happens to those.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One fault. Faults are looked at in the order they were given; several may meet one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests it meets; left out, all of them.
    #[serde(rename = "match", default)]
    pub matcher: Matcher,
    /// What happens to them.
    pub action: Action,
}

/// Which requests a [`Fault`] meets: those for which every condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matcher {
    /// Only requests for this pixel.
    pub pixel: Option<String>,
    /// Only requests that hold an event with one of these ids; empty means any request.
    pub event_ids: Vec<String>,
    /// The share of the matching requests, 0 to 1. Which ones follows from `seed` and their number alone.
    pub share: f64,
    /// Chooses among the sequences that have the same share.
    pub seed: u64,
    /// How many requests at most; left out, no limit.
    pub times: Option<u64>,
}

/// What a [`Fault`] does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Waits this many milliseconds before anything else; nothing is stored meanwhile.
    LatencyMs(u64),
    /// Answers with an error instead of looking at the request.
    Error(ErrorAnswer),
    /// Answers with a proxy's page instead of looking at the request.
    HtmlBody {
        /// The HTTP status; 200 is possible too.
        status: u16,
        /// The page.
        html: String,
    },
    /// Takes the request's token away, from every pixel; this request is the first to hear of it (190/463).
    RevokeToken,
    /// Cuts the connection (RST) before anything is stored.
    ResetBeforeAccepting,
    /// Refuses a request that holds certain events, as Meta refuses a bad one.
    BadEvent(BadEvent),
    /// Stores the events, then cuts the connection (RST) without an answer.
    ResetAfterAccepting,
    /// Stores the events, then waits this many milliseconds before the answer.
    LateAnswerMs(u64),
    /// Stores the events but says this many fewer were received.
    ShortReceived(usize),
    /// Stores the events, then takes the request's token away; the answer is a success.
    RevokeTokenAfterAccepting,
    /// Puts these texts into `messages` of a success.
    Messages(Vec<String>),
    /// Adds these headers to a success.
    Headers(BTreeMap<String, String>),
}

/// An error Meta might answer with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The error's code.
    pub code: i64,
    /// The error's subcode.
    pub subcode: Option<i64>,
    /// Whether Meta calls it transient.
    pub is_transient: bool,
    /// The error's text.
    pub message: String,
    /// Headers beside it, such as `Retry-After` or `X-Business-Use-Case-Usage`.
    pub headers: BTreeMap<String, String>,
}

/// Events that count as bad although they keep the schema, so that finding them can be tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BadEvent {
    /// Events with these ids are bad.
    pub event_ids: Vec<String>,
    /// This share of all event ids is bad too, 0 to 1; which ones follows from `seed` and the id alone.
    pub share: f64,
    /// Chooses among the sets that have the same share.
    pub seed: u64,
    /// The subcode of code 100 to answer with.
    pub subcode: i64,
    /// Whether the answer names the first bad event, as only 2804019 does at Meta.
    pub named: bool,
    /// Only events whose JSON has this text are bad; empty means any.
    pub with: String,
}

impl Default for Matcher {
    fn default() -> Self {
        Self { pixel: None, event_ids: Vec::new(), share: 1.0, seed: 0, times: None }
    }
}

impl Default for ErrorAnswer {
    fn default() -> Self {
        Self {
            status: 500,
            code: 2,
            subcode: None,
            is_transient: true,
            message: "Service temporarily unavailable".into(),
            headers: BTreeMap::new(),
        }
    }
}

impl Default for BadEvent {
    fn default() -> Self {
        Self {
            event_ids: Vec::new(),
            share: 0.0,
            seed: 0,
            subcode: 2_804_004,
            named: false,
            with: String::new(),
        }
    }
}

impl BadEvent {
    /// Whether an event with this id and JSON is bad.
    pub fn is_bad(&self, event_id: &str, json: &str) -> bool {
        let is_chosen = self.event_ids.iter().any(|id| id == event_id)
            || within(self.share, self.seed, event_id.as_bytes());
        is_chosen && json.contains(&self.with)
    }
}

impl Action {
    /// Wraps the action into a fault that meets every request.
    pub fn always(self) -> Fault {
        Fault { matcher: Matcher::default(), action: self }
    }

    /// Wraps the action into a fault that meets the next `times` requests.
    pub fn times(self, times: u64) -> Fault {
        Fault { matcher: Matcher { times: Some(times), ..Matcher::default() }, action: self }
    }
}

/// Whether `what` falls into the share of all things that `seed` chooses.
pub(crate) fn within(share: f64, seed: u64, what: &[u8]) -> bool {
    if share <= 0.0 || share >= 1.0 {
        return share >= 1.0;
    }
    let hash = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(what).finalize();
    let first = hash.iter().take(4).fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    f64::from(first) < share * 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_is_what_the_documentation_shows() {
        let text = r#"[
            {"action": {"latency_ms": 50}},
            {"match": {"pixel": "1", "share": 0.5, "times": 3}, "action": {"error": {"status": 429, "code": 4,
                "headers": {"Retry-After": "7"}}}},
            {"action": "reset_after_accepting"},
            {"action": {"bad_event": {"event_ids": ["x"], "subcode": 2804004, "named": false}}}
        ]"#;
        let faults: Vec<Fault> = serde_json::from_str(text).unwrap();
        assert_eq!(faults[0], Action::LatencyMs(50).always());
        assert_eq!(faults[2].action, Action::ResetAfterAccepting);
        let again: Vec<Fault> = serde_json::from_str(&serde_json::to_string(&faults).unwrap()).unwrap();
        assert_eq!(again, faults);
        assert!(serde_json::from_str::<Fault>(r#"{"action": "explode"}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"macth": {}, "action": {"latency_ms": 1}}"#).is_err());
    }

    #[test]
    fn a_share_is_about_that_share() {
        let hits = (0..10_000_u32).filter(|n| within(0.25, 7, &n.to_be_bytes())).count();
        assert!((2300..2700).contains(&hits), "{hits}");
        assert!(!within(0.0, 0, b"a") && within(1.0, 0, b"a"));
    }
}
