//! Answers as Meta shapes them.

use http::StatusCode;
use sandbox_kit::Answer;
use sandbox_kit::answer::json;
use serde::Serialize;

use crate::refusal::Refusal;

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorFields<'a>,
}

#[derive(Serialize)]
struct ErrorFields<'a> {
    message: &'a str,
    r#type: &'static str,
    code: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_subcode: Option<i64>,
    is_transient: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_user_title: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_user_msg: Option<String>,
    fbtrace_id: &'a str,
}

#[derive(Serialize)]
struct SuccessBody<'a> {
    events_received: usize,
    messages: &'a [String],
    fbtrace_id: &'a str,
}

/// The answer to a request whose events were all taken.
pub(crate) fn success(events_received: usize, messages: &[String], trace: &str) -> Answer {
    json(StatusCode::OK, &SuccessBody { events_received, messages, fbtrace_id: trace })
}

/// The answer to a refused request.
pub(crate) fn refusal(refusal: &Refusal, trace: &str) -> Answer {
    let error = ErrorFields {
        message: &refusal.message,
        r#type: "OAuthException",
        code: refusal.code,
        error_subcode: refusal.subcode,
        is_transient: refusal.transient,
        error_user_title: refusal.title,
        error_user_msg: refusal.user_message(),
        fbtrace_id: trace,
    };
    json(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST), &ErrorBody { error })
}
