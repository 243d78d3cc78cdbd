//! The sandbox's own paths, under `/_sandbox/`.

use std::fmt::Write as _;

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::books::events::EventFilter;
use crate::books::ledger::KeptEvent;
use crate::faults::fault::{Fault, FaultAction};
use crate::http::answer::{self, Answer};
use crate::shared::Shared;

/// The prefix of every path here.
pub(crate) const PREFIX: &str = "/_sandbox/";

/// The same as `health` below the prefix, where probes of services ask.
pub(crate) const LIVE: &str = "/health/live";

#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
}

#[derive(Serialize)]
struct Done {
    ok: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PixelTokens {
    tokens: Vec<String>,
    #[serde(default)]
    without_permission: Vec<String>,
}

#[derive(Serialize)]
struct EventView<'a> {
    pixel: &'a str,
    name: &'a str,
    id: Option<&'a str>,
    event_time: i64,
    received_at: i64,
    repeated: bool,
    event: Box<RawValue>,
}

/// Answers a control request; `path` is what follows the prefix.
pub(crate) fn handle<A: FaultAction>(
    state: &Shared<A>,
    method: &Method,
    path: &str,
    query: &str,
    body: &[u8],
) -> Answer {
    match (method.as_str(), path) {
        ("GET", "health") => done(),
        ("GET", "stats") => answer::json(StatusCode::OK, &state.ledger().stats()),
        ("GET", "ids") => ids(state),
        ("GET", "events") => events(state, query),
        ("DELETE", "events") => match state.ledger().clear() {
            Ok(()) => done(),
            Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        ("GET", "faults") => answer::json(StatusCode::OK, &state.faults().list()),
        ("POST", "faults") => set_faults(state, body),
        ("DELETE", "faults") => {
            state.faults().clear();
            done()
        }
        ("PUT", path) if path.starts_with("pixels/") => set_tokens(state, &path["pixels/".len()..], body),
        (_, "health" | "stats" | "ids" | "events" | "faults") => {
            problem(StatusCode::METHOD_NOT_ALLOWED, "this path knows other methods")
        }
        _ => problem(StatusCode::NOT_FOUND, "no such path: health, stats, ids, events, faults, pixels/ID"),
    }
}

fn events<A: FaultAction>(state: &Shared<A>, query: &str) -> Answer {
    let mut filter = EventFilter::default();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let number = value.parse::<usize>();
        match (key.as_ref(), number) {
            ("pixel", _) => filter.pixel = Some(value.into_owned()),
            ("name", _) => filter.name = Some(value.into_owned()),
            ("limit", Ok(limit)) => filter.limit = limit,
            ("offset", Ok(offset)) => filter.offset = offset,
            _ => return problem(StatusCode::BAD_REQUEST, "known are pixel, name, limit and offset"),
        }
    }
    let events = filter.pick(&state.ledger());
    answer::json(StatusCode::OK, &events.iter().map(view).collect::<Vec<_>>())
}

fn view(event: &KeptEvent) -> EventView<'_> {
    EventView {
        pixel: &event.pixel,
        name: &event.name,
        id: event.id.as_deref(),
        event_time: event.event_time,
        received_at: event.received_at,
        repeated: event.repeated,
        event: RawValue::from_string(event.json.to_string()).expect("it was parsed when it came in"),
    }
}

/// Tabs and line ends inside an id or a name are written as JSON would escape them.
fn ids<A: FaultAction>(state: &Shared<A>) -> Answer {
    let Some(ids) = state.ledger().ids() else {
        return problem(StatusCode::CONFLICT, "ids are not kept: start the sandbox with keep_events above 0");
    };
    let mut text = String::new();
    for one in ids {
        let (pixel, name, id) = (escape(&one.pixel), escape(&one.name), escape(&one.id));
        writeln!(text, "{pixel}\t{name}\t{id}\t{}", one.times).expect("a String takes every write");
    }
    answer::typed(StatusCode::OK, "text/plain; charset=utf-8", text)
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn set_faults<A: FaultAction>(state: &Shared<A>, body: &[u8]) -> Answer {
    let faults: Vec<Fault<A>> = match serde_json::from_slice(body) {
        Ok(faults) => faults,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("not a list of faults: {error}")),
    };
    let mut book = state.faults();
    book.clear();
    faults.into_iter().for_each(|fault| book.add(fault));
    done()
}

fn set_tokens<A: FaultAction>(state: &Shared<A>, pixel: &str, body: &[u8]) -> Answer {
    // The error is not repeated: it might quote a token.
    let Ok(PixelTokens { tokens, without_permission }) = serde_json::from_slice(body) else {
        return problem(StatusCode::BAD_REQUEST, "expected {\"tokens\": [\"...\"]}");
    };
    let mut book = state.tokens();
    book.set(pixel.to_owned(), tokens);
    book.set_powerless(pixel, without_permission);
    done()
}

fn done() -> Answer {
    answer::json(StatusCode::OK, &Done { ok: true })
}

fn problem(status: StatusCode, error: &str) -> Answer {
    answer::json(status, &Problem { error })
}
