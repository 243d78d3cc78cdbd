//! `POST /{version}/{pixel}/events`: token, schema, rules, faults, books.

use std::time::Duration;

use http::StatusCode;
use sandbox_kit::answer::{add_headers, typed};
use sandbox_kit::{Answer, CheckedEvent, Glance, Reply, Stage};
use tokio::time::sleep;

use crate::faults::{Action, BadEvent, ErrorAnswer};
use crate::http::answer;
use crate::http::body::Body;
use crate::refusal::Refusal;
use crate::state::State;
use crate::tokens::{expired, judge};

/// Why the pipeline stopped before the events were stored.
enum Stop {
    Refused(Refusal),
    Fault(Box<Answer>),
    Reset,
}

/// What a request says of its sender outside of its body.
#[derive(Default)]
pub(crate) struct Outside {
    /// The token of the header or the query.
    pub(crate) token: Option<String>,
    /// The proof of the app's secret in the query.
    pub(crate) proof: Option<String>,
    /// Its time, Unix seconds.
    pub(crate) proof_time: Option<i64>,
}

/// Handles one request. The body's own token and proof are the last resort.
pub(crate) async fn events(state: &State, pixel: &str, outside: &Outside, body: &[u8]) -> Reply {
    let trace = state.trace();
    let body = Body::parse(body);
    let own = body.as_ref().ok().and_then(Body::token);
    let token = outside.token.as_deref().or(own.as_deref());
    let checked = check(state, pixel, token, outside, body);
    let glanced: Vec<_> = match &checked {
        Ok(events) if !state.shared.faults().is_empty() => {
            events.iter().map(|event| (event.id.as_deref(), event.json)).collect()
        }
        _ => Vec::new(),
    };
    let glance = Glance { pixel, events: &glanced };
    let stored = match before(state, &glance, token, &trace).await {
        Err(stop) => Err(stop),
        Ok(()) => match &checked {
            Ok(events) => store(state, &glance, events).map(|()| events.len()),
            Err(refusal) => Err(Stop::Refused(refusal.clone())),
        },
    };
    match stored {
        Ok(count) => after(state, &glance, token, count, &trace).await,
        Err(stop) => stopped(state, stop, &trace),
    }
}

/// Refuses a request without looking at its events.
pub(crate) fn refuse(state: &State, refusal: Refusal) -> Reply {
    let trace = state.trace();
    stopped(state, Stop::Refused(refusal), &trace)
}

fn check<'a>(
    state: &State,
    pixel: &str,
    token: Option<&str>,
    outside: &Outside,
    body: Result<Body<'a>, Refusal>,
) -> Result<Vec<CheckedEvent<'a>>, Refusal> {
    judge(&state.shared.tokens(), pixel, token)?;
    let body = body?;
    let (proof, time) = body.proof();
    let proof = outside.proof.as_deref().or(proof.as_deref());
    state.check_proof(token, (proof, outside.proof_time.or(time)))?;
    body.check(state.shared.now())
}

async fn before(state: &State, glance: &Glance<'_>, token: Option<&str>, trace: &str) -> Result<(), Stop> {
    for action in state.shared.draw(Stage::Before, glance) {
        match action {
            Action::LatencyMs(ms) => sleep(Duration::from_millis(ms)).await,
            Action::Error(error) => return Err(Stop::Fault(Box::new(error_answer(&error, trace)))),
            Action::HtmlBody { status, html } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                let page = typed(status, "text/html; charset=utf-8", html);
                return Err(Stop::Fault(Box::new(page)));
            }
            Action::ResetBeforeAccepting => return Err(Stop::Reset),
            Action::RevokeToken => {
                state.shared.tokens().revoke(token.unwrap_or_default());
                return Err(Stop::Refused(expired()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn store(state: &State, glance: &Glance<'_>, events: &[CheckedEvent<'_>]) -> Result<(), Stop> {
    for action in state.shared.draw(Stage::Checked, glance) {
        if let Action::BadEvent(bad) = action {
            return Err(Stop::Refused(bad_event(&bad, glance)));
        }
    }
    let stored = state.shared.ledger().accept(glance.pixel, state.shared.now(), events);
    stored.map_err(|error| {
        tracing::error!(%error, "the record file cannot be written; the events were not taken");
        Stop::Refused(Refusal::plain(500, 2, "Service temporarily unavailable").with_transient(true))
    })
}

async fn after(state: &State, glance: &Glance<'_>, token: Option<&str>, count: usize, trace: &str) -> Reply {
    let (mut received, mut messages, mut headers) = (count, Vec::new(), Vec::new());
    for action in state.shared.draw(Stage::Stored, glance) {
        match action {
            Action::ResetAfterAccepting => {
                state.shared.ledger().count(|requests| requests.accepted_then_reset += 1);
                return Reply::Reset;
            }
            Action::LateAnswerMs(ms) => sleep(Duration::from_millis(ms)).await,
            Action::RevokeTokenAfterAccepting => state.shared.tokens().revoke(token.unwrap_or_default()),
            Action::ShortReceived(by) => received = received.saturating_sub(by),
            Action::Messages(more) => messages.extend(more),
            Action::Headers(more) => headers.push(more),
            _ => {}
        }
    }
    state.shared.ledger().count(|requests| requests.accepted += 1);
    let mut answer = answer::success(received, &messages, trace);
    headers.iter().for_each(|more| add_headers(&mut answer, more));
    Reply::Answer(answer)
}

fn stopped(state: &State, stop: Stop, trace: &str) -> Reply {
    let mut ledger = state.shared.ledger();
    match stop {
        Stop::Refused(refusal) => {
            ledger.count_refusal(refusal.label());
            Reply::Answer(answer::refusal(&refusal, trace))
        }
        Stop::Fault(answer) => {
            ledger.count(|requests| requests.answered_by_fault += 1);
            Reply::Answer(*answer)
        }
        Stop::Reset => {
            ledger.count(|requests| requests.reset += 1);
            Reply::Reset
        }
    }
}

fn error_answer(error: &ErrorAnswer, trace: &str) -> Answer {
    let plain = Refusal::plain(error.status, error.code, error.message.clone());
    let refusal = plain.with_transient(error.is_transient).with_subcode(error.subcode);
    let mut answer = answer::refusal(&refusal, trace);
    add_headers(&mut answer, &error.headers);
    answer
}

fn bad_event(bad: &BadEvent, glance: &Glance<'_>) -> Refusal {
    let is_bad = |(id, json): &(Option<&str>, &str)| id.is_some_and(|id| bad.is_bad(id, json));
    let index = glance.events.iter().position(is_bad).unwrap_or_default();
    if bad.named {
        let named = Refusal::wrong("is bad by order of a fault").under("event_id").at(index).under("data");
        return named.with_subcode(bad.subcode);
    }
    Refusal::event(bad.subcode, "Invalid event", "An event is bad by order of a fault.")
}
