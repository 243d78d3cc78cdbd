//! What happens to a request that a fault meets.

use std::collections::BTreeMap;

use sandbox_kit::{FaultAction, Glance, Stage, within};
use serde::{Deserialize, Serialize};

/// A fault of this sandbox.
pub type Fault = sandbox_kit::Fault<Action>;

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Waits this many milliseconds before anything else; nothing is stored meanwhile.
    LatencyMs(u64),
    /// Answers with a code instead of looking at the request.
    Error(ErrorAnswer),
    /// Answers with a proxy's page instead of looking at the request.
    HtmlBody {
        /// The HTTP status; 200 is possible too.
        status: u16,
        /// The page.
        html: String,
    },
    /// Takes the request's token away, from every pixel; this request is the first to hear of it (40105).
    RevokeToken,
    /// Cuts the connection (RST) before anything is stored.
    ResetBeforeAccepting,
    /// Refuses a request that holds certain events, as TikTok refuses a bad one.
    BadEvent(BadEvent),
    /// Leaves out this many events, the last ones, and answers 20001.
    PartlyTaken(usize),
    /// Stores the events, then cuts the connection (RST) without an answer.
    ResetAfterAccepting,
    /// Stores the events, then waits this many milliseconds before the answer.
    LateAnswerMs(u64),
    /// Stores the events, then takes the request's token away; the answer is a success.
    RevokeTokenAfterAccepting,
}

/// An error TikTok might answer with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body's code.
    pub code: i64,
    /// The body's message.
    pub message: String,
    /// Headers beside it, such as `Retry-After`.
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
    /// The code to answer with.
    pub code: i64,
    /// Only events whose JSON has this text are bad; empty means any.
    pub with: String,
}

impl Default for ErrorAnswer {
    fn default() -> Self {
        Self { status: 200, code: 50_000, message: "System error".into(), headers: BTreeMap::new() }
    }
}

impl Default for BadEvent {
    fn default() -> Self {
        Self { event_ids: Vec::new(), share: 0.0, seed: 0, code: 40_002, with: String::new() }
    }
}

impl BadEvent {
    /// Whether an event with this id and JSON is bad.
    #[must_use]
    pub fn is_bad(&self, event_id: &str, json: &str) -> bool {
        let is_chosen = self.event_ids.iter().any(|id| id == event_id)
            || within(self.share, self.seed, event_id.as_bytes());
        is_chosen && json.contains(&self.with)
    }
}

impl Action {
    /// Wraps the action into a fault that meets every request.
    #[must_use]
    pub fn always(self) -> Fault {
        FaultAction::always(self)
    }

    /// Wraps the action into a fault that meets the next `times` requests.
    #[must_use]
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
            Self::BadEvent(_) | Self::PartlyTaken(_) => Stage::Checked,
            Self::ResetAfterAccepting | Self::LateAnswerMs(_) | Self::RevokeTokenAfterAccepting => {
                Stage::Stored
            }
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
            {"match": {"pixel": "C1", "share": 0.5, "times": 3}, "action": {"error": {"code": 40100,
                "headers": {"Retry-After": "7"}}}},
            {"action": "reset_after_accepting"},
            {"action": {"bad_event": {"event_ids": ["x"], "code": 40002}}},
            {"action": {"partly_taken": 1}}
        ]"#;
        let faults: Vec<Fault> = serde_json::from_str(text).unwrap();
        assert_eq!(faults[0], Action::LatencyMs(50).always());
        assert_eq!(faults[2].action, Action::ResetAfterAccepting);
        let again: Vec<Fault> = serde_json::from_str(&serde_json::to_string(&faults).unwrap()).unwrap();
        assert_eq!(again, faults);
        assert!(serde_json::from_str::<Fault>(r#"{"action": "explode"}"#).is_err());
    }
}
