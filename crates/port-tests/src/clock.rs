//! A clock that moves when a test says so, and with whatever sleeps on it; and chance that leaves nothing to it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::UnixMillis;
use ports::{Clock, Rng};

/// Starts at a fixed instant. Sleeping yields to others and moves the clock on, so that nothing waits for real.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(1_763_800_000_000))
    }
}

impl ManualClock {
    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

/// Always the middle: a pause with jitter is as long as one without.
#[derive(Debug, Clone, Copy, Default)]
pub struct Half;

impl Rng for Half {
    fn next_u64(&self) -> u64 {
        1 << 63
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, time: Duration) {
        tokio::task::yield_now().await;
        self.advance(time);
    }
}

/// How a suite lets time pass: a manual clock is moved, with a real one the suite waits.
pub type Pass<'a> = &'a (dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Sync);

impl ManualClock {
    /// Lets time pass by moving this clock.
    pub fn passer(
        self: &Arc<Self>,
    ) -> impl Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Sync + use<> {
        let clock = Arc::clone(self);
        move |time| {
            clock.advance(time);
            Box::pin(std::future::ready(()))
        }
    }
}

/// The time as it is, for what is compared with a server's.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealClock;

#[async_trait]
impl Clock for RealClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "servers have a clock of their own; this is the one nearest to it"
    )]
    fn now(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
