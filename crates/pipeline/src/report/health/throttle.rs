//! How much one pixel is sent at once, and when it is paused.
//!
//! The concurrency limit grows by one after successes and halves after failures (AIMD). A circuit breaker stands before it: it opens
//! when the pixel is rate limited, fails several times in a row or has no working credential. While it is open the pixel is
//! paused. After that the next batch is a probe (half-open), and a success closes the breaker.

use std::time::Duration;

use domain::UnixMillis;
use ports::Rng;
use ports::ledger::{Settle, SettleLater, WaitReason};
use ports::pixels::Credential;

use super::credentials::RefusedCredentials;
use super::feedback::{BatchFeedback, DeliveryEnd};
use crate::report::Backoff;

/// An answer within this time is quick; after slower ones the limit does not grow.
const QUICK_ANSWER: Duration = Duration::from_secs(3);

/// Failed batches in a row that open the circuit breaker.
const FAILURES_TO_OPEN: u32 = 3;

/// No platform's wish and no backoff pauses a pixel for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// Why a pixel is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum PauseReason {
    /// It asked for fewer requests.
    RateLimited,
    /// Too many batches in a row failed.
    Failing,
    /// None of its credentials works.
    NoCredential,
}

/// An open circuit breaker: the pixel is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Paused {
    reason: PauseReason,
    /// The end of the pause; the next batch is a probe.
    until: UnixMillis,
}

impl Paused {
    /// What is written about a conversion that comes meanwhile.
    pub(in crate::report) fn settle(self, deadline: UnixMillis) -> Settle {
        let open = |reason| SettleLater { due_at: self.until.min(deadline), reason, failed: false };
        match self.reason {
            PauseReason::RateLimited => Settle::Retry(open(WaitReason::Throttled)),
            PauseReason::Failing => Settle::Retry(open(WaitReason::Transient)),
            PauseReason::NoCredential => Settle::Parked(open(WaitReason::NoWorkingCredential)),
        }
    }

    /// Says that the pixel is paused; the batch's span names the pixel.
    pub(in crate::report) fn log(self) {
        tracing::warn!(reason = ?self.reason, until = %self.until, "pixel paused");
    }
}

/// A pixel's concurrency limit and circuit breaker.
#[derive(Debug)]
pub(in crate::report) struct PixelThrottle {
    pub(in crate::report) credentials: RefusedCredentials,
    /// The limit never grows beyond this.
    max_concurrency: usize,
    /// Requests at once now.
    concurrency: usize,
    /// Successful batches since the limit changed.
    successes: usize,
    /// Failed batches in a row.
    failures: u32,
    /// Set while the circuit breaker is open, and until the probe after it succeeds.
    paused: Option<Paused>,
}

impl PixelThrottle {
    /// Circuit closed, one request at once, never more than `max_concurrency`.
    pub(in crate::report) fn new(max_concurrency: usize) -> Self {
        Self {
            credentials: RefusedCredentials::default(),
            max_concurrency: max_concurrency.max(1),
            concurrency: 1,
            successes: 0,
            failures: 0,
            paused: None,
        }
    }

    /// Requests at once now.
    pub(in crate::report) const fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// What to try, the first choice first. Credentials that the directory did not show before close a circuit that was open
    /// for want of one.
    pub(in crate::report) fn credentials_to_try(&mut self, current: &[Credential]) -> Vec<Credential> {
        if self.credentials.differ_from(current) {
            self.paused = self.paused.filter(|paused| paused.reason != PauseReason::NoCredential);
        }
        self.credentials.candidates(current)
    }

    /// The pause, unless the directory shows other credentials and the want of one was its reason.
    pub(in crate::report) fn paused_with(&self, current: &[Credential], now: UnixMillis) -> Option<Paused> {
        self.paused(now).filter(|paused| {
            paused.reason != PauseReason::NoCredential || !self.credentials.differ_from(current)
        })
    }

    /// The pause, whatever the directory shows.
    pub(in crate::report) fn paused(&self, now: UnixMillis) -> Option<Paused> {
        // The clock may have been put right since: a pause that is longer than any was set by a wrong one.
        self.paused.filter(|paused| now < paused.until && paused.until.since(now) <= LONGEST_PAUSE)
    }

    /// Adapts to what a batch has seen.
    pub(in crate::report) fn record(
        &mut self,
        feedback: &BatchFeedback,
        now: UnixMillis,
        backoff: Backoff,
        rng: &dyn Rng,
    ) {
        match feedback.end {
            DeliveryEnd::Finished => {
                self.failures = 0;
                // The destination said how long a rate limit lasts; a success does not shorten that.
                self.paused = self.paused.filter(|paused| paused.reason == PauseReason::RateLimited);
                if feedback.near_limit {
                    self.halve();
                } else if feedback.slowest_answer <= QUICK_ANSWER {
                    self.grow();
                }
            }
            DeliveryEnd::RateLimited(wait) => {
                self.halve();
                self.open_circuit(PauseReason::RateLimited, now.plus(wait.unwrap_or(Backoff::RATE_LIMITED)));
            }
            DeliveryEnd::Failed => {
                self.halve();
                self.failures = self.failures.saturating_add(1);
                if let Some(more) = self.failures.checked_sub(FAILURES_TO_OPEN) {
                    self.concurrency = 1;
                    self.open_circuit(PauseReason::Failing, now.plus(backoff.after(more, rng)));
                }
            }
            DeliveryEnd::CredentialsRefused => {
                (self.concurrency, self.successes) = (1, 0);
                self.open_circuit(PauseReason::NoCredential, now.plus(backoff.probe));
            }
            // Says nothing about the pixel.
            DeliveryEnd::LedgerUnavailable => {}
        }
    }

