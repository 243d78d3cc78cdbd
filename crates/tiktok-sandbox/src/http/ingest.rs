//! `POST /open_api/v1.3/event/track/`: token, schema, rules, faults, books.

use std::time::Duration;

use http::StatusCode;
use sandbox_kit::answer::{add_headers, typed};
use sandbox_kit::{Answer, CheckedEvent, Glance, Reply, Stage};
use tokio::time::sleep;

use crate::faults::{Action, ErrorAnswer};
use crate::http::answer::coded;
use crate::http::body::Body;
use crate::refusal::Refusal;
use crate::state::{State, revoked};

/// Why the pipeline stopped before the events were stored.
enum Stop {
    Refused(Refusal),
    Fault(Box<Answer>),
    Reset,
}

/// A request whose events may be stored.
struct Checked<'a> {
    events: Vec<CheckedEvent<'a>>,
    is_test: bool,
}

/// Handles one request.
pub(crate) async fn events(state: &State, token: &str, body: &[u8]) -> Reply {
    let request_id = state.request_id();
    let body = Body::parse(body);
    let pixel = body.as_ref().map(|body| body.pixel.clone().into_owned()).unwrap_or_default();
    let checked = check(state, token, body);
    let glanced: Vec<_> = match &checked {
        Ok(checked) if !state.shared.faults().is_empty() => {
            checked.events.iter().map(|event| (event.id.as_deref(), event.json)).collect()
        }
        _ => Vec::new(),
    };
    let glance = Glance { pixel: &pixel, events: &glanced };
    let stored = match before(state, &glance, token, &request_id).await {
        Err(stop) => Err(stop),
        Ok(()) => match &checked {
            Ok(checked) => store(state, &glance, checked),
            Err(refusal) => Err(Stop::Refused(refusal.clone())),
        },
    };
    match stored {
        Ok(left_out) => after(state, &glance, token, left_out, &request_id).await,
        Err(stop) => stopped(state, stop, &request_id),
    }
}

/// Refuses a request without looking at its events.
pub(crate) fn refuse(state: &State, refusal: &Refusal) -> Reply {
    stopped(state, Stop::Refused(refusal.clone()), &state.request_id())
}

fn check<'a>(state: &State, token: &str, body: Result<Body<'a>, Refusal>) -> Result<Checked<'a>, Refusal> {
    let body = body?;
    state.judge(&body.pixel, token)?;
    Ok(Checked { events: body.check(state.shared.now())?, is_test: body.is_test() })
}

async fn before(state: &State, glance: &Glance<'_>, token: &str, request_id: &str) -> Result<(), Stop> {
    for action in state.shared.draw(Stage::Before, glance) {
        match action {
            Action::LatencyMs(ms) => sleep(Duration::from_millis(ms)).await,
            Action::Error(error) => return Err(Stop::Fault(Box::new(error_answer(&error, request_id)))),
            Action::HtmlBody { status, html } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                return Err(Stop::Fault(Box::new(typed(status, "text/html; charset=utf-8", html))));
            }
            Action::ResetBeforeAccepting => return Err(Stop::Reset),
            Action::RevokeToken => {
                state.shared.tokens().revoke(token);
                return Err(Stop::Refused(revoked()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Stores the events; how many were left out by a fault.
fn store(state: &State, glance: &Glance<'_>, checked: &Checked<'_>) -> Result<usize, Stop> {
    let mut left_out = 0;
    for action in state.shared.draw(Stage::Checked, glance) {
        match action {
            Action::BadEvent(bad) => {
                return Err(Stop::Refused(Refusal::new(bad.code, "An event is bad by order of a fault.")));
            }
            Action::PartlyTaken(count) => left_out = count.min(checked.events.len()),
            _ => {}
        }
    }
    if checked.is_test {
        return Ok(left_out);
    }
    let taken = &checked.events[..checked.events.len() - left_out];
    let stored = state.shared.ledger().accept(glance.pixel, state.shared.now(), taken);
    stored.map(|()| left_out).map_err(|error| {
        tracing::error!(%error, "the record file cannot be written; the events were not taken");
        Stop::Refused(Refusal::new(50_000, "System error"))
    })
}

async fn after(state: &State, glance: &Glance<'_>, token: &str, left_out: usize, request_id: &str) -> Reply {
    for action in state.shared.draw(Stage::Stored, glance) {
        match action {
            Action::ResetAfterAccepting => {
                state.shared.ledger().count(|requests| requests.accepted_then_reset += 1);
                return Reply::Reset;
            }
            Action::LateAnswerMs(ms) => sleep(Duration::from_millis(ms)).await,
            Action::RevokeTokenAfterAccepting => state.shared.tokens().revoke(token),
            _ => {}
        }
    }
    state.shared.ledger().count(|requests| requests.accepted += 1);
    Reply::Answer(match left_out {
        0 => coded(StatusCode::OK, 0, "OK", request_id),
        _ => coded(StatusCode::OK, 20_001, "Partial success", request_id),
    })
}

fn stopped(state: &State, stop: Stop, request_id: &str) -> Reply {
    let mut ledger = state.shared.ledger();
    match stop {
        Stop::Refused(refusal) => {
            ledger.count_refusal(refusal.label());
            Reply::Answer(coded(StatusCode::OK, refusal.code, &refusal.message(), request_id))
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

fn error_answer(error: &ErrorAnswer, request_id: &str) -> Answer {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::OK);
    let mut answer = coded(status, error.code, &error.message, request_id);
    add_headers(&mut answer, &error.headers);
    answer
}
