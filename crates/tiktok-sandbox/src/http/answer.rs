//! Answers as TikTok shapes them.

use http::StatusCode;
use sandbox_kit::Answer;
use sandbox_kit::answer::{json, typed};
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    code: i64,
    message: &'a str,
    request_id: &'a str,
    data: Data,
}

/// What it holds of single events is not documented.
#[derive(Serialize)]
struct Data {}

/// An answer with a code.
pub(crate) fn coded(status: StatusCode, code: i64, message: &str, request_id: &str) -> Answer {
    json(status, &Body { code, message, request_id, data: Data {} })
}

/// An answer of the server in front of the interface, which has no code.
pub(crate) fn page(status: StatusCode) -> Answer {
    typed(status, "text/html; charset=utf-8", format!("<html><body>{status}</body></html>"))
}
