//! The one table from an answer to what to do next.

use std::time::Duration;

use outbound_http::limits::longest;

use super::MetaError;
use crate::usage::UsageHeaders;

/// How long to send nothing to a pixel after a block for policy (code 368). Meta gives no time; the operator should look.
pub const BLOCKED_WAIT: Duration = Duration::from_secs(60 * 60);

/// Subcodes of code 100 (invalid parameter) that are known to lie in an event. Meta gets new ones, and not all of them do, so only
/// these may reject a conversion.
const BAD_EVENT: [i64; 28] = [
    2_804_001, 2_804_002, 2_804_003, 2_804_004, 2_804_007, 2_804_008, 2_804_009, 2_804_010, 2_804_011,
    2_804_016, 2_804_017, 2_804_019, 2_804_023, 2_804_030, 2_804_036, 2_804_043, 2_804_048, 2_804_050,
    2_804_063, 2_804_066, 2_804_069, 2_804_071, 2_804_072, 2_804_075, 2_804_079, 2_804_081, 2_804_087,
    2_804_116,
];

/// What an answer means for the request's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerVerdict {
    /// The request was taken.
    Accepted,
    /// Too many calls: nothing was processed; wait as long as the headers say, or as the caller sees fit.
    Throttled {
        /// What the headers ask for.
        wait: Option<Duration>,
    },
    /// Meta's passing failure: nothing was processed; try again, a bounded number of times.
    Transient {
        /// What `Retry-After` asks for.
        wait: Option<Duration>,
    },
    /// The token is bad or may not do this: the next token, then the operator.
    Credential,
    /// The pixel does not exist, or the token may not see it: the next token, then the operator.
    Configuration,
    /// The version or the address is wrong: hold the events until the operator has corrected it.
    Endpoint,
    /// Meta wants something of the account's owner first, such as consent to its terms: hold the events.
    Account,
    /// An event is bad; none of the request was processed.
    BadEvent {
        /// The event's place in the request, where the answer names it; else split to find it.
        index: Option<usize>,
    },
    /// Blocked for policy: stop sending; the operator must act.
    Blocked {
        /// How long to send nothing to the pixel.
        wait: Duration,
    },
    /// Refused for a reason this table does not know. It may lie in one event, in all or in none: split to find out, and hold what
    /// is refused alone, or everything when no part is taken.
    Unexplained,
    /// It is unknown whether the events were processed.
    UnknownOutcome {
        /// What `Retry-After` asks for.
        wait: Option<Duration>,
    },
}

/// What the account's owner has to settle, whatever the events are: terms were not accepted. Meta's pages do not list these; they were
/// recorded in [rudder-transformer, 4152] (2655) and [facebook-nodejs-business-sdk, 26] (2663), read 2026-11-29.
///
/// [rudder-transformer, 4152]: https://github.com/rudderlabs/rudder-transformer/pull/4152
/// [facebook-nodejs-business-sdk, 26]: https://github.com/facebook/facebook-nodejs-business-sdk/issues/26
const OF_THE_ACCOUNT: [i64; 2] = [2655, 2663];

/// Classifies an answer. `error` is what [`MetaError::parse`] made of the body.
///
/// A status of 2xx without an error is [`AnswerVerdict::Accepted`]; whether the body says so too is checked by
/// [`ReadAnswer::read`](super::ReadAnswer::read).
#[must_use]
pub fn classify(status: u16, error: Option<&MetaError>, usage: &UsageHeaders) -> AnswerVerdict {
    let Some((error, code)) = error.and_then(|error| Some((error, error.code?))) else {
        return by_status(status, usage);
    };
    let throttled = AnswerVerdict::Throttled { wait: usage.regain_after() };
    let transient = AnswerVerdict::Transient { wait: asked(usage) };
    match (code, error.subcode) {
        (4 | 17 | 32 | 341 | 613 | 80_000..=80_014, _) => throttled,
        (368, _) => AnswerVerdict::Blocked {
            wait: usage.regain_after().map_or(BLOCKED_WAIT, |wait| wait.max(BLOCKED_WAIT)),
        },
        (10 | 102 | 104 | 190 | 200..=299, _) => AnswerVerdict::Credential,
        (3 | 803, _) => AnswerVerdict::Configuration,
        (2500 | 2635, _) => AnswerVerdict::Endpoint,
        (code, _) if OF_THE_ACCOUNT.contains(&code) => AnswerVerdict::Account,
        // No such pixel, or no access to it; a data set that does not exist or is of the wrong type. Whatever the
        // events are, every one would be refused.
        (100, Some(33 | 2_044_055 | 2_804_131 | 2_804_132)) => AnswerVerdict::Configuration,
        (100, _) if error.lacks_permission || error.about_proof => AnswerVerdict::Credential,
        (1 | 2 | 5000 | 21_009 | i64::MIN..=-1, _) => transient,
        _ if error.is_transient == Some(true) => transient,
        (100, subcode) if subcode.is_none_or(|subcode| BAD_EVENT.contains(&subcode)) => {
            AnswerVerdict::BadEvent { index: error.event_index }
        }
        (105, _) => AnswerVerdict::BadEvent { index: None },
        _ if status >= 500 => AnswerVerdict::UnknownOutcome { wait: asked(usage) },
        _ => AnswerVerdict::Unexplained,
    }
}

/// What `Retry-After` asks for. The other headers are about limits, and a failure is not one.
fn asked(usage: &UsageHeaders) -> Option<Duration> {
    longest([usage.retry_after])
}

/// Without a code: the answer of a proxy, or of Meta on a bad day. A 4xx alone must not condemn an event.
fn by_status(status: u16, usage: &UsageHeaders) -> AnswerVerdict {
    match status {
        200..=299 => AnswerVerdict::Accepted,
        401 => AnswerVerdict::Credential,
        429 => AnswerVerdict::Throttled { wait: usage.regain_after() },
        // Too large: smaller requests may pass.
        413 => AnswerVerdict::Unexplained,
        300..=399 | 404 | 405 | 407 | 410 | 421 => AnswerVerdict::Endpoint,
        400..=499 => AnswerVerdict::Transient { wait: asked(usage) },
        _ => AnswerVerdict::UnknownOutcome { wait: asked(usage) },
    }
}

#[cfg(test)]
mod tests;
