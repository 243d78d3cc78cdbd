//! A whole reply, read.

use outbound_http::Reply;

use super::{AnswerVerdict, MetaError, Success, classify};
use crate::usage::UsageHeaders;

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
        let error = MetaError::parse(&reply.body);
        let usage = UsageHeaders::parse(&reply.headers);
        let verdict = classify(reply.status, error.as_ref(), &usage);
        if verdict != AnswerVerdict::Accepted {
            return Self { verdict, error, success: None, usage };
        }
        let success = Success::parse(&reply.body).filter(|_| error.is_none());
        let verdict = if success.is_some() { AnswerVerdict::Accepted } else { AnswerVerdict::UnknownOutcome };
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
        for body in ["", "<html>Service Unavailable</html>", "{}", r#"{"error":{},"events_received":1}"#] {
            let unclear = answer(200, body);
            assert_eq!((unclear.verdict, unclear.success), (AnswerVerdict::UnknownOutcome, None), "{body}");
        }
    }

    #[test]
    fn an_error_is_kept_beside_its_verdict() {
        let refused = answer(200, r#"{"error":{"code":190}}"#);
        assert_eq!(refused.verdict, AnswerVerdict::Credential);
        assert_eq!(refused.error.unwrap().code, Some(190));
    }
}
