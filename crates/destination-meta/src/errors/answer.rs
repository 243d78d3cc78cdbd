//! A whole reply, read.

use outbound_http::Reply;

use super::{AnswerVerdict, MetaError, Success, classify};
use crate::usage::UsageHeaders;

/// What some servers put before JSON.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A reply and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadAnswer {
    /// What to do next.
    pub verdict: AnswerVerdict,
    /// The error, where the body had one.
    pub error: Option<MetaError>,
    /// The success, exactly when the verdict is [`AnswerVerdict::Accepted`].
    pub success: Option<Success>,
    /// What the headers say about limits.
    pub usage: UsageHeaders,
}

impl ReadAnswer {
    /// Reads a reply. A status of 2xx counts only with a body that says how many events were taken: proxies answer 200
    /// with pages of their own, and then the outcome of the events is unknown.
    #[must_use]
    pub fn read(reply: &Reply) -> Self {
        let body = reply.body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&reply.body);
        let error = MetaError::parse(body);
        let usage = UsageHeaders::parse(&reply.headers);
        let verdict = classify(reply.status, error.as_ref(), &usage);
        if verdict != AnswerVerdict::Accepted {
            return Self { verdict, error, success: None, usage };
        }
        let success = Success::parse(body).filter(|_| error.is_none());
        let unknown = AnswerVerdict::UnknownOutcome { wait: None };
        let verdict = if success.is_some() { AnswerVerdict::Accepted } else { unknown };
        Self { verdict, error, success, usage }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> ReadAnswer {
        ReadAnswer::read(&Reply { status, body: body.into(), ..Reply::default() })
    }

    #[test]
    fn a_success_must_say_so() {
        let taken = answer(200, r#"{"events_received":3,"fbtrace_id":"x"}"#);
        assert_eq!(taken.verdict, AnswerVerdict::Accepted);
        assert_eq!(taken.success.unwrap().events_received, 3);
        assert_eq!(answer(200, "\u{feff}{\"events_received\":2}").success.unwrap().events_received, 2);
        for body in [
            "",
            "<html>Service Unavailable</html>",
            "{}",
            "false",
            r#"{"success":false}"#,
            r#"{"success":true}"#,
            r#"{"error":{},"events_received":1}"#,
        ] {
            let unclear = answer(200, body);
            let unknown = AnswerVerdict::UnknownOutcome { wait: None };
            assert_eq!((unclear.verdict, unclear.success), (unknown, None), "{body}");
        }
    }

    #[test]
    fn an_error_is_kept_beside_its_verdict() {
        let refused = answer(200, r#"{"error":{"code":190}}"#);
        assert_eq!(refused.verdict, AnswerVerdict::Credential);
        assert_eq!(refused.error.unwrap().code, Some(190));
        let marked = answer(400, "\u{feff}{\"error\":{\"code\":190}}");
        assert_eq!(marked.verdict, AnswerVerdict::Credential);
    }
}
