//! Restatements that outgrow what was reported.

use domain::Outcome;
use ports::ledger::{Claim, DueLimits, Holder, Portion, Restatements, Settle, Settled, WaitReason};
use ports::{LedgerAdmin, ReportLedger};

use super::world::{figures, holder, lease, ledger, sendable, settlement};

fn increments(seconds: i64) -> Holder {
    Holder { restatements: Restatements::Increments, ..holder(seconds) }
}

#[tokio::test(flavor = "multi_thread")]
async fn further_paid_clicks_are_handed_out_with_what_they_are_worth() {
    let ledger = ledger().await;
    let held = lease(&ledger.claim(vec![sendable("s", "b/o", 0)], &increments(0)).await.unwrap()[0]);
    let whole = settlement(&held, Settle::Reported);
    assert_eq!(ledger.settle(vec![whole.clone()], &increments(1)).await.unwrap(), [Settled::Done]);
    let mut more = sendable("s", "b/p", 0);
    more.observed = Some(figures(3, "0.95"));
    assert_eq!(ledger.claim(vec![more], &increments(2)).await.unwrap(), [Claim::Duplicate]);
    let due = ledger.claim_due(&DueLimits::of(10), &increments(2)).await.unwrap().remove(0);
    let expected = Portion::Increment { first: 1, purchases: 2, value: "0.7".parse().unwrap() };
    assert_eq!((due.portion, due.accepted.is_empty()), (expected, true));
    let increment = ports::ledger::Settlement {
        accepted: [0, 1].into_iter().collect(),
        reported: figures(2, "0.7"),
        ..settlement(&due.lease, Settle::Reported)
    };
    assert_eq!(ledger.settle(vec![increment], &increments(3)).await.unwrap(), [Settled::Done]);
    let record = ledger.find("s", None).await.unwrap().remove(0);
    assert_eq!((record.outcome, record.reported, record.events), (Outcome::Reported, figures(3, "0.95"), 3));
    let tried: Vec<_> =
        ledger.attempts(&record.key).await.unwrap().iter().map(|a| (a.number, a.events)).collect();
    assert_eq!(tried, [(1, 1), (2, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_grew_while_it_was_sent_is_due_at_once() {
    let ledger = ledger().await;
    let held = lease(&ledger.claim(vec![sendable("s", "b/o", 0)], &increments(0)).await.unwrap()[0]);
    let mut more = sendable("s", "b/p", 0);
    more.observed = Some(figures(2, "0.45"));
    ledger.claim(vec![more], &increments(1)).await.unwrap();
    ledger.settle(vec![settlement(&held, Settle::Reported)], &increments(2)).await.unwrap();
    let record = ledger.find("s", None).await.unwrap().remove(0);
    assert_eq!((record.outcome, record.wait_reason()), (Outcome::Retry, Some(WaitReason::Restated)));
    let due = ledger.claim_due(&DueLimits::of(10), &increments(2)).await.unwrap().remove(0);
    assert_eq!(due.portion, Portion::Increment { first: 1, purchases: 1, value: "0.2".parse().unwrap() });
}
