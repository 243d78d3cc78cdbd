//! Claiming rows.

use std::collections::HashSet;

use domain::{ConversionKey, Outcome};
use ports::ledger::{Claim, Lease, LedgerStats, RowClaim};

use super::fixture::{
    LEASE, Subject, at, deadline, figures, holder, invalid, key, no_events, pixel, retry, sendable,
};

pub(super) async fn a_new_key_is_entered_in_its_state(ledger: Subject) {
    let rows = vec![sendable("s", "b/o", 0), invalid("i", "b/o", 1), no_events("n", "b/o", 2)];
    let expected = [
        Claim::Held(Lease { key: key("s"), attempt: 1 }),
        Claim::Stands(Outcome::Invalid),
        Claim::Stands(Outcome::NoEvents),
    ];
    assert_eq!(ledger.claim(rows, 0).await, expected);
    let outcomes = [("s", Outcome::InFlight), ("i", Outcome::Invalid), ("n", Outcome::NoEvents)];
    for (session, outcome) in outcomes {
        let record = ledger.record(session).await;
        assert_eq!(record.outcome, outcome, "{session}");
        assert_eq!(record.due_at.is_some(), outcome == Outcome::InFlight, "{session}");
    }
}

pub(super) async fn everything_about_a_row_is_kept(ledger: Subject) {
    let stated = sendable("s", "b/o", 7);
    ledger.hold(stated.clone(), 3).await;
    let record = ledger.record("s").await;
    assert_eq!(record.key, stated.key);
    assert_eq!(record.source, stated.source);
    assert_eq!(record.raw, stated.raw);
    assert_eq!(record.session_id, stated.session_id);
    assert_eq!(record.keyword_clicked, stated.keyword_clicked);
    assert_eq!(record.click_time, stated.click_time);
    assert_eq!(record.pixel, stated.pixel);
    assert_eq!(record.network, stated.network);
    assert_eq!(Some(record.observed), stated.observed);
    assert_eq!(record.reported, figures(0, "0"));
    assert_eq!((record.events, record.attempts), (0, 1));
    assert_eq!((record.reason.as_str(), record.reasons.as_str()), ("", ""));
    assert_eq!((record.due_at, record.deadline), (Some(at(3 + LEASE)), Some(deadline())));
    assert_eq!((record.created_at, record.updated_at), (at(3), at(3)));
    assert_eq!(record.answer, None);

    ledger.claim_one(invalid("i", "b/o", 8), 3).await;
    let record = ledger.record("i").await;
    assert_eq!(record.reason, "invalid_pixel", "the category");
    assert_eq!(record.reasons, "invalid_pixel,missing_click_id", "all of them");
    assert_eq!((record.deadline, record.pixel, record.attempts), (None, None, 0));

    let bare = RowClaim {
        session_id: None,
        keyword_clicked: None,
        click_time: None,
        key: ConversionKey::of_malformed(b"[]"),
        ..invalid("", "b/o", 9)
    };
    assert_eq!(ledger.claim_one(bare, 3).await, Claim::Stands(Outcome::Invalid));
}

pub(super) async fn the_same_row_again_stands(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.claim_one(invalid("i", "b/o", 1), 0).await;
    // Also when the lease has run out: a worker that claims due work gets it.
    for seconds in [1, LEASE + 1] {
        let again = ledger.claim_one(sendable("s", "b/o", 0), seconds).await;
        assert_eq!(again, Claim::Stands(Outcome::InFlight));
    }
    ledger.done(&lease, retry(500), 2).await;
    let again = vec![sendable("s", "b/o", 0), invalid("i", "b/o", 1)];
    let expected = [Claim::Stands(Outcome::Retry), Claim::Stands(Outcome::Invalid)];
    assert_eq!(ledger.claim(again, 3).await, expected);
    assert_eq!(ledger.record("s").await.attempts, 1);
}

pub(super) async fn another_row_is_a_duplicate_and_its_figures_are_observed(ledger: Subject) {
    ledger.hold(sendable("s", "b/o", 0), 0).await;
    let before = ledger.record("s").await;
    let later = RowClaim { observed: Some(figures(3, "0.7512345")), ..sendable("s", "b/p", 0) };
    assert_eq!(ledger.claim_one(later, 5).await, Claim::Duplicate);
    let after = ledger.record("s").await;
    assert_eq!(after.observed, figures(3, "0.7512345"));
    assert!(after.version > before.version, "a change raises the version");
    assert_eq!((&after.source, &after.raw), (&before.source, &before.raw), "nothing else changes");
    assert_eq!((after.outcome, after.attempts), (Outcome::InFlight, 1));
    // The same object's other row is another source, too.
    assert_eq!(ledger.claim_one(sendable("s", "b/o", 1), 6).await, Claim::Duplicate);
    assert_eq!(ledger.claim_one(invalid("s", "b/q", 1), 6).await, Claim::Duplicate);
}

