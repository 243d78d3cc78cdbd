//! Figures that outgrow what was reported, under both rules.

use domain::Outcome;
use ports::ledger::{
    Claim, DueLimits, Holder, Lease, Portion, Restatements, RowClaim, Settle, Settled, Settlement, WaitReason,
};

use super::fixture::{
    LEASE, Subject, deadline, figures, holder, invalid, retry, sendable, settlement, views,
};

fn increments(seconds: i64) -> Holder {
    Holder { restatements: Restatements::Increments, ..holder("tester", seconds) }
}

fn stated(session: &str, object: &str, count: i64, revenue: &str) -> RowClaim {
    RowClaim { observed: Some(figures(count, revenue)), ..sendable(session, object, 0) }
}

/// Reports an entry whole: three events, of which so many are Purchases.
async fn report(ledger: &Subject, lease: &Lease, count: i64, revenue: &str, holder: &Holder) {
    let settlement = Settlement {
        accepted: [0, 1, 2].into_iter().collect(),
        reported: figures(count, revenue),
        ..settlement(lease, Settle::Reported)
    };
    assert_eq!(ledger.0.settle(vec![settlement], holder).await.expect("settle"), [Settled::Done]);
}

async fn claim(ledger: &Subject, row: RowClaim, holder: &Holder) -> Claim {
    ledger.0.claim(vec![row], holder).await.expect("claim").remove(0)
}

pub(super) async fn first_leaves_growth_observed(ledger: Subject) {
    let lease = ledger.hold(stated("s", "b/o", 1, "0.25"), 0).await;
    report(&ledger, &lease, 1, "0.25", &holder("tester", 1)).await;
    assert_eq!(ledger.claim_one(stated("s", "b/p", 3, "0.75"), 2).await, Claim::Duplicate);
    let record = ledger.record("s").await;
    assert_eq!((record.outcome, record.due_at), (Outcome::Reported, None));
    assert_eq!((record.observed, record.reported), (figures(3, "0.75"), figures(1, "0.25")));
    assert_eq!(ledger.due(10, 10_000).await, []);
}

pub(super) async fn growth_becomes_due_as_an_increment(ledger: Subject) {
    let lease = ledger.hold(stated("s", "b/o", 1, "0.25"), 0).await;
    report(&ledger, &lease, 1, "0.25", &increments(1)).await;
    assert_eq!(ledger.due(10, 2).await, [], "nothing has grown yet");

    assert_eq!(claim(&ledger, stated("s", "b/p", 3, "0.7512"), &increments(5)).await, Claim::Duplicate);
    let record = ledger.record("s").await;
    assert_eq!((record.outcome, record.wait_reason()), (Outcome::Retry, Some(WaitReason::Restated)));
    assert_eq!((record.source.object.as_str(), record.events), ("b/o", 3), "the row is still the first");
    let due = ledger.due(10, 5).await.remove(0);
    let value = "0.5012".parse().expect("an amount");
    assert_eq!(due.portion, Portion::Increment { first: 1, purchases: 2, value });
    assert!(due.accepted.is_empty(), "positions count from 0 again");
    assert_eq!((due.deadline, due.failures), (deadline(), 0));
    assert_eq!(due.raw, sendable("s", "b/o", 0).raw);

    let settlement = Settlement {
        accepted: [0, 1].into_iter().collect(),
        reported: figures(2, "0.5012"),
        ..settlement(&due.lease, Settle::Reported)
    };
    assert_eq!(ledger.0.settle(vec![settlement], &increments(6)).await.expect("settle"), [Settled::Done]);
    let record = ledger.record("s").await;
    assert_eq!((record.outcome, record.events), (Outcome::Reported, 5));
    assert_eq!(record.reported, figures(3, "0.7512"));
    assert_eq!(ledger.due(10, 10_000).await, []);
}

