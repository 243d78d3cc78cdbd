//! A destination that gives no answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::UnixMillis;
use ports::HealthSink;
use ports::destination::Answer;

/// The part that is missing while no answer comes.
const DESTINATION: &str = "destination";

/// The status of an answer that never came.
const NO_ANSWER: u16 = 0;

/// What this process knows of a destination that was silent: after that it may hear nothing for ever, because the retries are
/// another process's.
const LASTS: Duration = Duration::from_secs(60);

/// When the latest request without an answer was given up, if none was answered since.
#[derive(Debug, Default)]
pub struct Silence(Mutex<Option<UnixMillis>>);

impl Silence {
    /// A request has ended with this answer, or without one.
    pub(super) fn note(&self, answer: &Answer, now: UnixMillis, health: &dyn HealthSink) {
        if answer.status == NO_ANSWER {
            *self.state() = Some(now);
            health.not_ready(DESTINATION, &answer.message);
        } else {
            *self.state() = None;
            health.ready(DESTINATION);
        }
    }

    /// Forgets a silence of long ago.
    pub(super) fn fade(&self, now: UnixMillis, health: &dyn HealthSink) {
        let mut state = self.state();
        if state.is_some_and(|since| now.since(since) >= LASTS) {
            *state = None;
            health.ready(DESTINATION);
        }
    }

    fn state(&self) -> MutexGuard<'_, Option<UnixMillis>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last that was said.
    #[derive(Default)]
    struct Said(Mutex<Option<bool>>);

    impl HealthSink for Said {
        fn ready(&self, _: &'static str) {
            *self.0.lock().unwrap() = Some(true);
        }
        fn not_ready(&self, _: &'static str, _: &str) {
            *self.0.lock().unwrap() = Some(false);
        }
    }

    #[test]
    fn any_answer_ends_a_silence_and_so_does_time() {
        let (silence, said) = (Silence::default(), Said::default());
        let last = || *said.0.lock().unwrap();
        let at = |seconds: u64| UnixMillis(0).plus(Duration::from_secs(seconds));
        let answer = |status| Answer { status, ..Answer::default() };
        silence.fade(at(0), &said);
        assert_eq!(last(), None, "there is nothing to say");
        silence.note(&answer(0), at(0), &said);
        assert_eq!(last(), Some(false));
        silence.note(&answer(500), at(1), &said);
        assert_eq!(last(), Some(true), "it is there, and in trouble of its own");
        silence.note(&answer(0), at(2), &said);
        silence.fade(at(61), &said);
        assert_eq!(last(), Some(false));
        silence.fade(at(62), &said);
        assert_eq!(last(), Some(true));
    }
}
