//! The one table from an answer to what to do next. The README has the source of each line.

/// Taken, as far as senders in production know. What it says of single events is not documented.
pub const PARTLY_TAKEN: i64 = 20_001;

/// What an answer means for the request's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerVerdict {
    /// The request was taken.
    Accepted,
    /// The request was taken, perhaps not all of it. It is never sent again blindly.
    PartlyTaken,
    /// Too many requests: nothing was processed.
    Throttled,
    /// TikTok's passing failure: nothing was processed; try again, a bounded number of times.
    Transient,
    /// The token is missing, wrong or revoked: the next token, then the operator.
    Credential,
    /// The token may not do this with this pixel: the next token, then the operator.
    Permission,
    /// The pixel does not exist, or the token does not see it: the next token, then the operator.
    Configuration,
    /// The address is wrong: hold the events until the operator has corrected it.
    Endpoint,
    /// An event is bad, and the whole request was refused; split to find it.
    BadEvent,
    /// Refused for a reason this table does not know: split to find out, and hold what is refused alone.
    Unexplained,
    /// It is unknown whether the events were processed.
    UnknownOutcome,
}

/// Classifies an answer: by the code, whatever the status; by the status when it has none.
#[must_use]
pub const fn classify(status: u16, code: Option<i64>) -> AnswerVerdict {
    let Some(code) = code else { return by_status(status) };
    let is_success = matches!(status, 200..=299);
    match code {
        // A success that contradicts its status proves nothing.
        0 | PARTLY_TAKEN if !is_success => AnswerVerdict::UnknownOutcome,
        0 => AnswerVerdict::Accepted,
        PARTLY_TAKEN => AnswerVerdict::PartlyTaken,
        40_000 | 40_002 => AnswerVerdict::BadEvent,
        40_001 => AnswerVerdict::Permission,
        40_007 => AnswerVerdict::Configuration,
        40_100 | 51_021 => AnswerVerdict::Throttled,
        40_101 | 40_104 | 40_105 | 40_110 => AnswerVerdict::Credential,
        40_700 | 50_000 | 50_002 => AnswerVerdict::Transient,
        // A failure of theirs that is not known: whether it came before or after the events is not, either.
        50_000..=59_999 => AnswerVerdict::UnknownOutcome,
        _ if status >= 500 => AnswerVerdict::UnknownOutcome,
        _ => AnswerVerdict::Unexplained,
    }
}

/// Without a code: the answer of a proxy, or of TikTok on a bad day. A 4xx alone must not condemn an event.
const fn by_status(status: u16) -> AnswerVerdict {
    match status {
        401 => AnswerVerdict::Credential,
        429 => AnswerVerdict::Throttled,
        // Too large: smaller requests may pass.
        413 => AnswerVerdict::Unexplained,
        300..=399 | 404 | 405 | 407 | 410 | 421 => AnswerVerdict::Endpoint,
        400..=499 => AnswerVerdict::Transient,
        _ => AnswerVerdict::UnknownOutcome,
    }
}

#[cfg(test)]
mod tests {
    use super::AnswerVerdict::*;
    use super::*;

    #[test]
    fn every_code_of_the_reference() {
        for (code, verdict) in [
            (0, Accepted),
            (20_001, PartlyTaken),
            (40_000, BadEvent),
            (40_001, Permission),
            (40_002, BadEvent),
            (40_007, Configuration),
            (40_100, Throttled),
            (40_101, Credential),
            (40_104, Credential),
            (40_105, Credential),
            (40_110, Credential),
            (40_700, Transient),
            (50_000, Transient),
            (50_002, Transient),
            (51_021, Throttled),
            (50_017, UnknownOutcome),
            (59_999, UnknownOutcome),
            (40_003, Unexplained),
            (60_000, Unexplained),
            (-1, Unexplained),
        ] {
            assert_eq!(classify(200, Some(code)), verdict, "{code}");
        }
    }

    #[test]
    fn the_code_goes_before_the_status() {
        for status in [200, 400, 401, 404, 429, 500] {
            assert_eq!(classify(status, Some(40_002)), BadEvent, "{status}");
            assert_eq!(classify(status, Some(40_100)), Throttled, "{status}");
        }
        for status in [302, 404, 500] {
            assert_eq!(classify(status, Some(0)), UnknownOutcome, "{status}");
        }
        assert_eq!(classify(502, Some(31_234)), UnknownOutcome);
    }

    #[test]
    fn without_a_code_the_status_decides() {
        for (status, expected) in [
            (100, UnknownOutcome),
            (200, UnknownOutcome),
            (302, Endpoint),
            (400, Transient),
            (401, Credential),
            (403, Transient),
            (404, Endpoint),
            (413, Unexplained),
            (429, Throttled),
            (500, UnknownOutcome),
            (503, UnknownOutcome),
        ] {
            assert_eq!(classify(status, None), expected, "{status}");
        }
    }
}