pub(super) async fn growth_in_flight_is_seen_when_settling(ledger: Subject) {
    let lease = ledger.hold(stated("s", "b/o", 1, "0.25"), 0).await;
    claim(&ledger, stated("s", "b/p", 2, "0.60"), &increments(1)).await;
    assert_eq!(ledger.record("s").await.outcome, Outcome::InFlight, "its holder is at work");
    report(&ledger, &lease, 1, "0.25", &increments(2)).await;
    let due = ledger.due(10, 2).await.remove(0);
    let value = "0.35".parse().expect("an amount");
    assert_eq!(due.portion, Portion::Increment { first: 1, purchases: 1, value });

    // And again while the increment is in flight.
    claim(&ledger, stated("s", "b/q", 4, "1"), &increments(3)).await;
    report(&ledger, &due.lease, 1, "0.35", &increments(4)).await;
    let due = ledger.due(10, 4).await.remove(0);
    let value = "0.4".parse().expect("an amount");
    assert_eq!(due.portion, Portion::Increment { first: 2, purchases: 2, value });
}

pub(super) async fn an_increment_survives_failures_and_crashes(ledger: Subject) {
    let lease = ledger.hold(stated("s", "b/o", 1, "0.25"), 0).await;
    report(&ledger, &lease, 1, "0.25", &increments(1)).await;
    claim(&ledger, stated("s", "b/p", 3, "0.75"), &increments(2)).await;
    let first = ledger.due(10, 2).await.remove(0);
    let failed = Settlement {
        accepted: [1].into_iter().collect(),
        reported: figures(1, "0.25"),
        ..settlement(&first.lease, retry(10))
    };
    assert_eq!(ledger.settle(failed, 3).await, Settled::Done);
    let second = ledger.due(10, 10).await.remove(0);
    assert_eq!(second.portion, first.portion);
    assert_eq!(second.accepted, [1].into_iter().collect());
    // It is not settled: the lease runs out.
    let third = ledger.due(10, 10 + LEASE).await.remove(0);
    assert_eq!((third.portion, third.accepted), (first.portion, second.accepted));
}

pub(super) async fn what_cannot_be_sent_is_only_recorded(ledger: Subject) {
    let lease = ledger.hold(stated("s", "b/o", 2, "0.50"), 0).await;
    report(&ledger, &lease, 2, "0.50", &increments(1)).await;
    let rows = [("b/1", 1, "0.20"), ("b/2", 2, "0.90"), ("b/3", 2, "0.10"), ("b/4", 10_001, "90")];
    for (object, count, revenue) in rows {
        claim(&ledger, stated("s", object, count, revenue), &increments(2)).await;
        let record = ledger.record("s").await;
        assert_eq!((record.outcome, record.observed), (Outcome::Reported, figures(count, revenue)));
    }
    // A row that may not be sent brings figures and no events.
    let late = RowClaim { observed: Some(figures(5, "2")), ..invalid("s", "b/5", 0) };
    assert_eq!(claim(&ledger, late, &increments(3)).await, Claim::Duplicate);
    assert_eq!(ledger.record("s").await.outcome, Outcome::Reported);
    assert_eq!(ledger.0.claim_due(&DueLimits::of(10), &increments(10_000)).await.expect("claim_due"), []);
}

pub(super) async fn the_receipt_stays_that_of_the_first_row(ledger: Subject) {
    let lease = ledger.hold(stated("s", "b/o", 1, "0.25"), 0).await;
    ledger.finish("b/o", 1, 0).await;
    report(&ledger, &lease, 1, "0.25", &increments(1)).await;
    claim(&ledger, stated("s", "b/p", 2, "0.5"), &increments(2)).await;
    ledger.finish("b/p", 1, 1).await;
    ledger.balances("b/o", &[(Outcome::Retry, 1)]).await;
    ledger.balances("b/p", &[(Outcome::Duplicate, 1)]).await;
    let due = ledger.due(10, 2).await.remove(0);
    report(&ledger, &due.lease, 1, "0.25", &increments(3)).await;
    ledger.balances("b/o", &[(Outcome::Reported, 1)]).await;
    let receipt = ledger.receipt("b/o").await;
    assert_eq!((receipt.events(), receipt.revenue()), (6, "0.5".parse().expect("an amount")));
}

