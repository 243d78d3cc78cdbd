//! Marks that the platform may have an entry's events.

use ports::ledger::{MaybeReceived, Reopening, Settle, SettleLater, Settled, Settlement, WaitReason};

use super::fixture::{LEASE, Subject, at, deadline, holder, pixel, retry, sendable, settlement};

fn unknown(seconds: i64) -> SettleLater {
    SettleLater { due_at: at(seconds), reason: WaitReason::UnknownOutcome, failed: true }
}

pub(super) async fn a_mark_outlives_the_lease_under_which_it_was_made(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.hold(sendable("t", "b/o", 1), 0).await;
    let begun = ledger.0.begin_sending(&[lease], &holder("tester", 5)).await.expect("begin_sending");
    assert_eq!(begun, [Settled::Done]);
    assert_eq!(ledger.due(10, LEASE + 4).await.len(), 1, "it renews the lease, too");
    let taken = ledger.due(10, LEASE + 5).await.remove(0);
    assert_eq!(taken.maybe_received, Some(MaybeReceived::since(at(5))));
    let again =
        ledger.0.begin_sending(std::slice::from_ref(&taken.lease), &holder("tester", LEASE + 6)).await;
    assert_eq!(again.expect("begin_sending"), [Settled::Done]);
    let taken = ledger.due(10, 3 * LEASE).await;
    let mark = taken.iter().find_map(|due| due.maybe_received);
    assert_eq!(mark, Some(MaybeReceived::since(at(5))), "the first moment counts");
    assert!(taken.iter().any(|due| due.maybe_received.is_none()), "nothing was sent of the other");
}

pub(super) async fn only_the_holder_may_begin_to_send(ledger: Subject) {
    let stale = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let taken = ledger.due(1, LEASE).await.remove(0);
    let leases = [stale, taken.lease.clone()];
    let begun = ledger.0.begin_sending(&leases, &holder("tester", LEASE + 1)).await.expect("begin_sending");
    assert_eq!(begun, [Settled::Late, Settled::Done], "one answer per lease, in order");
    ledger.done(&taken.lease, Settle::Reported, LEASE + 2).await;
    let late = ledger.0.begin_sending(&[taken.lease], &holder("tester", LEASE + 3)).await;
    assert_eq!(late.expect("begin_sending"), [Settled::Late]);
    assert_eq!(ledger.0.begin_sending(&[], &holder("tester", 0)).await.expect("begin_sending"), []);
}

pub(super) async fn a_settlement_says_whether_the_mark_stays(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.0.begin_sending(std::slice::from_ref(&lease), &holder("tester", 1)).await.expect("begin_sending");
    ledger.done(&lease, retry(10), 2).await;
    let due = ledger.due(1, 10).await.remove(0);
    assert_eq!(due.maybe_received, None, "an answer said that nothing was taken");
    let mark = Some(MaybeReceived { since: at(11), short_answers: 3 });
    let left = Settlement { maybe_received: mark, ..settlement(&due.lease, Settle::Retry(unknown(20))) };
    assert_eq!(ledger.settle(left, 12).await, Settled::Done);
    assert_eq!(ledger.due(1, 20).await.remove(0).maybe_received, mark);
}

pub(super) async fn what_is_reported_leaves_no_mark(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let mark = Some(MaybeReceived::since(at(1)));
    let left = Settlement { maybe_received: mark, ..settlement(&lease, Settle::Parked(unknown(20))) };
    assert_eq!(ledger.settle(left, 2).await, Settled::Done);
    let due = ledger.due(1, 20).await.remove(0);
    let reported = Settlement {
        maybe_received: mark,
        ..settlement(&due.lease, Settle::Rejected { reason: "x".into() })
    };
    assert_eq!(ledger.settle(reported, 21).await, Settled::Done);
    ledger.reopen("s", 22).await;
    let due = ledger.due(1, 23).await.remove(0);
    assert_eq!(due.maybe_received, mark, "no person has decided about it");
    ledger.done(&due.lease, Settle::Reported, 24).await;
}

pub(super) async fn the_operator_decides_that_events_are_sent_again(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let mark = Some(MaybeReceived::since(at(1)));
    let left = Settlement { maybe_received: mark, ..settlement(&lease, Settle::Parked(unknown(900))) };
    assert_eq!(ledger.settle(left, 2).await, Settled::Done);
    ledger.reopen("s", 3).await;
    assert_eq!(ledger.due(1, 3).await.remove(0).maybe_received, None);
}

impl Subject {
    async fn reopen(&self, session: &str, seconds: i64) {
        let record = self.record(session).await;
        let reopening =
            Reopening { key: record.key, version: record.version, pixel: pixel("111"), deadline: deadline() };
        let reopened = self.0.reopen(&[reopening], at(seconds)).await.expect("reopen");
        assert_eq!(reopened, [Settled::Done]);
    }
}
