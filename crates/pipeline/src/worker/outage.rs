//! Backends that are unavailable: until they answer again nothing is received, so that no message uses up its deliveries by waiting.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::UnixMillis;
use ports::HealthSink;
use ports::backoff::Backoff;

/// Pauses between messages that probe whether a backend answers again. The first comes once two messages in a row have failed for a
/// backend: one alone may be the message's own problem.
const PAUSES: Backoff = Backoff::even(Duration::from_secs(5), LONGEST);
const LONGEST: Duration = Duration::from_secs(30);

/// What the latest messages say about the backends.
#[derive(Debug, Default)]
pub(super) struct BackendOutage(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures_in_a_row: u32,
    paused_until: Option<UnixMillis>,
    unavailable: BTreeSet<Cow<'static, str>>,
}

impl BackendOutage {
    /// A message could not be processed because this backend is unavailable.
    pub(super) fn record_failure(
        &self,
        part: Cow<'static, str>,
        reason: &str,
        now: UnixMillis,
        health: &dyn HealthSink,
    ) {
        health.not_ready(&part, reason);
        let mut state = self.state();
        state.unavailable.insert(part);
        // Messages that were in flight together met the same outage: they count once.
        if state.paused_until.is_some_and(|until| now < until && until.since(now) <= LONGEST) {
            return;
        }
        state.failures_in_a_row += 1;
        if let Some(doublings) = state.failures_in_a_row.checked_sub(2) {
            state.paused_until = Some(now.plus(PAUSES.pause(doublings)));
        }
    }

    /// A message was processed: the backends answer.
    pub(super) fn record_success(&self, health: &dyn HealthSink) {
        let state = std::mem::take(&mut *self.state());
        state.unavailable.into_iter().for_each(|part| health.ready(&part));
    }

    /// How long nothing should be received.
    pub(super) fn pause(&self, now: UnixMillis) -> Duration {
        // The clock may have been put right since: no pause is longer than the longest.
        self.state().paused_until.map_or(Duration::ZERO, |until| until.since(now).min(LONGEST))
    }

    /// Whether the next message only probes whether the backends answer again.
    pub(super) fn is_probing(&self) -> bool {
        self.state().paused_until.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole after each operation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ports::health::NoHealth;

    use super::*;

    #[test]
    fn a_pause_that_a_wrong_clock_set_does_not_last() {
        let outage = BackendOutage::default();
        for _ in 0..2 {
            outage.record_failure("clock".into(), "wrong", UnixMillis(100_000_000), &NoHealth);
        }
        assert_eq!(outage.pause(UnixMillis(0)), LONGEST);
    }

    #[test]
    fn pauses_grow_with_each_failure_and_end_with_the_first_success() {
        let outage = BackendOutage::default();
        let mut now = UnixMillis(0);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            // Two at once count once.
            for _ in 0..2 {
                outage.record_failure("ledger".into(), "unavailable", now, &NoHealth);
            }
            let pause = outage.pause(now);
            pauses.push(pause.as_secs());
            now = now.plus(pause);
        }
        assert_eq!(pauses, [5, 10, 20, 30, 30, 30]);
        assert!(outage.is_probing());
        outage.record_success(&NoHealth);
        assert!(!outage.is_probing());
        outage.record_failure("ledger".into(), "unavailable", now, &NoHealth);
        assert_eq!(outage.pause(now), Duration::ZERO, "one failure alone may be the message's own problem");
    }
}
