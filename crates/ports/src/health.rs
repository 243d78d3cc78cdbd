//! Whether the parts of a process can do their work; what `/health/ready` answers from.

use std::fmt;

/// Where parts of a process say how they are. Setting the same state again costs nothing.
pub trait HealthSink: fmt::Debug + Send + Sync {
    /// The part works.
    fn ready(&self, part: &str);
    /// The part cannot work now; `reason` is shown to people.
    fn not_ready(&self, part: &str, reason: &str);
}

/// Says nothing, for tools that run once.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHealth;

impl HealthSink for NoHealth {
    fn ready(&self, _: &str) {}
    fn not_ready(&self, _: &str, _: &str) {}
}
