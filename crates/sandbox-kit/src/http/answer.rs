//! Whole answers.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;

/// A whole HTTP answer.
pub type Answer = Response<Full<Bytes>>;

/// What happens to the connection.
#[derive(Debug)]
pub enum Reply {
    /// It carries an answer.
    Answer(Answer),
    /// It is cut without one.
    Reset,
}

/// Any value as JSON.
///
/// # Panics
/// When the value cannot be JSON, which a sandbox's own types always can.
#[must_use]
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).expect("the sandbox's own types always serialise");
    typed(status, "application/json; charset=UTF-8", body)
}

/// A body with its type.
#[must_use]
pub fn typed(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Adds headers a fault asks for; what cannot be a header is left out.
pub fn add_headers(answer: &mut Answer, headers: &BTreeMap<String, String>) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
}
