//! What one batch has seen of its pixel.

use std::time::Duration;

use ports::destination::PixelRefusal;

/// How the delivery of a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum DeliveryEnd {
    /// Every event was sent, or sending more of them would not find out more.
    Finished,
    /// The destination asked for fewer requests, for this long where it said so.
    RateLimited(Option<Duration>),
    /// The destination failed or was unavailable, and asked for a pause this long where it said so; the rest was not tried.
    Failed(Option<Duration>),
    /// The destination refuses the pixel, whatever the events; the rest was not tried.
    PixelRefused(PixelRefusal),
    /// The destination blamed several conversions, one after the other, and took none.
    NothingAccepted,
    /// No credential works.
    CredentialsRefused,
    /// The leases could not be renewed; the rest was not tried.
    LedgerUnavailable,
}

/// What a batch says about its pixel.
#[derive(Debug, Clone)]
pub(in crate::report) struct BatchFeedback {
    pub(in crate::report) end: DeliveryEnd,
    /// The destination has accepted events.
    pub(in crate::report) accepted: bool,
    /// An answer was a success and asked for fewer requests all the same.
    pub(in crate::report) near_limit: bool,
    /// How long the slowest answer took.
    pub(in crate::report) slowest_answer: Duration,
}
