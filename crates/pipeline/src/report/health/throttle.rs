//! How much one pixel is sent at once, and when it is paused.
//!
//! The concurrency limit grows by one after successes and halves after failures (AIMD). A circuit breaker stands before it: it opens
//! when the pixel is rate limited, fails several times in a row or has no working credential. While it is open the pixel is
//! paused. After that the next batch is a probe (half-open), and a success closes the breaker.

use std::time::Duration;

use domain::UnixMillis;
use ports::Rng;
use ports::clock::APART;
use ports::destination::PixelRefusal;
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
pub(in crate::report) const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// Why a pixel is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum PauseReason {
    /// It asked for fewer requests.
    RateLimited,
    /// Too many batches in a row failed.
    Failing,
    /// None of its credentials works.
    NoCredential,
    /// The destination refuses the pixel, whatever the credential.
    Refused(PixelRefusal),
    /// The destination takes none of its events.
    NothingAccepted,
}

impl PauseReason {
    /// Whether other credentials end the pause.
    const fn ends_with_new_credentials(self) -> bool {
        matches!(self, Self::NoCredential | Self::Refused(_) | Self::NothingAccepted)
    }
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
            PauseReason::Refused(refusal) => Settle::Parked(open(wait_reason(refusal))),
            PauseReason::NothingAccepted => Settle::Parked(open(WaitReason::NotIsolated)),
        }
    }

    /// Says that the pixel is paused; the batch's span names the pixel.
    pub(in crate::report) fn log(self) {
        tracing::warn!(reason = ?self.reason, until = %self.until, "pixel paused");
    }
}

