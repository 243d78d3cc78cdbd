//! The system's time and chance: the edge at which both come in.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use domain::UnixMillis;
use ports::clock::{Doubt, Reckoning};
use ports::{Clock, Rng};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng};

/// The system's clock, which never goes back while other machines do not say so, and does not follow steps; see [`Reckoning`].
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    reckoning: Mutex<Reckoning>,
}

impl SystemClock {
    /// A clock that starts at what the system shows.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the system's time comes in")]
    pub fn new() -> Self {
        Self { started: Instant::now(), reckoning: Mutex::new(Reckoning::start(wall())) }
    }

    fn reckoning(&self) -> MutexGuard<'_, Reckoning> {
        // Each change is whole before anything could panic.
        self.reckoning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the system's time comes in")]
fn wall() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let mut reckoning = self.reckoning();
        reckoning.now(wall(), self.started.elapsed())
    }

    fn doubt(&self) -> Option<Doubt> {
        let reckoning = self.reckoning();
        reckoning.doubt(wall(), self.started.elapsed())
    }

    fn observe(&self, shown: UnixMillis, round_trip: Duration) {
        let mut reckoning = self.reckoning();
        reckoning.observe(shown, round_trip, wall(), self.started.elapsed());
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
