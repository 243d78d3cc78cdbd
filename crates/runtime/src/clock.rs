//! The system's time and chance: the edge at which both come in.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use domain::UnixMillis;
use ports::{Clock, Rng};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng};

/// How far behind the system's clock must be before the log warns.
const SET_BACK_MS: i64 = 60_000;

/// The system's clock, which never goes back while a process runs.
///
/// When it is set back, time goes on from where it was, by the system's steady clock: leases, deadlines and the age of
/// clicks would all be wrong otherwise. When it is set forward, time follows.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    /// What the wall clock showed, or would have shown, at `started`, in milliseconds.
    wall_at_start: AtomicI64,
    warned: AtomicBool,
}

impl SystemClock {
    /// A clock that starts at what the system shows.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the system's time comes in")]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            wall_at_start: AtomicI64::new(wall_ms()),
            warned: AtomicBool::new(false),
        }
    }

    /// The later of what the wall shows and what the steady clock says.
    fn at(&self, wall_ms: i64, since_start: Duration) -> UnixMillis {
        let since_start = i64::try_from(since_start.as_millis()).unwrap_or(i64::MAX);
        let steady = self.wall_at_start.fetch_max(wall_ms.saturating_sub(since_start), Ordering::Relaxed);
        let steady = steady.saturating_add(since_start);
        if steady.saturating_sub(wall_ms) > SET_BACK_MS && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::error!(
                by_s = (steady - wall_ms) / 1_000,
                "the system's clock was set back; time goes on from where it was until the process is restarted"
            );
        }
        UnixMillis(wall_ms.max(steady))
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the system's time comes in")]
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        self.at(wall_ms(), self.started.elapsed())
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Chance from the system's entropy.
#[derive(Debug)]
pub struct SystemRng(Mutex<StdRng>);

impl SystemRng {
    /// Seeded by the system.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::new(StdRng::from_rng(&mut rand::rng())))
    }
}

impl Default for SystemRng {
    fn default() -> Self {
        Self::new()
    }
}

impl Rng for SystemRng {
    fn next_u64(&self) -> u64 {
        // A generator is usable whatever happened to another user of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_follows_the_wall_forward_and_never_back() {
        let clock = SystemClock {
            started: SystemClock::new().started,
            wall_at_start: AtomicI64::new(1_000_000),
            warned: AtomicBool::new(false),
        };
        let at = |wall_ms, elapsed_s| clock.at(wall_ms, Duration::from_secs(elapsed_s)).0;
        assert_eq!(at(1_010_000, 10), 1_010_000);
        // Set back by an hour: ten more seconds have passed all the same.
        assert_eq!(at(1_020_000 - 3_600_000, 20), 1_020_000);
        assert!(clock.warned.load(Ordering::Relaxed));
        // Set forward by an hour, and on from there.
        assert_eq!(at(1_030_000 + 3_600_000, 30), 4_630_000);
        assert_eq!(at(1_040_000, 40), 4_640_000);
    }
}
