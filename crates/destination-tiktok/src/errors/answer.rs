//! A whole reply, read leniently.

use std::time::Duration;

use outbound_http::Reply;
use outbound_http::limits::{longest, retry_after};
use serde_json::Value;

use super::message::named_field;
use super::{AnswerVerdict, classify};

/// What some servers put before JSON.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A reply and what it means. The message is not kept: what it may quote is not documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAnswer {
    /// What to do next.
    pub verdict: AnswerVerdict,
    /// The body's code.
    pub code: Option<i64>,
    /// The key that the message names, where it is one of the interface's.
    pub field: Option<&'static str>,
    /// TikTok's id of the request, for its support.
    pub request_id: Option<String>,
    /// What `Retry-After` asks for.
    pub wait: Option<Duration>,
}

impl ReadAnswer {
    /// Reads a reply. A body without a code, such as a proxy's page, says nothing about the events.
    #[must_use]
    pub fn read(reply: &Reply) -> Self {
        let body = reply.body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&reply.body);
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = number(&body["code"]);
        Self {
            verdict: classify(reply.status, code),
            code,
            field: body["message"].as_str().and_then(named_field),
            request_id: request_id(&body["request_id"]),
            wait: longest([retry_after(&reply.headers)]),
        }
    }
}

/// Numbers come as numbers or as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Only what can be an id, so that nothing else gets into logs.
fn request_id(value: &Value) -> Option<String> {
    let id = value.as_str()?;
    let shaped =
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    shaped.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> ReadAnswer {
        ReadAnswer::read(&Reply { status, body: body.into(), ..Reply::default() })
    }

    #[test]
    fn the_code_is_read_before_the_status() {
        let taken = answer(200, r#"{"code":0,"message":"OK","request_id":"20260101ABC","data":{}}"#);
        assert_eq!(
            (taken.verdict, taken.request_id.as_deref()),
            (AnswerVerdict::Accepted, Some("20260101ABC"))
        );
        let refused = answer(200, r#"{"code":"40002","message":"event_id: Not a valid string."}"#);
        assert_eq!((refused.verdict, refused.field), (AnswerVerdict::BadEvent, Some("event_id")));
        assert_eq!(answer(401, r#"{"code":40100}"#).verdict, AnswerVerdict::Throttled);
        assert_eq!(answer(200, "\u{feff}{\"code\":40105}").verdict, AnswerVerdict::Credential);
    }

    #[test]
    fn junk_says_nothing() {
        for body in
            ["", "<html>", "[]", "null", "{}", r#"{"code":null}"#, r#"{"code":1.5}"#, r#"{"code":{}}"#]
        {
            let read = answer(200, body);
            assert_eq!((read.verdict, read.code), (AnswerVerdict::UnknownOutcome, None), "{body}");
        }
    }

    #[test]
    fn a_quoted_token_is_not_kept() {
        let read = answer(200, r#"{"code":40105,"message":"token abc123 is wrong","request_id":"abc 123"}"#);
        assert!(!format!("{read:?}").contains("123"), "{read:?}");
    }
}
