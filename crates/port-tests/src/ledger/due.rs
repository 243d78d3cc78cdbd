//! Handing out due work.

use std::time::Duration;

use domain::Outcome;
use ports::ledger::{Claim, DueLimits, Restatements, RowClaim, RowVerdict, Settle, SettleLater, WaitReason};

use super::fixture::{LEASE, Subject, at, before, deadline, key, parked, pixel, retry, sendable};

pub(super) async fn a_lease_that_ran_out_is_handed_out_again(ledger: Subject) {
    let stated = sendable("s", "b/o", 0);
    let lease = ledger.hold(stated.clone(), 0).await;
    assert_eq!(ledger.due(10, LEASE - 1).await, [], "the lease still runs");
    let due = ledger.due(10, LEASE).await;
    assert_eq!(due.len(), 1);
    let due = &due[0];
    assert_eq!((due.lease.key, due.lease.attempt), (lease.key, lease.attempt + 1));
    assert_eq!((&due.raw, &due.network), (&stated.raw, &stated.network));
    assert_eq!((Some(&due.pixel), due.deadline), (stated.pixel.as_ref(), deadline()));
    assert!(due.accepted.is_empty());
    assert_eq!(ledger.due(10, LEASE + 1).await, [], "it is held again");
    assert_eq!(ledger.record("s").await.attempts, 2);
}

pub(super) async fn a_retry_is_not_handed_out_before_its_time(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.done(&lease, retry(300), 1).await;
    assert_eq!(ledger.due(10, 299).await, []);
    assert_eq!(ledger.due(10, 300).await.len(), 1);
    assert_eq!(ledger.record("s").await.outcome, Outcome::InFlight);
}

pub(super) async fn the_nearest_deadline_comes_first(ledger: Subject) {
    for (row, hours) in [(0, 30), (1, 10), (2, 20), (3, 40)] {
        let deadline = at(hours * 3600);
        let verdict = RowVerdict::Sendable { deadline };
        let stated = RowClaim { verdict, ..sendable(&format!("s{row}"), "b/o", row) };
        let lease = ledger.hold(stated, 0).await;
        // The later the deadline, the sooner it is due: the order must not come from there.
        ledger.done(&lease, retry(1000 - hours), 1).await;
    }
    let deadlines: Vec<_> = ledger.due(3, 2000).await.into_iter().map(|d| d.deadline).collect();
    assert_eq!(deadlines, [at(10 * 3600), at(20 * 3600), at(30 * 3600)]);
    assert_eq!(ledger.due(3, 2000).await.len(), 1, "the rest");
}

pub(super) async fn what_waits_past_its_deadline_comes_out(ledger: Subject) {
    for (row, settle) in [(0, parked(10_000_000)), (1, retry(10_000_000))] {
        let lease = ledger.hold(sendable(&format!("s{row}"), "b/o", row), 0).await;
        ledger.done(&lease, settle, 1).await;
    }
    let holder = |now| ports::ledger::Holder {
        owner: "late".to_owned(),
        now,
        until: now.plus(Duration::from_secs(60)),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    };
    let early = ledger.0.claim_due(&DueLimits::of(10), &holder(before(deadline()))).await.expect("claim_due");
    assert_eq!(early, []);
    let due = ledger.0.claim_due(&DueLimits::of(10), &holder(deadline())).await.expect("claim_due");
    assert_eq!(due.len(), 2, "both, so that they can expire");
}

pub(super) async fn a_running_lease_is_respected_past_the_deadline(ledger: Subject) {
    let verdict = RowVerdict::Sendable { deadline: at(10) };
    ledger.hold(RowClaim { verdict, ..sendable("s", "b/o", 0) }, 0).await;
    assert_eq!(ledger.due(10, 20).await, []);
    assert_eq!(ledger.due(10, LEASE).await.len(), 1);
}

pub(super) async fn more_time_keeps_what_had_run_out(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.hold(sendable("t", "b/o", 1), 0).await;
    assert_eq!(ledger.due(1, LEASE).await.len(), 1, "one of the two, whichever");
    let left = if ledger.record("s").await.attempts == 1 {
        lease
    } else {
        ports::ledger::Lease { key: key("t"), ..lease }
    };
    let held = ledger.0.extend(std::slice::from_ref(&left), at(3 * LEASE)).await.expect("extend");
    assert_eq!(held, [ports::ledger::Settled::Done], "no other worker has claimed it");
    assert_eq!(ledger.due(10, LEASE + 1).await, []);
    assert_eq!(ledger.due(10, 3 * LEASE).await.len(), 2);
}

pub(super) async fn released_entries_are_those_of_the_pixel(ledger: Subject) {
    let rows = [("a", "111"), ("b", "111"), ("c", "tiktok:111"), ("d", "111"), ("e", "111")];
    for (row, (session, code)) in rows.into_iter().enumerate() {
        let stated = RowClaim { pixel: Some(pixel(code)), ..sendable(session, "b/o", row as u64) };
        let lease = ledger.hold(stated, 0).await;
        let for_the_operator =
            SettleLater { due_at: at(9_000), reason: WaitReason::UnknownOutcome, failed: true };
        let settle = match session {
            "d" => retry(9_000),
            "e" => Settle::Parked(for_the_operator),
            _ => parked(9_000),
        };
        ledger.done(&lease, settle, 1).await;
    }
    let released = ledger.0.release_parked(&pixel("111"), at(2)).await.expect("release_parked");
    assert_eq!(released, 2);
    let mut keys: Vec<_> = ledger.due(10, 2).await.into_iter().map(|d| d.lease.key).collect();
    keys.sort_unstable();
    let mut expected = [key("a"), key("b")];
    expected.sort_unstable();
    assert_eq!(
        keys, expected,
        "not the other platform's, not the retry, and not what waits for the operator"
    );
    let none = ledger.0.release_parked(&pixel("333"), at(2)).await.expect("release_parked");
    assert_eq!(none, 0);
}

pub(super) async fn failures_count_only_failed_attempts(ledger: Subject) {
    let Claim::Held(mut lease) = ledger.claim_one(sendable("s", "b/o", 0), 0).await else {
        panic!("a new row is held")
    };
    let open = |seconds, failed| SettleLater { due_at: at(seconds), reason: WaitReason::Transient, failed };
    let steps = [
        (Settle::Retry(open(10, true)), 1),
        (Settle::Parked(open(20, false)), 1),
        (Settle::Parked(open(30, true)), 2),
        (Settle::Retry(open(40, false)), 2),
    ];
    for (step, (settle, failures)) in steps.into_iter().enumerate() {
        let seconds = 10 * i64::try_from(step).expect("few steps");
        ledger.done(&lease, settle, seconds).await;
        let due = ledger.due(1, seconds + 10).await.remove(0);
        assert_eq!(due.failures, failures, "step {step}");
        lease = due.lease;
    }
    assert_eq!(lease.attempt, 5);
}
