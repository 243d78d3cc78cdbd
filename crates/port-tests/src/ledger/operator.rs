//! What people ask for: attempts, selections and other chances.

use std::collections::BTreeSet;

use domain::{ConversionKey, Money, Outcome};
use ports::destination::Answer;
use ports::ledger::{
    Attempt, Record, Reopening, RowClaim, RowVerdict, Selection, Settle, Settled, Settlement, WaitReason,
    Waiting,
};

use super::fixture::{
    LEASE, Subject, at, deadline, figures, invalid, key, parked, pixel, retry, sendable, settlement,
};

async fn attempts(ledger: &Subject, session: &str) -> Vec<Attempt> {
    ledger.0.attempts(&key(session)).await.expect("attempts")
}

fn answer(trace: &str) -> Answer {
    Answer { status: 400, code: Some(100), trace_id: Some(trace.to_owned()), ..Answer::default() }
}

pub(super) async fn every_settlement_is_remembered(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    assert_eq!(attempts(&ledger, "s").await, [], "nothing is settled yet");
    let partly = Settlement {
        accepted: [0, 1].into_iter().collect(),
        answer: Some(answer("A1")),
        ..settlement(&lease, retry(10))
    };
    ledger.settle(partly, 1).await;
    let due = ledger.due(1, 10).await.remove(0);
    ledger.settle(Settlement { answer: None, ..settlement(&due.lease, parked(20)) }, 11).await;
    // A lease that ran out leaves no attempt behind, and neither does a late settlement.
    let lost = ledger.due(1, 20).await.remove(0);
    let last = ledger.due(1, 20 + LEASE).await.remove(0);
    assert_eq!(ledger.settle(settlement(&lost.lease, retry(500)), 20 + LEASE).await, Settled::Late);
    ledger.done(&last.lease, Settle::Rejected { reason: "100/1".to_owned() }, 150).await;

    let attempt = |number, seconds, outcome, reason: &str, events, answer| Attempt {
        number,
        at: at(seconds),
        owner: "tester".to_owned(),
        outcome,
        reason: reason.to_owned(),
        events,
        answer,
    };
    let expected = [
        attempt(1, 1, Outcome::Retry, WaitReason::Throttled.as_str(), 2, Some(answer("A1"))),
        attempt(2, 11, Outcome::Parked, WaitReason::NoWorkingCredential.as_str(), 0, None),
        attempt(4, 150, Outcome::Rejected, "100/1", 0, None),
    ];
    assert_eq!(attempts(&ledger, "s").await, expected);
    assert_eq!(ledger.0.attempts(&ConversionKey::new("unknown", None)).await.expect("attempts"), []);
}

pub(super) async fn of_many_attempts_the_first_and_the_latest_are_kept(ledger: Subject) {
    let mut lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    for n in 1..=40 {
        ledger.done(&lease, retry(n * 10), n * 10 - 1).await;
        lease = ledger.due(1, n * 10).await.remove(0).lease;
    }
    let numbers: Vec<_> = attempts(&ledger, "s").await.into_iter().map(|a| a.number).collect();
    assert_eq!((numbers.first(), numbers.last()), (Some(&1), Some(&40)));
    assert!((10..=25).contains(&numbers.len()), "{numbers:?}");
    assert!(
        numbers[1..].windows(2).all(|pair| pair[1] == pair[0] + 1),
        "no gap among the latest: {numbers:?}"
    );
}

/// Parked entries a, b, c of two pixels, a rejected d, an invalid e and a reported f.
async fn mixture(ledger: &Subject) {
    let rows = [("a", "111", 10), ("b", "111", 20), ("c", "222", 30)];
    for (row, (session, code, seconds)) in rows.into_iter().enumerate() {
        let stated = RowClaim { pixel: Some(pixel(code)), ..sendable(session, "b/o", row as u64) };
        let lease = ledger.hold(stated, 0).await;
        ledger.done(&lease, parked(9_000), seconds).await;
    }
    let lease = ledger.hold(sendable("d", "b/o", 3), 0).await;
    ledger.done(&lease, Settle::Rejected { reason: "100/2804004".to_owned() }, 40).await;
    ledger.claim_one(invalid("e", "b/o", 4), 0).await;
    let lease = ledger.hold(sendable("f", "b/o", 5), 0).await;
    ledger.done(&lease, Settle::Reported, 50).await;
}

