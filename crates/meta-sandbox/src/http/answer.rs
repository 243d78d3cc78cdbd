//! Answers as Meta shapes them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;

use crate::refusal::Refusal;

/// A whole HTTP answer.
pub(crate) type Answer = Response<Full<Bytes>>;

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

/// Any value as JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).expect("the sandbox's own types always serialise");
    typed(status, "application/json; charset=UTF-8", body)
}

/// A body with its type.
pub(crate) fn typed(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Adds headers a fault asks for; what cannot be a header is left out.
pub(crate) fn add_headers(answer: &mut Answer, headers: &BTreeMap<String, String>) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
}