pub(super) async fn the_first_of_a_key_in_one_call_brings_it(ledger: Subject) {
    let second = RowClaim { observed: Some(figures(2, "0.5")), ..sendable("s", "b/o", 1) };
    let claims = ledger.claim(vec![sendable("s", "b/o", 0), second, sendable("t", "b/o", 2)], 0).await;
    assert!(matches!(claims[0], Claim::Held(_)), "{claims:?}");
    assert_eq!(claims[1], Claim::Duplicate);
    assert!(matches!(claims[2], Claim::Held(_)), "{claims:?}");
    let record = ledger.record("s").await;
    assert_eq!((record.source.row, record.observed), (0, figures(2, "0.5")));
    let same = ledger.claim(vec![invalid("i", "b/o", 3), invalid("i", "b/o", 4)], 0).await;
    assert_eq!(same, [Claim::Stands(Outcome::Invalid), Claim::Duplicate]);
}

pub(super) async fn the_first_that_can_be_sent_brings_it(ledger: Subject) {
    let rows = vec![
        invalid("s", "b/o", 0),
        no_events("s", "b/o", 1),
        sendable("s", "b/o", 2),
        sendable("s", "b/o", 3),
    ];
    let claims = ledger.claim(rows, 0).await;
    let held = Claim::Held(Lease { key: key("s"), attempt: 1 });
    assert_eq!(claims, [Claim::Duplicate, Claim::Duplicate, held, Claim::Duplicate]);
    assert_eq!(ledger.record("s").await.source.row, 2);
    ledger.finish("b/o", 4, 3).await;
    ledger.balances("b/o", &[(Outcome::InFlight, 1), (Outcome::Duplicate, 3), (Outcome::Invalid, 0)]).await;

    ledger.claim(vec![no_events("t", "b/p", 0), sendable("t", "b/p", 1)], 0).await;
    assert_eq!(ledger.record("t").await.observed, figures(1, "0.25"), "the latest that the feed stated");
}

pub(super) async fn keys_differ_wherever_the_separator_falls(ledger: Subject) {
    let pairs = [("a-b", Some("c")), ("a", Some("b-c")), ("a-b-c", None), ("a-b-c", Some(""))];
    let stated = |(row, (session, keyword)): (usize, (&str, Option<&str>))| RowClaim {
        key: ConversionKey::new(session, keyword),
        session_id: Some(session.to_owned()),
        keyword_clicked: keyword.map(str::to_owned),
        ..sendable(session, "b/o", row as u64)
    };
    let rows = pairs.into_iter().enumerate().map(stated).collect();
    let held: HashSet<_> = ledger
        .claim(rows, 0)
        .await
        .into_iter()
        .map(|claim| match claim {
            Claim::Held(lease) => lease.key,
            other => panic!("held was expected: {other:?}"),
        })
        .collect();
    assert_eq!(held.len(), pairs.len());
    let found = ledger.0.find("a-b-c", Some("")).await.expect("find");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].keyword_clicked.as_deref(), Some(""), "an empty keyword is not none");
}

pub(super) async fn keys_with_entries_are_known(ledger: Subject) {
    ledger.claim(vec![sendable("s", "b/o", 0), invalid("i", "b/o", 1)], 0).await;
    let keys = [key("x"), key("s"), key("i"), key("s"), key("y")];
    assert_eq!(ledger.0.known(&keys).await.expect("known"), [false, true, true, true, false]);
}

pub(super) async fn empty_batches_change_nothing(ledger: Subject) {
    assert_eq!(ledger.0.known(&[]).await.expect("known"), [false; 0]);
    assert_eq!(ledger.claim(Vec::new(), 0).await, []);
    assert_eq!(ledger.0.settle(Vec::new(), &holder("tester", 0)).await.expect("settle"), []);
    assert_eq!(ledger.0.extend(&[], at(0)).await.expect("extend"), []);
    assert_eq!(ledger.due(10, 0).await, []);
    assert_eq!(ledger.due(0, 0).await, []);
    assert_eq!(ledger.0.release_parked(&pixel("111"), at(0)).await.expect("release_parked"), 0);
    ledger.0.mark_exported(&[]).await.expect("mark_exported");
    assert_eq!(ledger.0.export_batch(10, u64::MAX).await.expect("export_batch"), []);
    assert_eq!(ledger.0.find("s", None).await.expect("find"), []);
    assert_eq!(ledger.0.receipts(10).await.expect("receipts"), []);
    let LedgerStats { states, unexported, oldest_unexported, damaged } =
        ledger.0.stats().await.expect("stats");
    assert_eq!((states.iter().map(|s| s.entries).sum::<u64>(), unexported), (0, 0));
    assert_eq!((oldest_unexported, damaged), (None, 0));
}