    /// One more request at once when as many batches in a row went well as there may be requests.
    fn grow(&mut self) {
        self.successes += 1;
        if self.successes >= self.concurrency {
            (self.concurrency, self.successes) = ((self.concurrency + 1).min(self.max_concurrency), 0);
        }
    }

    fn halve(&mut self) {
        (self.concurrency, self.successes) = ((self.concurrency / 2).max(1), 0);
    }

    fn open_circuit(&mut self, reason: PauseReason, until: UnixMillis) {
        let until = match self.paused {
            Some(paused) if paused.reason == reason => paused.until.max(until),
            _ => until,
        };
        self.paused = Some(Paused { reason, until });
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

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn record(throttle: &mut PixelThrottle, end: DeliveryEnd) {
        let feedback = BatchFeedback { end, near_limit: false, slowest_answer: Duration::from_millis(300) };
        throttle.record(&feedback, NOW, Backoff::default(), &Half);
    }

    #[test]
    fn the_limit_grows_by_one_and_halves() {
        let mut throttle = PixelThrottle::new(4);
        let mut limits = Vec::new();
        for _ in 0..8 {
            record(&mut throttle, DeliveryEnd::Finished);
            limits.push(throttle.concurrency());
        }
        assert_eq!(limits, [2, 2, 3, 3, 3, 4, 4, 4]);
        let near_limit =
            BatchFeedback { end: DeliveryEnd::Finished, near_limit: true, slowest_answer: Duration::ZERO };
        throttle.record(&near_limit, NOW, Backoff::default(), &Half);
        assert_eq!((throttle.concurrency(), throttle.paused_with(&[], NOW)), (2, None));
        let slow = BatchFeedback { near_limit: false, slowest_answer: Duration::from_secs(9), ..near_limit };
        (0..9).for_each(|_| throttle.record(&slow, NOW, Backoff::default(), &Half));
        assert_eq!(throttle.concurrency(), 2, "the limit does not grow after slow answers");
    }

    #[test]
    fn a_rate_limited_pixel_is_paused_for_as_long_as_it_says() {
        let mut throttle = PixelThrottle::new(4);
        record(&mut throttle, DeliveryEnd::RateLimited(Some(Duration::from_secs(240))));
        let until = NOW.plus(Duration::from_secs(240));
        assert_eq!(throttle.paused_with(&[], NOW), Some(Paused { reason: PauseReason::RateLimited, until }));
        record(&mut throttle, DeliveryEnd::Finished);
        assert!(
            throttle.paused_with(&[], NOW).is_some(),
            "another batch's success does not shorten the pause"
        );
        assert_eq!(throttle.paused_with(&[], until), None);
        let settle = Paused { reason: PauseReason::RateLimited, until }.settle(NOW);
        assert!(matches!(settle, Settle::Retry(open) if open.due_at == NOW), "never past the deadline");
    }

    #[test]
    fn three_failures_in_a_row_open_the_circuit_and_each_more_for_longer() {
        let mut throttle = PixelThrottle::new(4);
        record(&mut throttle, DeliveryEnd::Failed);
        record(&mut throttle, DeliveryEnd::Failed);
        assert_eq!(throttle.paused_with(&[], NOW), None);
        record(&mut throttle, DeliveryEnd::Failed);
        assert_eq!(throttle.paused_with(&[], NOW).map(|p| p.until), Some(NOW.plus(Duration::from_secs(10))));
        record(&mut throttle, DeliveryEnd::Failed);
        assert_eq!(throttle.paused_with(&[], NOW).map(|p| p.until), Some(NOW.plus(Duration::from_secs(20))));
        record(&mut throttle, DeliveryEnd::Finished);
        assert_eq!(throttle.paused_with(&[], NOW), None);
    }

    #[test]
    fn other_credentials_close_the_circuit() {
        let credential = |t: &str| Credential { label: t.to_owned(), token: t.into() };
        let mut throttle = PixelThrottle::new(4);
        throttle.credentials_to_try(&[credential("dead")]);
        record(&mut throttle, DeliveryEnd::CredentialsRefused);
        assert!(
            throttle
                .paused_with(&[credential("dead")], NOW)
                .is_some_and(|p| p.reason == PauseReason::NoCredential)
        );
        assert_eq!(throttle.paused_with(&[credential("new")], NOW), None);
        throttle.credentials_to_try(&[credential("new")]);
        assert_eq!(
            throttle.paused_with(&[credential("new")], NOW),
            None,
            "and keep it closed while they are tried"
        );
    }
}
