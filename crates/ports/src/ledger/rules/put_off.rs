//! What a wrong clock put off.

use domain::{Outcome, UnixMillis};

use crate::clock::APART;
use crate::ledger::{LongestWaits, WaitReason};

/// An open entry that waits for a moment.
#[derive(Debug, Clone, Copy)]
pub struct PutOff<'e> {
    /// Its state.
    pub outcome: Outcome,
    /// Why it waits; empty while it is in flight.
    pub reason: &'e str,
    /// The moment: the end of its lease, or of its pause.
    pub due_at: UnixMillis,
    /// When its state was written, by the clock of who wrote it.
    pub changed_at: UnixMillis,
}

impl PutOff<'_> {
    /// Whether only a wrong clock can have written the moment, if `now` is right.
    ///
    /// A lease does not end later than one that starts now, and what was written was not written later than now; but for the
    /// difference that right clocks may have. What waits for a person, for a better row or for its deadline stays as it is.
    #[must_use]
    pub fn by_a_wrong_clock(&self, longest: &LongestWaits, now: UnixMillis) -> bool {
        let latest = now.plus(APART);
        match self.outcome {
            Outcome::InFlight => self.due_at > latest.plus(longest.lease),
            Outcome::Retry | Outcome::Parked if self.is_a_pause() => {
                self.due_at > latest && (self.changed_at > latest || self.due_at > latest.plus(longest.pause))
            }
            _ => false,
        }
    }

    /// What a later version waits for is not known. Some reasons have what is parked wait for a person; what is tried again has a
    /// pause whatever its reason.
    fn is_a_pause(&self) -> bool {
        let reason = WaitReason::from(self.reason);
        let waits_for_a_person =
            self.outcome == Outcome::Parked && WaitReason::WITHOUT_CREDENTIAL.contains(&reason);
        !matches!(reason, WaitReason::Other(_)) && !waits_for_a_person
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_763_800_000_000);
    const LONGEST: LongestWaits =
        LongestWaits { lease: Duration::from_secs(120), pause: Duration::from_secs(3_600) };

    fn is_put_off(outcome: Outcome, reason: &str, due_s: u64, changed_s: u64) -> bool {
        let at = |seconds| NOW.plus(Duration::from_secs(seconds));
        PutOff { outcome, reason, due_at: at(due_s), changed_at: at(changed_s) }
            .by_a_wrong_clock(&LONGEST, NOW)
    }

    #[test]
    fn the_longest_lease_of_a_right_clock_is_respected() {
        assert!(!is_put_off(Outcome::InFlight, "", 120 + 180, 180));
        assert!(is_put_off(Outcome::InFlight, "", 120 + 181, 0));
    }

    #[test]
    fn a_pause_is_too_long_or_begins_too_late() {
        for (outcome, reason) in [
            (Outcome::Retry, "throttled"),
            (Outcome::Retry, "unknown_outcome"),
            (Outcome::Parked, "no_working_credential"),
        ] {
            assert!(!is_put_off(outcome, reason, 3_600 + 180, 180));
            assert!(is_put_off(outcome, reason, 3_600 + 181, 180));
            assert!(is_put_off(outcome, reason, 200, 181));
            assert!(!is_put_off(outcome, reason, 180, 181), "its time is near");
        }
    }

    #[test]
    fn what_has_other_rules_stays_put_off() {
        for reason in WaitReason::WITHOUT_CREDENTIAL {
            assert!(!is_put_off(Outcome::Parked, reason.as_str(), 1_000_000, 1_000_000), "{reason}");
        }
        assert!(!is_put_off(Outcome::Parked, "of a later version", 1_000_000, 1_000_000));
        for outcome in Outcome::ALL.into_iter().filter(|outcome| outcome.is_end()) {
            assert!(!is_put_off(outcome, "", 1_000_000, 1_000_000), "{outcome}");
        }
    }
}
