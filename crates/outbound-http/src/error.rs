//! How a request can fail without a usable answer.

use std::error::Error;
use std::fmt;

use thiserror::Error;

/// A request without a usable answer. It never holds the token or the body.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The request cannot have reached the platform; sending it again is safe.
    #[error("not sent: {failure}")]
    NotSent {
        /// What went wrong.
        failure: Failure,
        /// The cause, where there is one.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The request may have reached the platform and may have been counted; sending it again can count it twice.
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
    /// A part of the address, such as a version or a pixel's id, does not fit into one.
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
            Self::Connect => "no connection to the platform; check address, network and certificates",
            Self::TimedOut => "no answer in time",
            Self::Broken => "the connection broke before the answer was complete",
            Self::AnswerTooLarge => {
                "the answer is larger than accepted; something other than the platform answers"
            }
        })
    }
}

impl RequestError {
    /// A request that was never made, because of something that was given for it.
    #[must_use]
    pub const fn not_sent(failure: Failure) -> Self {
        Self::NotSent { failure, source: None }
    }

    /// A failure before or after the body left.
    pub(crate) fn new(
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

    /// Whether the request can have reached the platform.
    #[must_use]
    pub const fn can_have_arrived(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}
