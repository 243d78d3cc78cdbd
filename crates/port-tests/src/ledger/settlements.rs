//! Settling and extending what is held.

use domain::{ConversionKey, Outcome};
use ports::destination::Answer;
use ports::ledger::{Lease, Settle, Settled, Settlement, WaitReason};

use super::fixture::{LEASE, Subject, at, figures, holder, parked, retry, sendable, settlement};

pub(super) async fn every_end_is_written(ledger: Subject) {
    let rejected = Settle::Rejected { reason: "100/2804004".to_owned() };
    let ends = [
        (Settle::Reported, Outcome::Reported, "", None),
        (retry(300), Outcome::Retry, WaitReason::Throttled.as_str(), Some(at(300))),
        (parked(400), Outcome::Parked, WaitReason::NoWorkingCredential.as_str(), Some(at(400))),
        (rejected, Outcome::Rejected, "100/2804004", None),
        (Settle::Expired, Outcome::Expired, "", None),
    ];
    let answer = Answer {
        status: 400,
        code: Some(100),
        subcode: Some(2_804_004),
        message: "said \"no\"".to_owned(),
        trace_id: Some("A1".to_owned()),
    };
    for (row, (settle, outcome, reason, due_at)) in ends.into_iter().enumerate() {
        let session = format!("s{row}");
        let lease = ledger.hold(sendable(&session, "b/o", row as u64), 0).await;
        let before = ledger.record(&session).await;
        let settlement = Settlement { answer: Some(answer.clone()), ..settlement(&lease, settle) };
        assert_eq!(ledger.settle(settlement, 20).await, Settled::Done);
        let after = ledger.record(&session).await;
        assert_eq!((after.outcome, after.reason.as_str(), after.due_at), (outcome, reason, due_at));
        assert_eq!(after.answer.as_ref(), Some(&answer));
        assert_eq!((after.created_at, after.updated_at), (at(0), at(20)));
        assert!(after.version > before.version);
    }
}

pub(super) async fn a_settled_entry_cannot_be_settled_again(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.done(&lease, Settle::Reported, 1).await;
    assert_eq!(ledger.settle(settlement(&lease, retry(9)), 2).await, Settled::Late);
    assert_eq!(ledger.0.extend(&[lease], at(900)).await.expect("extend"), [Settled::Late]);
    assert_eq!(ledger.record("s").await.outcome, Outcome::Reported);
}

pub(super) async fn a_lease_that_was_taken_cannot_settle(ledger: Subject) {
    let stale = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let due = ledger.due(10, LEASE + 1).await;
    assert_eq!(due.len(), 1);
    assert!(due[0].lease.attempt > stale.attempt);
    let late = Settlement {
        accepted: [0, 1].into_iter().collect(),
        reported: figures(1, "5"),
        ..settlement(&stale, Settle::Reported)
    };
    assert_eq!(ledger.settle(late, LEASE + 2).await, Settled::Late);
    let record = ledger.record("s").await;
    assert_eq!((record.outcome, record.events), (Outcome::InFlight, 0), "nothing was changed");
    assert_eq!(record.reported, figures(0, "0"));
    ledger.done(&due[0].lease, Settle::Reported, LEASE + 3).await;
}

pub(super) async fn a_lease_that_ran_out_may_settle_until_it_is_taken(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.done(&lease, Settle::Reported, LEASE + 30).await;
    assert_eq!(ledger.due(10, LEASE + 31).await, []);
}

pub(super) async fn accepted_events_add_up_over_attempts(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let first = Settlement {
        accepted: [0, 1, 4].into_iter().collect(),
        reported: figures(1, "0.1"),
        ..settlement(&lease, retry(10))
    };
    assert_eq!(ledger.settle(first, 1).await, Settled::Done);
    let due = ledger.due(1, 11).await.remove(0);
    assert_eq!(due.accepted, [0, 1, 4].into_iter().collect());
    let second = Settlement {
        accepted: [2, 3].into_iter().collect(),
        reported: figures(2, "0.2"),
        ..settlement(&due.lease, Settle::Reported)
    };
    assert_eq!(ledger.settle(second, 12).await, Settled::Done);
    let record = ledger.record("s").await;
    assert_eq!(record.events, 5);
    assert_eq!(record.reported, figures(3, "0.3"), "exact decimals");
    assert_eq!(record.attempts, 2);
}

pub(super) async fn more_time_keeps_an_entry(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let more = ledger.0.extend(std::slice::from_ref(&lease), at(500)).await.expect("extend");
    assert_eq!(more, [Settled::Done]);
    assert_eq!(ledger.due(10, 499).await, []);
    let taken = ledger.due(10, 500).await;
    assert_eq!(taken.len(), 1, "the end of the lease is when it may be taken");
    let stale = ledger.0.extend(&[lease, taken[0].lease.clone()], at(900)).await.expect("extend");
    assert_eq!(stale, [Settled::Late, Settled::Done], "one answer per lease, in order");
}

pub(super) async fn unknown_keys_are_late(ledger: Subject) {
    let lease = Lease { key: ConversionKey::new("unknown", None), attempt: 1 };
    assert_eq!(ledger.settle(settlement(&lease, Settle::Expired), 0).await, Settled::Late);
    let held = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let future = Lease { attempt: held.attempt + 1, ..held.clone() };
    let mixed = vec![settlement(&future, Settle::Expired), settlement(&held, Settle::Reported)];
    let settled = ledger.0.settle(mixed, &holder("tester", 1)).await.expect("settle");
    assert_eq!(settled, [Settled::Late, Settled::Done], "one answer per settlement, in order");
}
