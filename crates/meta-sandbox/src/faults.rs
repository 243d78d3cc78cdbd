//! What happens to a request that a fault meets.

use std::collections::BTreeMap;

use sandbox_kit::{FaultAction, Glance, Stage, within};
use serde::{Deserialize, Serialize};

/// A fault of this sandbox.
pub type Fault = sandbox_kit::Fault<Action>;

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
        FaultAction::always(self)
    }

    /// Wraps the action into a fault that meets the next `times` requests.
    pub fn times(self, times: u64) -> Fault {
        FaultAction::times(self, times)
    }
}

impl FaultAction for Action {
    fn stage(&self) -> Stage {
        match self {
            Self::LatencyMs(_)
            | Self::Error(_)
            | Self::HtmlBody { .. }
            | Self::RevokeToken
            | Self::ResetBeforeAccepting => Stage::Before,
            Self::BadEvent(_) => Stage::Checked,
            Self::ResetAfterAccepting
            | Self::LateAnswerMs(_)
            | Self::RevokeTokenAfterAccepting
            | Self::ShortReceived(_)
            | Self::Messages(_)
            | Self::Headers(_) => Stage::Stored,
        }
    }

    fn ends_the_request(&self) -> bool {
        use Action::{BadEvent, Error, HtmlBody, ResetAfterAccepting, ResetBeforeAccepting, RevokeToken};
        let refuses = matches!(self, Error(_) | HtmlBody { .. } | BadEvent(_) | RevokeToken);
        refuses || matches!(self, ResetBeforeAccepting | ResetAfterAccepting)
    }

    fn concerns(&self, glance: &Glance<'_>) -> bool {
        match self {
            Self::BadEvent(bad) => glance.has(|id, json| bad.is_bad(id, json)),
            _ => true,
        }
    }
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
}
