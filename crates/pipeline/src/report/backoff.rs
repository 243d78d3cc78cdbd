//! How long to wait before the next attempt.

use std::time::Duration;

use domain::UnixMillis;
use ports::Rng;

/// Exponential with jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// How often a parked conversion is probed.
    pub probe: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(10),
            longest: Duration::from_secs(30 * 60),
            probe: Duration::from_secs(300),
        }
    }
}

impl Backoff {
    /// How long to pause a pixel that asks for fewer requests without saying for how long.
    pub(super) const RATE_LIMITED: Duration = Duration::from_secs(60);

    /// The wait after this many failures, between half and one and a half of the doubled first wait.
    #[must_use]
    pub fn after(&self, failures: u32, rng: &dyn Rng) -> Duration {
        ports::backoff::Backoff::jittered(self.first, self.longest).random_pause(failures, rng)
    }

    /// When to try again: after the wait, but not past the deadline, when the conversion is claimed a last time, to expire.
    #[must_use]
    pub fn due_at(now: UnixMillis, wait: Duration, deadline: UnixMillis) -> UnixMillis {
        now.plus(wait).min(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Half;
    impl Rng for Half {
        fn next_u64(&self) -> u64 {
            1 << 63
        }
    }

    #[test]
    fn waits_double_up_to_the_longest_and_end_at_the_deadline() {
        let backoff = Backoff::default();
        let seconds: Vec<_> =
            [0, 1, 2, 7, 8, 60].iter().map(|n| backoff.after(*n, &Half).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 1280, 1800, 1800]);
        let now = UnixMillis(0);
        assert_eq!(Backoff::due_at(now, Duration::from_secs(10), UnixMillis(4_000)), UnixMillis(4_000));
    }
}
