//! Backends that are away: while nothing can be done, nothing is received, so that no message wears out by waiting.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::UnixMillis;
use ports::HealthSink;

/// The first pause, once two messages in a row have met trouble: one alone may be its own.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause between two messages that try whether a backend is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What the latest messages met.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    in_a_row: u32,
    paused_until: Option<UnixMillis>,
    away: BTreeSet<&'static str>,
}

impl Trouble {
    /// A message could not be done because this backend is away.
    pub(super) fn met(&self, part: &'static str, why: &str, now: UnixMillis, health: &dyn HealthSink) {
        health.not_ready(part, why);
        let mut state = self.state();
        state.away.insert(part);
        // Messages that were in hand together met the same trouble: they count once.
        if state.paused_until.is_some_and(|until| now < until) {
            return;
        }
        state.in_a_row += 1;
        if let Some(doublings) = state.in_a_row.checked_sub(2) {
            let doubled = FIRST_PAUSE.saturating_mul(1 << doublings.min(10));
            state.paused_until = Some(now.plus(doubled.min(LONGEST_PAUSE)));
        }
    }

    /// A message was done: the backends are there.
    pub(super) fn passed(&self, health: &dyn HealthSink) {
        let state = std::mem::take(&mut *self.state());
        state.away.into_iter().for_each(|part| health.ready(part));
    }

    /// How long nothing should be received.
    pub(super) fn pause(&self, now: UnixMillis) -> Duration {
        self.state().paused_until.map_or(Duration::ZERO, |until| until.since(now))
    }

    /// Whether the next message only tries whether the backends are back.
    pub(super) fn probes(&self) -> bool {
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
    fn pauses_grow_while_nothing_passes_and_end_with_the_first_that_does() {
        let trouble = Trouble::default();
        let mut now = UnixMillis(0);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            // Two at once count once.
            for _ in 0..2 {
                trouble.met("ledger", "away", now, &NoHealth);
            }
            let pause = trouble.pause(now);
            pauses.push(pause.as_secs());
            now = now.plus(pause);
        }
        assert_eq!(pauses, [5, 10, 20, 30, 30, 30]);
        assert!(trouble.probes());
        trouble.passed(&NoHealth);
        assert!(!trouble.probes());
        trouble.met("ledger", "away", now, &NoHealth);
        assert_eq!(trouble.pause(now), Duration::ZERO, "one message alone may be its own trouble");
    }
}
