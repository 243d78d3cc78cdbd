//! Time and chance as parameters, so that tests and simulations own them.

mod reckoning;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::UnixMillis;

pub use reckoning::{APART, Doubt, Reckoning, TOLERANCE};

/// The present, and waiting for it to pass.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> UnixMillis;

    /// Why the present is not known well enough to judge the age of a click by it; `None` while it is. Until the sources of
    /// time agree again, nothing expires, no row is judged, and nothing is sent.
    fn doubt(&self) -> Option<Doubt> {
        None
    }

    /// Another machine's clock has shown this, in an answer that took so long.
    fn observe(&self, _shown: UnixMillis, _round_trip: Duration) {}

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
