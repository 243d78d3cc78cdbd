//! Valid rows whose amounts keep them from being sent at once.

use domain::{OddAmount, Outcome};
use ports::ledger::{
    Claim, Due, Holder, Portion, Reopening, Restatements, RowClaim, Settle, SettleLater, Settled, Settlement,
    WaitReason,
};

use super::fixture::{
    Subject, at, deadline, figures, holder, invalid, key, no_events, pixel, retry, sendable, settlement,
    views, waiting,
};

fn increments(seconds: i64) -> Holder {
    Holder { restatements: Restatements::Increments, ..holder("tester", seconds) }
}

fn stated(object: &str, count: i64, revenue: &str) -> RowClaim {
    RowClaim { observed: Some(figures(count, revenue)), ..sendable("s", object, 0) }
}

async fn claim(ledger: &Subject, row: RowClaim, seconds: i64) -> Claim {
    ledger.0.claim(vec![row], &increments(seconds)).await.expect("claim").remove(0)
}

pub(super) async fn what_waits_is_due_at_its_time_only(ledger: Subject) {
    let words = [(OddAmount::Zero, "z"), (OddAmount::Implausible, "i")];
    for (odd, session) in words {
        let row = waiting(session, &format!("b/{session}"), odd, 500);
        assert_eq!(ledger.claim_one(row.clone(), 0).await, Claim::Stands(Outcome::Parked));
        let record = ledger.record(session).await;
        assert_eq!((record.outcome, record.wait_reason()), (Outcome::Parked, Some(WaitReason::from(odd))));
        assert_eq!((record.due_at, record.deadline), (Some(at(500)), Some(deadline())));
        assert_eq!((record.attempts, record.events, Some(record.observed)), (0, 0, row.observed));
        assert_eq!(ledger.claim_one(row, 1).await, Claim::Stands(Outcome::Parked), "it comes again");
    }
    assert_eq!(
        ledger.0.release_parked(&pixel("111"), at(2)).await.expect("release"),
        0,
        "no credential helps"
    );
    assert_eq!(ledger.due(10, 499).await, []);
    let due = ledger.due(10, 500).await;
    let attempts: Vec<_> = due.iter().map(|due| (due.lease.attempt, due.portion)).collect();
    assert_eq!(attempts, [(1, Portion::Full); 2]);
    for Due { lease, .. } in &due {
        ledger.done(lease, Settle::Expired, 501).await;
    }
    let states = ledger.0.stats().await.expect("stats").states;
    let expired: Vec<_> = states.iter().filter(|s| s.entries > 0).map(|s| (s.outcome, s.entries)).collect();
    assert_eq!(expired, [(Outcome::Expired, 2)]);
}

pub(super) async fn what_was_due_too_early_says_that_its_amount_waits(ledger: Subject) {
    for (odd, session) in [(OddAmount::Zero, "z"), (OddAmount::Implausible, "i")] {
        ledger.claim_one(waiting(session, &format!("b/{session}"), odd, 500), 0).await;
        // By a clock that is ahead; its holder ends, and its lease, too.
        for seconds in [500, 900] {
            let due = ledger.due(10, seconds).await.remove(0);
            assert_eq!((due.odd, due.deadline), (Some(odd), deadline()));
        }
        let due = ledger.due(10, 1_300).await.remove(0);
        let until = SettleLater { due_at: deadline(), reason: WaitReason::from(odd), failed: false };
        ledger.done(&due.lease, Settle::Parked(until), 1_300).await;
        let record = ledger.record(session).await;
        assert_eq!((record.outcome, record.due_at), (Outcome::Parked, Some(deadline())));
        let reopening = Reopening {
            key: key(session),
            version: record.version,
            pixel: pixel("111"),
            deadline: deadline(),
        };
        assert_eq!(ledger.0.reopen(&[reopening], at(1_301)).await.expect("reopen"), [Settled::Done]);
        let due = ledger.due(10, 1_301).await.remove(0);
        assert_eq!(due.odd, None, "the operator has decided");
        ledger.done(&due.lease, Settle::Expired, 1_302).await;
    }
}

pub(super) async fn money_takes_the_place_of_zero(ledger: Subject) {
    ledger.claim_one(waiting("s", "b/o", OddAmount::Zero, 500), 0).await;
    ledger.finish("b/o", 1, 0).await;
    ledger.balances("b/o", &[(Outcome::Parked, 1)]).await;
    // What is no better is a duplicate.
    for row in [waiting("s", "b/1", OddAmount::Zero, 500), invalid("s", "b/2", 0), no_events("s", "b/3", 0)] {
        assert_eq!(ledger.claim_one(row, 1).await, Claim::Duplicate);
    }
    let lease = ledger.hold(stated("b/p", 1, "0.5"), 2).await;
    assert_eq!((lease.key, lease.attempt), (key("s"), 1));
    ledger.finish("b/p", 1, 0).await;
    ledger.balances("b/o", &[(Outcome::Invalid, 1), (Outcome::Parked, 0)]).await;
    assert_eq!(ledger.receipt("b/o").await.outcomes[0].reason, WaitReason::ZeroRevenue.as_str());
    let again = ledger.claim_one(waiting("s", "b/o", OddAmount::Zero, 500), 3).await;
    assert_eq!(again, Claim::Stands(Outcome::Invalid), "its row comes again");
    ledger.done(&lease, Settle::Reported, 4).await;
    ledger.balances("b/p", &[(Outcome::Reported, 1)]).await;
    assert_eq!(ledger.due(10, 10_000).await, []);
}