fn first(seconds: i64) -> Holder {
    Holder { restatements: Restatements::First, ..holder("tester", seconds) }
}

pub(super) async fn the_first_money_is_never_a_duplicate(ledger: Subject) {
    let lease = ledger.hold(views("s", "b/o"), 0).await;
    report(&ledger, &lease, 0, "0", &first(1)).await;
    assert_eq!(claim(&ledger, stated("s", "b/p", 2, "0.9"), &first(2)).await, Claim::Duplicate);
    let due = ledger.due(10, 2).await.remove(0);
    let value = "0.9".parse().expect("an amount");
    assert_eq!(due.portion, Portion::Increment { first: 0, purchases: 2, value });
    report(&ledger, &due.lease, 2, "0.9", &first(3)).await;
    assert_eq!(claim(&ledger, stated("s", "b/q", 3, "1.2"), &first(4)).await, Claim::Duplicate);
    let record = ledger.record("s").await;
    assert_eq!((record.outcome, record.reported), (Outcome::Reported, figures(2, "0.9")));
    assert_eq!(record.observed, figures(3, "1.2"), "what is not reported is shown");
    assert_eq!(ledger.due(10, 10_000).await, []);
}

pub(super) async fn money_that_comes_while_views_are_in_flight_follows(ledger: Subject) {
    for (session, policy, sent) in [("f", first(2), (2, "0.9")), ("i", increments(2), (3, "1.2"))] {
        let lease = ledger.hold(views(session, &format!("b/{session}")), 0).await;
        for (object, count, revenue) in [("p", 2, "0.9"), ("q", 3, "1.2")] {
            let object = format!("{object}/{session}");
            assert_eq!(
                claim(&ledger, stated(session, &object, count, revenue), &policy).await,
                Claim::Duplicate
            );
        }
        report(&ledger, &lease, 0, "0", &policy).await;
        let due = ledger.due(10, 2).await.remove(0);
        let value = sent.1.parse().expect("an amount");
        assert_eq!(due.portion, Portion::Increment { first: 0, purchases: sent.0, value }, "{session}");
        report(&ledger, &due.lease, i64::from(sent.0), sent.1, &policy).await;
        assert_eq!(ledger.record(session).await.outcome, Outcome::Reported);
    }
    assert_eq!(ledger.due(10, 10_000).await, []);
}

pub(super) async fn what_an_invalid_row_states_is_never_sent(ledger: Subject) {
    let lease = ledger.hold(stated("s", "b/o", 1, "0.25"), 0).await;
    let broken = RowClaim { observed: Some(figures(5, "2")), ..invalid("s", "b/p", 0) };
    assert_eq!(claim(&ledger, broken, &increments(1)).await, Claim::Duplicate);
    report(&ledger, &lease, 1, "0.25", &increments(2)).await;
    let record = ledger.record("s").await;
    assert_eq!((record.outcome, record.observed), (Outcome::Reported, figures(5, "2")));
    assert_eq!(ledger.due(10, 10_000).await, []);
}

pub(super) async fn a_row_without_amount_leaves_what_was_observed(ledger: Subject) {
    ledger.hold(stated("s", "b/o", 2, "0.5"), 0).await;
    let before = ledger.record("s").await;
    let silent = RowClaim { observed: None, ..invalid("s", "b/p", 0) };
    assert_eq!(ledger.claim_one(silent.clone(), 1).await, Claim::Duplicate);
    assert_eq!(ledger.record("s").await, before, "nothing is new");
    ledger.claim_one(RowClaim { observed: None, ..invalid("t", "b/q", 0) }, 1).await;
    assert_eq!(ledger.record("t").await.observed, figures(0, "0"));
}
