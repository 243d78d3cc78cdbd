//! Pauses that grow with each failure.

use std::time::Duration;

use crate::Rng;

/// Exponential backoff. It knows no time and no chance: the caller counts failures and waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The pause before anything was doubled.
    pub first: Duration,
    /// The longest pause, before jitter.
    pub longest: Duration,
    /// How far jitter spreads a pause, as a share of it: 0 not at all, 1 from half of it to one and a half.
    pub jitter: f64,
}

impl Backoff {
    /// Pauses that always are the same, for one caller alone.
    #[must_use]
    pub const fn even(first: Duration, longest: Duration) -> Self {
        Self { first, longest, jitter: 0.0 }
    }

    /// Pauses that many callers do not take at the same moments.
    #[must_use]
    pub const fn jittered(first: Duration, longest: Duration) -> Self {
        Self { first, longest, jitter: 1.0 }
    }

    /// The pause after so many doublings, without jitter.
    #[must_use]
    pub fn pause(&self, doublings: u32) -> Duration {
        let times = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first.saturating_mul(times).min(self.longest)
    }

    /// The pause after so many doublings, with jitter.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ports::backoff::Backoff;
    ///
    /// #[derive(Debug)]
    /// struct Lowest;
    /// impl ports::Rng for Lowest {
    ///     fn next_u64(&self) -> u64 {
    ///         0
    ///     }
    /// }
    ///
    /// let backoff = Backoff::jittered(Duration::from_secs(10), Duration::from_secs(60));
    /// assert_eq!(backoff.pause(1), Duration::from_secs(20));
    /// assert_eq!(backoff.random_pause(1, &Lowest), Duration::from_secs(10));
    /// assert_eq!(backoff.pause(9), Duration::from_secs(60), "the longest");
    /// ```
    #[must_use]
    pub fn random_pause(&self, doublings: u32, rng: &dyn Rng) -> Duration {
        self.pause(doublings).mul_f64(1.0 + self.jitter * (rng.fraction() - 0.5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff::even(SECOND * 5, SECOND * 30);
        let pauses = [0, 1, 2, 3, 31, 32, u32::MAX].map(|doublings| backoff.pause(doublings).as_secs());
        assert_eq!(pauses, [5, 10, 20, 30, 30, 30, 30]);
        assert_eq!(Backoff::even(SECOND, Duration::MAX).pause(40), SECOND * u32::MAX);
    }

    #[test]
    fn jitter_spreads_a_pause_around_itself() {
        #[derive(Debug)]
        struct Fixed(u64);
        impl Rng for Fixed {
            fn next_u64(&self) -> u64 {
                self.0
            }
        }
        let pause = |backoff: Backoff, bits| backoff.random_pause(0, &Fixed(bits)).as_millis();
        let jittered = Backoff::jittered(SECOND, SECOND);
        assert_eq!(
            [pause(jittered, 0), pause(jittered, 1 << 63), pause(jittered, u64::MAX)],
            [500, 1000, 1500]
        );
        assert_eq!(pause(Backoff::even(SECOND, SECOND), 0), 1000);
    }
}