async fn select(ledger: &Subject, selection: &Selection, limit: usize) -> Vec<Record> {
    let (mut all, mut after): (Vec<Record>, Option<ConversionKey>) = (Vec::new(), None);
    loop {
        let page = ledger.0.select(selection, after.as_ref(), limit).await.expect("select");
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return all };
        after = Some(last.key);
        all.extend(page);
    }
}

pub(super) async fn a_selection_takes_what_all_conditions_hold_for(ledger: Subject) {
    mixture(&ledger).await;
    let all = |outcome| Selection { outcome, reason: None, pixel: None, since: None };
    let parked = all(Outcome::Parked);
    let cases = [
        (parked.clone(), "abc"),
        (Selection { pixel: Some(pixel("111")), ..parked.clone() }, "ab"),
        (Selection { since: Some(at(20)), ..parked.clone() }, "bc"),
        (Selection { since: Some(at(20)), pixel: Some(pixel("111")), ..parked.clone() }, "b"),
        (Selection { reason: Some(WaitReason::NoWorkingCredential.to_string()), ..parked.clone() }, "abc"),
        (Selection { reason: Some("no_working".to_owned()), ..parked }, ""),
        (all(Outcome::Rejected), "d"),
        (Selection { reason: Some("invalid_pixel".to_owned()), ..all(Outcome::Invalid) }, "e"),
        (all(Outcome::Reported), "f"),
        (all(Outcome::Expired), ""),
    ];
    for (selection, expected) in cases {
        let whole = select(&ledger, &selection, 10).await;
        for limit in [1, 2, 10] {
            let found = select(&ledger, &selection, limit).await;
            assert_eq!(found, whole, "the same order by {limit}");
            let sessions: BTreeSet<_> = found.iter().filter_map(|r| r.session_id.clone()).collect();
            assert_eq!(sessions.into_iter().collect::<String>(), expected, "{selection:?} by {limit}");
            assert_eq!(found.len(), expected.len());
        }
    }
    assert_eq!(select(&ledger, &all(Outcome::Rejected), 9).await, [ledger.record("d").await]);
}

async fn reopen(ledger: &Subject, reopenings: &[Reopening]) -> Vec<Settled> {
    ledger.0.reopen(reopenings, at(100)).await.expect("reopen")
}

async fn reopening(ledger: &Subject, session: &str) -> Reopening {
    let record = ledger.record(session).await;
    Reopening { key: record.key, version: record.version, pixel: pixel("333"), deadline: at(5_000) }
}

pub(super) async fn reopened_entries_are_due_now(ledger: Subject) {
    mixture(&ledger).await;
    let mut all = Vec::new();
    for session in ["a", "d", "e", "f"] {
        all.push(reopening(&ledger, session).await);
    }
    let expected = [Settled::Done, Settled::Done, Settled::Done, Settled::Late];
    assert_eq!(reopen(&ledger, &all).await, expected, "what is reported stays so");
    assert_eq!(reopen(&ledger, &all).await, [Settled::Late; 4], "the version has changed");
    assert_eq!(ledger.record("f").await.outcome, Outcome::Reported);
    for session in ["a", "d", "e"] {
        let record = ledger.record(session).await;
        assert_eq!((record.outcome, record.wait_reason()), (Outcome::Retry, Some(WaitReason::Reopened)));
        assert_eq!((record.due_at, record.deadline), (Some(at(100)), Some(at(5_000))));
        assert_eq!((record.pixel, record.updated_at), (Some(pixel("333")), at(100)));
    }
    let due = ledger.due(10, 100).await;
    assert_eq!(due.iter().map(|d| d.lease.key).collect::<BTreeSet<_>>(), ["a", "d", "e"].map(key).into());
    assert!(due.iter().all(|d| d.failures == 0 && d.pixel == pixel("333")), "{due:?}");
    assert_eq!(reopen(&ledger, &[reopening(&ledger, "a").await]).await, [Settled::Late], "it is in flight");
    assert_eq!(reopen(&ledger, &[]).await, []);
    let unknown = Reopening { key: ConversionKey::new("unknown", None), ..all[0].clone() };
    assert_eq!(reopen(&ledger, &[unknown]).await, [Settled::Late]);
}

