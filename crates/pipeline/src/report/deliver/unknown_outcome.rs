//! Events that the platform may have received: when they may be sent again, and when a person must decide.

use domain::{PlatformRules, UnixMillis};
use ports::clock::APART;
use ports::ledger::{Due, MaybeReceived, Settle, SettleLater, Settlement, WaitReason};

use super::nothing_sent::nothing_sent;
use crate::report::{OnUnknown, mutations};

/// Whether only a person may have a conversion sent again: the operator wants it so, or the platform soon forgets the event ids
/// that it may have received, and would count a repetition.
pub(super) fn needs_a_person(
    mark: Option<MaybeReceived>,
    on_unknown: OnUnknown,
    rules: PlatformRules,
    now: UnixMillis,
) -> bool {
    let Some(mark) = mark else { return false };
    let is_over = mutations::time_of_repeating(now) >= rules.repeat_until(mark.since);
    // A wrong clock made it, so it says nothing.
    let is_from_the_future = mark.since > now.plus(APART);
    on_unknown == OnUnknown::Hold || is_over || is_from_the_future
}

/// The settlement of a conversion that is not sent because a person must decide.
pub(super) fn leave_to_a_person(due: Due) -> Settlement {
    let settle = parked(due.deadline, false);
    nothing_sent(due, settle)
}

/// Waits for a person until its deadline.
pub(super) const fn parked(deadline: UnixMillis, failed: bool) -> Settle {
    Settle::Parked(SettleLater { due_at: deadline, reason: WaitReason::UnknownOutcome, failed })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn events_are_repeated_only_while_the_platform_remembers_them() {
        let rules = PlatformRules {
            window: Duration::from_secs(7 * 24 * 3600),
            margin: Duration::from_secs(60),
            deduplication: Duration::from_secs(48 * 3600),
            deduplication_margin: Duration::from_secs(3600),
            max_events: 10,
            max_bytes: 1 << 20,
        };
        let mark = Some(MaybeReceived::since(UnixMillis(1_000)));
        let needs = |mark, on_unknown, hours: u64| {
            let now = UnixMillis(1_000).plus(Duration::from_secs(hours * 3600));
            needs_a_person(mark, on_unknown, rules, now)
        };
        assert!(!needs(None, OnUnknown::Hold, 100) && !needs(None, OnUnknown::Resend, 100));
        assert!(needs(mark, OnUnknown::Hold, 0));
        assert!(!needs(mark, OnUnknown::Resend, 46) && needs(mark, OnUnknown::Resend, 47));
        let future = Some(MaybeReceived::since(UnixMillis(1_000).plus(APART * 2)));
        assert!(needs(future, OnUnknown::Resend, 0));
    }
}
