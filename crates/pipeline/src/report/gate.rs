//! How much a pixel is asked for: requests at once, and when it is left alone.

use std::time::Duration;

use domain::{PixelCode, UnixMillis};
use ports::Rng;
use ports::ledger::{Settle, SettleLater, WaitReason};
use ports::pixels::Credential;

use super::Backoff;
use super::credentials::Credentials;
use super::round::RoundEnd;

/// How long to leave a pixel alone that asks for less without saying how long.
pub(super) const THROTTLED_PAUSE: Duration = Duration::from_secs(60);

/// An answer within this time is quick; slower ones are no reason to ask for more at once.
const QUICK: Duration = Duration::from_secs(3);

/// Failed batches in a row after which the pixel is left alone for a while.
const FAILURES: u32 = 3;

/// Why a pixel is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It asked for less.
    Throttled,
    /// Too many requests in a row failed.
    Failing,
    /// None of its credentials works.
    NoCredential,
}

/// A pixel is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) why: Why,
    /// Until then; the next batch is a probe.
    pub(super) until: UnixMillis,
}

impl Closed {
    /// Where a conversion goes that comes meanwhile.
    pub(super) fn settle(self, deadline: UnixMillis) -> Settle {
        let open = |reason| SettleLater { due_at: self.until.min(deadline), reason, failed: false };
        match self.why {
            Why::Throttled => Settle::Retry(open(WaitReason::Throttled)),
            Why::Failing => Settle::Retry(open(WaitReason::Transient)),
            Why::NoCredential => Settle::Parked(open(WaitReason::NoWorkingCredential)),
        }
    }
}

/// What a batch tells about its pixel.
#[derive(Debug, Clone)]
pub(super) struct Lesson {
    pub(super) end: RoundEnd,
    /// An answer was good and asked for less all the same.
    pub(super) pressed: bool,
    /// The slowest answer.
    pub(super) slowest: Duration,
}

/// A pixel's gate.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) credentials: Credentials,
    /// The most requests at once.
    most: usize,
    /// Requests at once now.
    window: usize,
    /// Good batches since the window changed.
    good: usize,
    /// Failed batches in a row.
    failures: u32,
    closed: Option<Closed>,
}

impl Gate {
    /// Open, one request at once, never more than `most`.
    pub(super) fn new(most: usize) -> Self {
        let credentials = Credentials::default();
        Self { credentials, most: most.max(1), window: 1, good: 0, failures: 0, closed: None }
    }

    /// Requests at once now.
    pub(super) const fn window(&self) -> usize {
        self.window
    }

    /// What to try, the first choice first. Credentials that the directory did not show before open the gate for good.
    pub(super) fn credentials_to_try(&mut self, current: &[Credential]) -> Vec<Credential> {
        if self.credentials.differ_from(current) {
            self.closed = self.closed.filter(|c| c.why != Why::NoCredential);
        }
        self.credentials.candidates(current)
    }

    /// Whether the pixel is left alone now; other credentials in the directory open its gate at once.
    pub(super) fn closed(&self, now: UnixMillis, current: &[Credential]) -> Option<Closed> {
        self.shut(now)
            .filter(|closed| closed.why != Why::NoCredential || !self.credentials.differ_from(current))
    }

    /// Whether the pixel is left alone now, as long as the directory shows no other credentials.
    pub(super) fn shut(&self, now: UnixMillis) -> Option<Closed> {
        self.closed.filter(|closed| now < closed.until)
    }

    /// Adapts: one more request at once when as many batches as are under way went well, half as many after trouble.
    pub(super) fn learn(&mut self, lesson: &Lesson, now: UnixMillis, backoff: Backoff, rng: &dyn Rng) {
        match lesson.end {
            RoundEnd::Finished => {
                self.failures = 0;
                self.closed = self.closed.filter(|c| c.why == Why::Throttled);
                if lesson.pressed {
                    self.halve();
                } else if lesson.slowest <= QUICK {
                    self.good += 1;
                    if self.good >= self.window {
                        (self.window, self.good) = ((self.window + 1).min(self.most), 0);
                    }
                }
            }
            RoundEnd::Throttled(wait) => {
                self.halve();
                self.close(Why::Throttled, now.plus(wait.unwrap_or(THROTTLED_PAUSE)));
            }
            RoundEnd::Failed => {
                self.halve();
                self.failures = self.failures.saturating_add(1);
                if let Some(more) = self.failures.checked_sub(FAILURES) {
                    self.window = 1;
                    self.close(Why::Failing, now.plus(backoff.after(more, rng)));
                }
            }
            RoundEnd::Refused => {
                (self.window, self.good) = (1, 0);
                self.close(Why::NoCredential, now.plus(backoff.probe));
            }
            RoundEnd::LedgerAway => {}
        }
    }