/// Why the conversions of a refused pixel wait.
pub(in crate::report) const fn wait_reason(refusal: PixelRefusal) -> WaitReason {
    match refusal {
        PixelRefusal::Endpoint => WaitReason::WrongEndpoint,
        PixelRefusal::Account => WaitReason::AccountRefused,
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
    /// Whether the destination has accepted any event since it took nothing of a batch.
    has_accepted: bool,
    /// Set while the circuit breaker is open, and until the probe after it succeeds.
    paused: Option<Paused>,
    /// When that was set.
    paused_at: UnixMillis,
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
            has_accepted: false,
            paused: None,
            paused_at: UnixMillis::default(),
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
            self.paused = self.paused.filter(|paused| !paused.reason.ends_with_new_credentials());
        }
        self.credentials.candidates(current)
    }

    /// Whether the pixel is paused until other credentials or the next probe.
    pub(in crate::report) fn is_parked(&self, current: &[Credential], now: UnixMillis) -> bool {
        self.paused_with(current, now).is_some_and(|paused| paused.reason.ends_with_new_credentials())
    }

    /// The operator asks for another try: the next batch is the probe. A pause that the platform asked for lasts.
    pub(in crate::report) fn probe_now(&mut self) {
        self.paused = self.paused.filter(|paused| !paused.reason.ends_with_new_credentials());
    }

    /// The pause, unless the directory shows other credentials and it ends with those.
    pub(in crate::report) fn paused_with(&self, current: &[Credential], now: UnixMillis) -> Option<Paused> {
        self.paused(now).filter(|paused| {
            !paused.reason.ends_with_new_credentials() || !self.credentials.differ_from(current)
        })
    }

    /// The pause, whatever the directory shows.
    pub(in crate::report) fn paused(&self, now: UnixMillis) -> Option<Paused> {
        // The clock may have been put right since: a pause that begins later than now, or is longer than any, was set by a wrong one.
        let is_from_the_future = self.paused_at > now.plus(APART);
        self.paused.filter(|paused| {
            now < paused.until && paused.until.since(now) <= LONGEST_PAUSE && !is_from_the_future
        })
    }

    /// Adapts to what a batch has seen.
    pub(in crate::report) fn record(
        &mut self,
        feedback: &BatchFeedback,
        now: UnixMillis,
        backoff: Backoff,
        rng: &dyn Rng,
    ) {
        let had_accepted = self.has_accepted;
        self.has_accepted =
            feedback.accepted || (had_accepted && feedback.end != DeliveryEnd::NothingAccepted);
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
                self.open_circuit(PauseReason::RateLimited, now, wait.unwrap_or(Backoff::RATE_LIMITED));
            }
            DeliveryEnd::Failed(asked) => {
                self.halve();
                self.failures = self.failures.saturating_add(1);
                let more = self.failures.checked_sub(FAILURES_TO_OPEN);
                if more.is_some() {
                    self.concurrency = 1;
                }
                let wait = more.map(|more| backoff.after(more, rng)).max(asked);
                if let Some(wait) = wait {
                    self.open_circuit(PauseReason::Failing, now, wait);
                }
            }
            DeliveryEnd::CredentialsRefused => self.park(PauseReason::NoCredential, now, backoff),
            DeliveryEnd::PixelRefused(refusal) => self.park(PauseReason::Refused(refusal), now, backoff),
            // It takes other conversions: it is not the pixel.
            DeliveryEnd::NothingAccepted if had_accepted => {}
            DeliveryEnd::NothingAccepted => self.park(PauseReason::NothingAccepted, now, backoff),
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

    /// Pauses the pixel until the next probe.
    fn park(&mut self, reason: PauseReason, now: UnixMillis, backoff: Backoff) {
        (self.concurrency, self.successes) = (1, 0);
        self.open_circuit(reason, now, backoff.probe);
    }

    fn halve(&mut self) {
        (self.concurrency, self.successes) = ((self.concurrency / 2).max(1), 0);
    }

    fn open_circuit(&mut self, reason: PauseReason, now: UnixMillis, wait: Duration) {
        let until = match self.paused(now) {
            Some(paused) if paused.reason == reason => paused.until.max(now.plus(wait)),
            _ => now.plus(wait),
        };
        (self.paused, self.paused_at) = (Some(Paused { reason, until }), now);
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
        let accepted = end == DeliveryEnd::Finished;
        let slowest_answer = Duration::from_millis(300);
        let feedback = BatchFeedback { end, accepted, near_limit: false, slowest_answer };
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
        let near_limit = BatchFeedback {
            end: DeliveryEnd::Finished,
            accepted: true,
            near_limit: true,
            slowest_answer: Duration::ZERO,
        };
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
    fn a_pixel_s_pause_that_a_wrong_clock_set_does_not_last() {
        let mut throttle = PixelThrottle::new(4);
        record(&mut throttle, DeliveryEnd::RateLimited(None));
        let hours_before = NOW.minus(Duration::from_secs(5 * 3_600));
        assert!(throttle.paused(NOW).is_some() && throttle.paused(NOW.minus(APART)).is_some());
        assert_eq!(throttle.paused(hours_before), None);
    }

    #[test]
    fn three_failures_in_a_row_open_the_circuit_and_each_more_for_longer() {
        let mut throttle = PixelThrottle::new(4);
        record(&mut throttle, DeliveryEnd::Failed(None));
        record(&mut throttle, DeliveryEnd::Failed(None));
        assert_eq!(throttle.paused_with(&[], NOW), None);
        record(&mut throttle, DeliveryEnd::Failed(None));
        assert_eq!(throttle.paused_with(&[], NOW).map(|p| p.until), Some(NOW.plus(Duration::from_secs(10))));
        record(&mut throttle, DeliveryEnd::Failed(None));
        assert_eq!(throttle.paused_with(&[], NOW).map(|p| p.until), Some(NOW.plus(Duration::from_secs(20))));
        record(&mut throttle, DeliveryEnd::Finished);
        assert_eq!(throttle.paused_with(&[], NOW), None);
    }

    #[test]
    fn a_failing_pixel_is_left_alone_for_as_long_as_it_says() {
        let mut throttle = PixelThrottle::new(4);
        let asked = Duration::from_secs(8);
        record(&mut throttle, DeliveryEnd::Failed(Some(asked)));
        assert_eq!(throttle.paused_with(&[], NOW).map(|p| p.until), Some(NOW.plus(asked)));
        record(&mut throttle, DeliveryEnd::Failed(Some(asked)));
        record(&mut throttle, DeliveryEnd::Failed(Some(asked)));
        let until = throttle.paused_with(&[], NOW).map(|p| p.until);
        assert_eq!(until, Some(NOW.plus(Duration::from_secs(10))), "the longer of both");
    }

    #[test]
    fn a_refused_pixel_is_parked_until_the_next_probe() {
        for (end, reason) in [
            (DeliveryEnd::PixelRefused(PixelRefusal::Endpoint), WaitReason::WrongEndpoint),
            (DeliveryEnd::PixelRefused(PixelRefusal::Account), WaitReason::AccountRefused),
            (DeliveryEnd::NothingAccepted, WaitReason::NotIsolated),
        ] {
            let mut throttle = PixelThrottle::new(4);
            record(&mut throttle, end);
            let paused = throttle.paused_with(&[], NOW).unwrap();
            let deadline = NOW.plus(Duration::from_secs(9_999));
            assert!(matches!(paused.settle(deadline), Settle::Parked(open) if open.reason == reason));
            assert_eq!(throttle.paused_with(&[], NOW.plus(Backoff::default().probe)), None);
        }
    }

    #[test]
    fn a_pixel_that_takes_others_is_not_parked_for_some_that_it_refuses() {
        let mut throttle = PixelThrottle::new(4);
        record(&mut throttle, DeliveryEnd::Finished);
        record(&mut throttle, DeliveryEnd::NothingAccepted);
        assert_eq!(throttle.paused_with(&[], NOW), None);
        record(&mut throttle, DeliveryEnd::NothingAccepted);
        assert!(throttle.paused_with(&[], NOW).is_some(), "nothing was taken since");
    }

    #[test]
    fn the_operator_has_a_parked_pixel_probed_and_no_other() {
        let mut parked = PixelThrottle::new(4);
        record(&mut parked, DeliveryEnd::CredentialsRefused);
        assert!(parked.is_parked(&[], NOW));
        parked.probe_now();
        assert_eq!((parked.is_parked(&[], NOW), parked.paused(NOW)), (false, None));
        record(&mut parked, DeliveryEnd::CredentialsRefused);
        assert!(parked.is_parked(&[], NOW), "the probe was refused");
        let mut limited = PixelThrottle::new(4);
        record(&mut limited, DeliveryEnd::RateLimited(None));
        assert!(!limited.is_parked(&[], NOW));
        limited.probe_now();
        assert!(limited.paused(NOW).is_some(), "the platform asked for the pause");
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