pub(super) async fn a_correction_takes_the_place_of_what_is_implausible(ledger: Subject) {
    ledger.claim_one(waiting("s", "b/o", OddAmount::Zero, 500), 0).await;
    let implausible = waiting("s", "b/p", OddAmount::Implausible, 500);
    assert_eq!(ledger.claim_one(implausible, 1).await, Claim::Stands(Outcome::Parked), "it has money");
    assert_eq!(ledger.record("s").await.wait_reason(), Some(WaitReason::ImplausibleRevenue));
    assert_eq!(ledger.claim_one(waiting("s", "b/q", OddAmount::Zero, 500), 2).await, Claim::Duplicate);
    let lease = ledger.hold(stated("b/r", 1, "0.5"), 3).await;
    assert_eq!(lease.attempt, 1);
    let record = ledger.record("s").await;
    assert_eq!((record.outcome, record.observed), (Outcome::InFlight, figures(1, "0.5")));
    let in_one_call = [
        waiting("t", "b/1", OddAmount::Zero, 500),
        waiting("t", "b/2", OddAmount::Implausible, 500),
        RowClaim { observed: Some(figures(1, "0.5")), ..sendable("t", "b/3", 0) },
    ];
    let claims = ledger.claim(in_one_call.to_vec(), 4).await;
    assert!(matches!(&claims[..], [Claim::Duplicate, Claim::Duplicate, Claim::Held(_)]), "{claims:?}");
}

pub(super) async fn zero_takes_the_place_of_what_is_invalid(ledger: Subject) {
    ledger.claim(vec![invalid("s", "b/o", 0), no_events("t", "b/o", 1)], 0).await;
    for session in ["s", "t"] {
        let row = waiting(session, &format!("b/{session}"), OddAmount::Zero, 500);
        assert_eq!(ledger.claim_one(row, 1).await, Claim::Stands(Outcome::Parked));
        let record = ledger.record(session).await;
        assert_eq!((record.attempts, record.due_at, record.reasons.as_str()), (0, Some(at(500)), ""));
    }
    ledger.finish("b/o", 2, 0).await;
    ledger.balances("b/o", &[(Outcome::Invalid, 1), (Outcome::NoEvents, 1)]).await;
    assert_eq!(ledger.due(10, 500).await.len(), 2);
}

/// Reports one paid click worth 0.25, of which a later row makes two worth 5,000.
async fn implausible_increment(ledger: &Subject) {
    let lease = ledger.hold(stated("b/o", 1, "0.25"), 0).await;
    let reported = Settlement { reported: figures(1, "0.25"), ..settlement(&lease, Settle::Reported) };
    assert_eq!(ledger.0.settle(vec![reported], &increments(1)).await.expect("settle"), [Settled::Done]);
    assert_eq!(claim(ledger, stated("b/p", 2, "5000.25"), 2).await, Claim::Duplicate);
    let record = ledger.record("s").await;
    let reason = Some(WaitReason::ImplausibleRevenue);
    assert_eq!((record.outcome, record.wait_reason()), (Outcome::Parked, reason));
    assert_eq!((record.due_at, record.observed), (Some(deadline()), figures(2, "5000.25")));
    assert_eq!(ledger.due(10, 10_000).await, []);
}

pub(super) async fn an_implausible_increment_waits_and_stays_approved(ledger: Subject) {
    implausible_increment(&ledger).await;
    let before = ledger.record("s").await;
    assert_eq!(claim(&ledger, stated("b/p", 2, "5000.25"), 3).await, Claim::Duplicate);
    assert_eq!(ledger.record("s").await, before, "a redelivered row says nothing new");
    assert_eq!(ledger.0.release_parked(&pixel("111"), at(4)).await.expect("release"), 0);
    let reopening =
        Reopening { key: key("s"), version: before.version, pixel: pixel("111"), deadline: deadline() };
    assert_eq!(ledger.0.reopen(&[reopening], at(5)).await.expect("reopen"), [Settled::Done]);
    for (seconds, settle) in [(5, retry(9)), (9, Settle::Reported)] {
        let due = ledger.due(10, seconds).await.remove(0);
        let value = "5000".parse().expect("an amount");
        assert_eq!(due.portion, Portion::Increment { first: 1, purchases: 1, value });
        let is_sent = settle == Settle::Reported;
        let reported = if is_sent { figures(1, "5000") } else { figures(0, "0") };
        let settlement = Settlement { reported, ..settlement(&due.lease, settle) };
        let settled = ledger.0.settle(vec![settlement], &increments(seconds)).await.expect("settle");
        assert_eq!(settled, [Settled::Done]);
    }
    let record = ledger.record("s").await;
    assert_eq!((record.outcome, record.reported), (Outcome::Reported, figures(2, "5000.25")));
}

pub(super) async fn a_correction_takes_the_place_of_an_implausible_increment(ledger: Subject) {
    implausible_increment(&ledger).await;
    assert_eq!(claim(&ledger, views("s", "b/q"), 3).await, Claim::Duplicate);
    assert_eq!(ledger.record("s").await.outcome, Outcome::Parked, "it states no money");
    assert_eq!(claim(&ledger, stated("b/r", 2, "0.75"), 4).await, Claim::Duplicate);
    let due = ledger.due(10, 4).await.remove(0);
    let value = "0.5".parse().expect("an amount");
    assert_eq!(due.portion, Portion::Increment { first: 1, purchases: 1, value });
    let in_state: u64 = ledger.0.stats().await.expect("stats").states.iter().map(|s| s.entries).sum();
    assert_eq!(in_state, 1);
}
