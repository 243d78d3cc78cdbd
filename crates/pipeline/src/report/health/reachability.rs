//! Whether the destination answers at all, for `/health/ready`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Platform, UnixMillis};
use ports::HealthSink;
use ports::clock::APART;
use ports::destination::Answer;

/// The status of an answer that never came.
const NO_ANSWER: u16 = 0;

/// How long a request without an answer counts. After that this process may never send again and so never learn more: the
/// retries may be claimed by another process.
const EXPIRES_AFTER: Duration = Duration::from_secs(60);

/// When the latest request without an answer was given up, if none was answered since.
#[derive(Debug)]
pub(in crate::report) struct DestinationReachability {
    /// Names the part of the process that is not ready while no answer comes.
    platform: Platform,
    unanswered_at: Mutex<Option<UnixMillis>>,
}

impl DestinationReachability {
    /// The destination of a platform, of which nothing is known yet.
    pub(in crate::report) const fn of(platform: Platform) -> Self {
        Self { platform, unanswered_at: Mutex::new(None) }
    }

    /// A request has ended with this answer, or without one.
    pub(in crate::report) fn record(&self, answer: &Answer, now: UnixMillis, health: &dyn HealthSink) {
        if answer.status == NO_ANSWER {
            *self.unanswered_at() = Some(now);
            health.not_ready(self.platform.as_str(), &answer.message);
        } else {
            *self.unanswered_at() = None;
            health.ready(self.platform.as_str());
        }
    }

    /// Forgets a request without an answer that was long ago.
    pub(in crate::report) fn expire(&self, now: UnixMillis, health: &dyn HealthSink) {
        let mut unanswered_at = self.unanswered_at();
        // The clock may have been put right since.
        if unanswered_at.is_some_and(|at| now.since(at) >= EXPIRES_AFTER || at > now.plus(APART)) {
            *unanswered_at = None;
            health.ready(self.platform.as_str());
        }
    }

    fn unanswered_at(&self) -> MutexGuard<'_, Option<UnixMillis>> {
        self.unanswered_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The latest report.
    #[derive(Debug, Default)]
    struct Latest(Mutex<Option<bool>>);

    impl HealthSink for Latest {
        fn ready(&self, _: &str) {
            *self.0.lock().unwrap() = Some(true);
        }
        fn not_ready(&self, _: &str, _: &str) {
            *self.0.lock().unwrap() = Some(false);
        }
    }

    #[test]
    fn any_answer_makes_the_destination_ready_and_so_does_time() {
        let (reachability, latest) = (DestinationReachability::of(Platform::LEGACY), Latest::default());
        let ready = || *latest.0.lock().unwrap();
        let at = |seconds: u64| UnixMillis(0).plus(Duration::from_secs(seconds));
        let answer = |status| Answer { status, ..Answer::default() };
        reachability.expire(at(0), &latest);
        assert_eq!(ready(), None, "nothing is known yet");
        reachability.record(&answer(0), at(0), &latest);
        assert_eq!(ready(), Some(false));
        reachability.record(&answer(500), at(1), &latest);
        assert_eq!(ready(), Some(true), "it fails, but it answers");
        reachability.record(&answer(0), at(2), &latest);
        reachability.expire(at(61), &latest);
        assert_eq!(ready(), Some(false));
        reachability.expire(at(62), &latest);
        assert_eq!(ready(), Some(true));
        reachability.record(&answer(0), at(100_000), &latest);
        reachability.expire(at(63), &latest);
        assert_eq!(ready(), Some(true), "a clock that was wrong had noted it");
    }
}