pub(super) async fn pixels_of_reopened_entries_are_found(ledger: Subject) {
    mixture(&ledger).await;
    let all = ["111", "222", "333"].map(pixel);
    let reopened = async || ledger.0.reopened(&all, at(100)).await.expect("reopened");
    assert_eq!(reopened().await, [], "nothing was reopened");
    let first = Reopening { pixel: pixel("111"), ..reopening(&ledger, "a").await };
    assert_eq!(reopen(&ledger, &[first, reopening(&ledger, "d").await]).await, [Settled::Done; 2]);
    assert_eq!(reopened().await, [pixel("111"), pixel("333")]);
    assert_eq!(
        ledger.0.reopened(&[pixel("222"), pixel("333")], at(100)).await.expect("reopened"),
        [pixel("333")]
    );
    assert_eq!(ledger.0.reopened(&[], at(100)).await.expect("reopened"), []);
    let claimed = ledger.due(10, 100).await;
    assert_eq!((claimed.len(), reopened().await), (2, Vec::new()), "a worker has them now");
}

pub(super) async fn what_was_accepted_is_not_sent_again_after_reopening(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let partly = Settlement {
        accepted: [0, 2].into_iter().collect(),
        reported: figures(1, "0.1"),
        ..settlement(&lease, Settle::Rejected { reason: "100/1".to_owned() })
    };
    ledger.settle(partly, 1).await;
    let again = reopening(&ledger, "s").await;
    assert_eq!(reopen(&ledger, &[again]).await, [Settled::Done]);
    let due = ledger.due(1, 100).await.remove(0);
    assert_eq!(due.accepted, [0, 2].into_iter().collect());
    let record = ledger.record("s").await;
    assert_eq!((record.events, record.reported), (2, figures(1, "0.1")));
}

pub(super) async fn the_money_of_open_entries_adds_up(ledger: Subject) {
    let far = |session: &str, code: &str, revenue: &str| RowClaim {
        pixel: Some(pixel(code)),
        observed: Some(figures(1, revenue)),
        ..sendable(session, "b/o", 0)
    };
    let near = |session: &str, code: &str, revenue: &str| RowClaim {
        verdict: RowVerdict::Sendable { deadline: at(500) },
        ..far(session, code, revenue)
    };
    let waiting = async |until: i64| ledger.0.waiting(at(until)).await.expect("waiting");
    assert_eq!(waiting(10).await, [], "nothing is open");
    ledger.hold(far("flying", "111", "0.1"), 1).await;
    let first = ledger.hold(near("first", "111", "0.1"), 2).await;
    ledger.done(&first, parked(400), 3).await;
    let second = ledger.hold(far("second", "111", "0.200000000001"), 4).await;
    ledger.done(&second, parked(400), 5).await;
    let other = ledger.hold(far("other", "tiktok:2", "3"), 6).await;
    ledger.done(&other, retry(7), 7).await;
    let ended = ledger.hold(far("ended", "111", "9"), 8).await;
    ledger.done(&ended, Settle::Reported, 9).await;
    ledger.claim_one(invalid("bad", "b/o", 5), 9).await;

    let group = |code: &str, outcome, reason: &str, conversions, unreported: &str, oldest| Waiting {
        pixel: pixel(code),
        outcome,
        reason: reason.to_owned(),
        conversions,
        unreported: unreported.parse().expect("an amount"),
        expiring: 0,
        expiring_revenue: Money::ZERO,
        nearest_deadline: Some(deadline()),
        oldest: at(oldest),
    };
    let parked = Waiting {
        expiring: 1,
        expiring_revenue: "0.1".parse().expect("an amount"),
        nearest_deadline: Some(at(500)),
        ..group("111", Outcome::Parked, "no_working_credential", 2, "0.300000000001", 2)
    };
    let expected = [
        group("111", Outcome::InFlight, "", 1, "0.1", 1),
        parked,
        group("tiktok:2", Outcome::Retry, "throttled", 1, "3", 6),
    ];
    assert_eq!(waiting(501).await, expected);
    // Whether or not it has been found due in the meantime.
    ledger.due(1, 10).await;
    let sum = |all: Vec<Waiting>| all.iter().map(|group| group.conversions).sum::<u64>();
    assert_eq!(sum(waiting(501).await), 4);
    assert_eq!(
        waiting(500).await.iter().map(|group| group.expiring).sum::<u64>(),
        0,
        "not before its deadline"
    );
}
