//! How far off a moment can be that a right clock has written.

use std::time::Duration;

/// How long open entries wait at most, by the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongestWaits {
    /// The length of a lease.
    pub lease: Duration,
    /// The longest pause between two attempts.
    pub pause: Duration,
}
