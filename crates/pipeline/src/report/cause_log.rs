//! What is rejected or waits, in the log: counted, and each cause at most once a minute.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{Outcome, PixelRef, UnixMillis};
use ports::ledger::WaitReason;

/// How often a cause is in the log at most.
const EVERY: Duration = Duration::from_secs(60);

/// So many causes are counted apart. What comes beyond that is counted together: an answer decides what a reason says.
const MOST_CAUSES: usize = 256;

/// What conversions have in common that are rejected or wait.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    outcome: &'static str,
    /// None stands for what is counted together.
    of: Option<(PixelRef, String)>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CauseLine {
    cause: Cause,
    conversions: u64,
}

/// Counts since the last line about a cause.
#[derive(Debug, Clone, Copy)]
struct Counted {
    since: UnixMillis,
    conversions: u64,
}

/// The causes of the last minute.
#[derive(Debug, Default)]
pub(super) struct CauseLog(Mutex<BTreeMap<Cause, Counted>>);

impl CauseLog {
    /// Notes conversions that are rejected or wait for this reason; the first of a cause are in the log at once.
    pub(super) fn note(
        &self,
        outcome: Outcome,
        pixel: &PixelRef,
        reason: &str,
        conversions: u64,
        now: UnixMillis,
    ) {
        if conversions > 0 && matches!(outcome, Outcome::Rejected | Outcome::Parked) {
            let of = Some((pixel.clone(), reason.to_owned()));
            self.count(Cause { outcome: outcome.as_str(), of }, conversions, now).iter().for_each(log);
        }
    }

    /// Logs what has been counted for a minute.
    pub(super) fn log_due(&self, now: UnixMillis) {
        self.due(now, EVERY).iter().for_each(log);
    }

    /// Logs all that has been counted: the process ends.
    pub(super) fn log_all(&self, now: UnixMillis) {
        self.due(now, Duration::ZERO).iter().for_each(log);
    }

    /// The line to log at once, if the cause is new.
    fn count(&self, cause: Cause, conversions: u64, now: UnixMillis) -> Option<CauseLine> {
        let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = causes.contains_key(&cause);
        let cause = if is_known || causes.len() < MOST_CAUSES { cause } else { Cause { of: None, ..cause } };
        if let Some(counted) = causes.get_mut(&cause) {
            counted.conversions += conversions;
            return None;
        }
        causes.insert(cause.clone(), Counted { since: now, conversions: 0 });
        Some(CauseLine { cause, conversions })
    }

    /// The lines about causes whose last line was so long ago. A cause of which nothing came since is forgotten.
    fn due(&self, now: UnixMillis, every: Duration) -> Vec<CauseLine> {
        let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        causes.retain(|cause, counted| {
            // A clock that was put right may show an earlier time than before.
            if now.since(counted.since) < every && counted.since <= now {
                return true;
            }
            let conversions = std::mem::take(&mut counted.conversions);
            counted.since = now;
            if conversions > 0 {
                lines.push(CauseLine { cause: cause.clone(), conversions });
            }
            conversions > 0
        });
        lines
    }
}

fn log(CauseLine { cause, conversions }: &CauseLine) {
    let (platform, pixel, reason) = match &cause.of {
        Some((pixel, reason)) => (pixel.platform.as_str(), pixel.code.as_str(), reason.as_str()),
        None => ("", "", "many different ones"),
    };
    if cause.outcome == Outcome::Rejected.as_str() {
        tracing::warn!(
            platform,
            pixel,
            reason,
            conversions,
            "conversions rejected: the platform will never take them as they are; `efflux explain SESSION` shows its answer"
        );
    } else if reason == WaitReason::ZeroRevenue.as_str() {
        tracing::info!(platform, pixel, reason, conversions, "conversions parked: they wait for their money");
    } else {
        tracing::warn!(
            platform,
            pixel,
            reason,
            conversions,
            "conversions parked: `efflux retry --status parked --dry-run` shows what waits"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_763_800_000_000);

    fn cause(reason: &str) -> Cause {
        let of = Some(("tiktok:1".parse().unwrap(), reason.to_owned()));
        Cause { outcome: "rejected", of }
    }

    fn after(seconds: u64) -> UnixMillis {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_cause_is_logged_at_once_and_then_once_a_minute_with_its_count() {
        let lines = CauseLog::default();
        let first = CauseLine { cause: cause("100"), conversions: 3 };
        assert_eq!(lines.count(cause("100"), 3, NOW), Some(first));
        assert_eq!(lines.count(cause("100"), 4, after(1)), None);
        assert_eq!(lines.count(cause("100"), 5, after(2)), None);
        assert!(lines.count(cause("200"), 1, after(2)).is_some(), "another cause");
        assert_eq!(lines.due(after(59), EVERY), []);
        assert_eq!(lines.due(after(60), EVERY), [CauseLine { cause: cause("100"), conversions: 9 }]);
        assert_eq!(lines.due(after(119), EVERY), [], "of the other nothing came");
        assert_eq!(lines.count(cause("100"), 1, after(119)), None);
        assert_eq!(
            lines.due(after(119), Duration::ZERO),
            [CauseLine { cause: cause("100"), conversions: 1 }]
        );
        assert!(lines.0.lock().unwrap().len() == 1);
    }

    #[test]
    fn many_causes_take_bounded_memory_and_none_is_lost() {
        let lines = CauseLog::default();
        let mut conversions = 0;
        for code in 0..10_000 {
            let logged = lines.count(cause(&code.to_string()), 1, NOW);
            conversions += logged.map_or(0, |line| line.conversions);
        }
        assert!(lines.0.lock().unwrap().len() <= MOST_CAUSES + 2);
        conversions += lines.due(after(60), EVERY).iter().map(|line| line.conversions).sum::<u64>();
        assert_eq!(conversions, 10_000);
        assert_eq!(lines.due(after(120), EVERY), []);
        assert_eq!(lines.0.lock().unwrap().len(), 0, "forgotten");
    }
}
