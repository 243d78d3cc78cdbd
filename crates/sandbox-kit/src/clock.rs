//! The time of a sandbox.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time in Unix seconds.
pub type SandboxClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The system's time in Unix seconds.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the default clock is the system's; tests give their own")]
pub fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
