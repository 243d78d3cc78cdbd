//! Time and chance as parameters, so that tests and simulations own them.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::UnixMillis;

/// The present, and waiting for it to pass.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> UnixMillis;

    /// Waits; may return late, never early. Dropping the future gives the waiting up.
    async fn sleep(&self, time: Duration);
}

/// Chance, for jitter and names. Not for secrets.
pub trait Rng: fmt::Debug + Send + Sync {
    /// The next 64 bits.
    fn next_u64(&self) -> u64;

    /// A number in `0.0..1.0`.
    fn fraction(&self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
