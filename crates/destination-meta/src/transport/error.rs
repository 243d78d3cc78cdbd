//! How a request can fail without a usable answer.

use std::error::Error;
use std::fmt;

use thiserror::Error;

/// A request without a usable answer. It never holds the token or the body.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The events cannot have reached Meta; sending them again is safe.
    #[error("not sent: {failure}")]
    NotSent {
        /// What went wrong.
        failure: Failure,
        /// The cause, where there is one.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The events may have reached Meta and may have been counted; sending them again can count them twice.
    #[error("outcome unknown: {failure}")]
    Unknown {
        /// What went wrong.
        failure: Failure,
        /// The cause, where there is one.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The version or the pixel's id does not fit into an address.
    Address,
    /// The token holds characters that no token has.
    Token,
    /// No connection: name, network or TLS.
    Connect,
    /// The time was up.
    TimedOut,
    /// The connection broke.
    Broken,
    /// The answer was longer than accepted.
    AnswerTooLarge,
}

impl Failure {
    /// A short name in snake case, for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Token => "token",
            Self::Connect => "connect",
            Self::TimedOut => "timed_out",
            Self::Broken => "broken",
            Self::AnswerTooLarge => "answer_too_large",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "the API version or the pixel's id does not fit into an address; check both",
            Self::Token => "the access token holds characters that cannot be sent; check the pixel's token",
            Self::Connect => "no connection to the Graph API; check address, network and certificates",
            Self::TimedOut => "no answer in time",
            Self::Broken => "the connection broke before the answer was complete",
            Self::AnswerTooLarge => {
                "the answer is larger than accepted; something other than the Graph API answers"
            }
        })
    }
}

impl TransportError {
    /// A failure before or after the events left.
    pub(super) fn new(
        departed: bool,
        failure: Failure,
        source: Option<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        if departed { Self::Unknown { failure, source } } else { Self::NotSent { failure, source } }
    }

    /// What went wrong.
    #[must_use]
    pub const fn failure(&self) -> Failure {
        match self {
            Self::NotSent { failure, .. } | Self::Unknown { failure, .. } => *failure,
        }
    }

    /// Whether the events can have reached Meta.
    #[must_use]
    pub const fn can_have_arrived(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}