    fn halve(&mut self) {
        (self.window, self.good) = ((self.window / 2).max(1), 0);
    }

    fn close(&mut self, why: Why, until: UnixMillis) {
        let until = self.closed.map_or(until, |c| if c.why == why { c.until.max(until) } else { until });
        self.closed = Some(Closed { why, until });
    }
}

/// Says that a pixel's gate closed, if it did.
pub(super) fn log_closed(pixel: &PixelCode, closed: Option<Closed>) {
    if let Some(Closed { why, until }) = closed {
        tracing::warn!(pixel.id = %pixel, ?why, %until, "the pixel is left alone for a while");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Half;
    impl Rng for Half {
        fn next_u64(&self) -> u64 {
            1 << 63
        }
    }

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn learn(gate: &mut Gate, end: RoundEnd) {
        let lesson = Lesson { end, pressed: false, slowest: Duration::from_millis(300) };
        gate.learn(&lesson, NOW, Backoff::default(), &Half);
    }

    #[test]
    fn the_window_grows_by_one_and_falls_by_half() {
        let mut gate = Gate::new(4);
        let mut windows = Vec::new();
        for _ in 0..8 {
            learn(&mut gate, RoundEnd::Finished);
            windows.push(gate.window());
        }
        assert_eq!(windows, [2, 2, 3, 3, 3, 4, 4, 4]);
        let pressed = Lesson { end: RoundEnd::Finished, pressed: true, slowest: Duration::ZERO };
        gate.learn(&pressed, NOW, Backoff::default(), &Half);
        assert_eq!((gate.window(), gate.closed(NOW, &[])), (2, None));
        let slow = Lesson { end: RoundEnd::Finished, pressed: false, slowest: Duration::from_secs(9) };
        (0..9).for_each(|_| gate.learn(&slow, NOW, Backoff::default(), &Half));
        assert_eq!(gate.window(), 2, "slow answers are no reason for more");
    }

    #[test]
    fn a_throttled_pixel_is_left_alone_as_long_as_it_says() {
        let mut gate = Gate::new(4);
        learn(&mut gate, RoundEnd::Throttled(Some(Duration::from_secs(240))));
        let until = NOW.plus(Duration::from_secs(240));
        assert_eq!(gate.closed(NOW, &[]), Some(Closed { why: Why::Throttled, until }));
        learn(&mut gate, RoundEnd::Finished);
        assert!(gate.closed(NOW, &[]).is_some(), "another batch's success does not shorten the wait");
        assert_eq!(gate.closed(until, &[]), None);
        let settle = Closed { why: Why::Throttled, until }.settle(NOW);
        assert!(matches!(settle, Settle::Retry(open) if open.due_at == NOW), "never past the deadline");
    }

    #[test]
    fn three_failures_in_a_row_close_the_gate_and_each_more_for_longer() {
        let mut gate = Gate::new(4);
        learn(&mut gate, RoundEnd::Failed);
        learn(&mut gate, RoundEnd::Failed);
        assert_eq!(gate.closed(NOW, &[]), None);
        learn(&mut gate, RoundEnd::Failed);
        assert_eq!(gate.closed(NOW, &[]).map(|c| c.until), Some(NOW.plus(Duration::from_secs(10))));
        learn(&mut gate, RoundEnd::Failed);
        assert_eq!(gate.closed(NOW, &[]).map(|c| c.until), Some(NOW.plus(Duration::from_secs(20))));
        learn(&mut gate, RoundEnd::Finished);
        assert_eq!(gate.closed(NOW, &[]), None);
    }

    #[test]
    fn other_credentials_open_the_gate() {
        let credential = |t: &str| Credential { label: t.to_owned(), token: t.into() };
        let mut gate = Gate::new(4);
        gate.credentials_to_try(&[credential("dead")]);
        learn(&mut gate, RoundEnd::Refused);
        assert!(gate.closed(NOW, &[credential("dead")]).is_some_and(|c| c.why == Why::NoCredential));
        assert_eq!(gate.closed(NOW, &[credential("new")]), None);
        gate.credentials_to_try(&[credential("new")]);
        assert_eq!(gate.closed(NOW, &[credential("new")]), None, "and leave it open while they are tried");
    }
}
