//! What one batch has seen of its pixel.

use std::time::Duration;

/// How the delivery of a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum DeliveryEnd {
    /// Every event was sent, or sending more of them would not find out more.
    Finished,
    /// The destination asked for fewer requests, for this long where it said so.
    RateLimited(Option<Duration>),
    /// The destination failed or was unavailable; the rest was not tried.
    Failed,
    /// No credential works.
    CredentialsRefused,
    /// The leases could not be renewed; the rest was not tried.
    LedgerUnavailable,
}

/// What a batch says about its pixel.
#[derive(Debug, Clone)]
pub(in crate::report) struct BatchFeedback {
    pub(in crate::report) end: DeliveryEnd,
    /// An answer was a success and asked for fewer requests all the same.
    pub(in crate::report) near_limit: bool,
    /// How long the slowest answer took.
    pub(in crate::report) slowest_answer: Duration,
}
