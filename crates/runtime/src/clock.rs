//! The system's time and chance: the edge at which both come in.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use domain::UnixMillis;
use ports::{Clock, Rng};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng};

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the system's time comes in")]
    fn now(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
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
