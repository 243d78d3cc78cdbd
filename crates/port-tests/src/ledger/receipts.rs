//! Receipts of objects.

use domain::Outcome;
use ports::ledger::{Claim, ObjectEnd, RowClaim, Settle, Settlement, Source, WaitReason};

use super::fixture::{
    Subject, at, digest_of, figures, invalid, no_events, parked, pixel, retry, sendable, settlement,
};

const OBJECT: &str = "b/receipts";

/// Enters one row of each outcome that a row of its own can have; leaves them settled.
async fn one_of_each(ledger: &Subject) {
    let ends = [
        ("reported", Some(Settle::Reported)),
        ("rejected", Some(Settle::Rejected { reason: "100/1".to_owned() })),
        ("expired", Some(Settle::Expired)),
        ("parked", Some(parked(9_000))),
        ("retry", Some(retry(9_000))),
        ("in_flight", None),
    ];
    for (row, (session, settle)) in ends.into_iter().enumerate() {
        let lease = ledger.hold(sendable(session, OBJECT, row as u64), 0).await;
        if let Some(settle) = settle {
            ledger.done(&lease, settle, 1).await;
        }
    }
    let again = RowClaim { observed: Some(figures(0, "0")), ..sendable("reported", OBJECT, 8) };
    let rest = vec![invalid("i", OBJECT, 6), no_events("n", OBJECT, 7), again];
    let claims = ledger.claim(rest, 2).await;
    assert_eq!(claims[2], Claim::Duplicate);
}

pub(super) async fn every_outcome_is_in_the_books(ledger: Subject) {
    one_of_each(&ledger).await;
    ledger.finish(OBJECT, 9, 1).await;
    ledger.balances(OBJECT, &Outcome::ALL.map(|outcome| (outcome, 1))).await;
    let receipt = ledger.receipt(OBJECT).await;
    let reason = |outcome| receipt.outcomes.iter().find(|o| o.outcome == outcome).map(|o| o.reason.as_str());
    assert_eq!(reason(Outcome::Rejected), Some("100/1"));
    assert_eq!(reason(Outcome::Parked), Some(WaitReason::NoWorkingCredential.as_str()));
    assert_eq!(reason(Outcome::Retry), Some(WaitReason::Throttled.as_str()));
    assert_eq!(reason(Outcome::Invalid), Some("invalid_pixel"), "the category");
    assert_eq!(reason(Outcome::Reported), Some(""));
    assert_eq!(receipt.open(), 3);
}

pub(super) async fn an_object_is_incomplete_until_its_end(ledger: Subject) {
    assert_eq!(ledger.0.receipt("b/never").await.expect("receipt"), None);
    ledger.claim(vec![sendable("s", "b/o", 0), invalid("i", "b/o", 1)], 0).await;
    let receipt = ledger.receipt("b/o").await;
    assert!(!receipt.complete && !receipt.balances() && receipt.digest.is_none());
    assert_eq!((receipt.rows_in, receipt.rows(Outcome::InFlight), receipt.rows(Outcome::Invalid)), (0, 1, 1));
    assert_eq!(ledger.0.receipts(10).await.expect("receipts"), [], "not read to its end");
    ledger.finish("b/o", 2, 0).await;
    ledger.balances("b/o", &[(Outcome::InFlight, 1), (Outcome::Invalid, 1)]).await;
    assert_eq!(ledger.receipt("b/o").await.digest, Some(digest_of("b/o")), "what identifies its content");
    ledger.finish("b/empty", 0, 0).await;
    ledger.balances("b/empty", &[]).await;
}

pub(super) async fn a_refused_object_says_why(ledger: Subject) {
    let end = ObjectEnd::Refused { reason: "invalid JSON at byte 17".to_owned() };
    ledger.0.finish_object("b/bad", &end, at(1)).await.expect("finish_object");
    let receipt = ledger.receipt("b/bad").await;
    assert_eq!(receipt.refused.as_deref(), Some("invalid JSON at byte 17"));
    assert_eq!((receipt.rows_in, receipt.outcomes.len(), receipt.pixels.len()), (0, 0, 0));
    // Fixed and delivered again: the note is replaced.
    ledger.hold(sendable("s", "b/bad", 0), 2).await;
    ledger.finish("b/bad", 1, 0).await;
    assert_eq!(ledger.receipt("b/bad").await.refused, None);
    ledger.balances("b/bad", &[(Outcome::InFlight, 1)]).await;
}

pub(super) async fn a_redelivered_object_has_the_same_receipt(ledger: Subject) {
    let rows = || {
        let restated = RowClaim { observed: Some(figures(4, "2")), ..sendable("s", "b/o", 3) };
        vec![sendable("s", "b/o", 0), invalid("i", "b/o", 1), no_events("n", "b/o", 2), restated]
    };
    let mut receipts = Vec::new();
    for seconds in [0, 10, 20] {
        let claims = ledger.claim(rows(), seconds).await;
        let duplicates = claims.iter().filter(|c| **c == Claim::Duplicate).count();
        ledger.finish("b/o", 4, duplicates as u64).await;
        receipts.push(ledger.receipt("b/o").await);
    }
    assert!(receipts[0].balances(), "{receipts:?}");
    assert!(receipts.iter().all(|b| *b == receipts[0]), "{receipts:?}");
    // A redelivery that ended in the middle does not change them either.
    ledger.claim(rows().drain(..2).collect(), 30).await;
    assert_eq!(ledger.receipt("b/o").await, receipts[0]);
}

pub(super) async fn money_that_is_not_reported_is_in_the_receipt(ledger: Subject) {
    let rows = ["reported", "views", "waits"].map(|session| {
        let (count, revenue) = if session == "views" { (0, "0.8") } else { (1, "0.25") };
        RowClaim { observed: Some(figures(count, revenue)), ..sendable(session, "b/o", 0) }
    });
    for (row, stated) in rows.into_iter().enumerate() {
        let session = stated.session_id.clone().unwrap_or_default();
        let lease = ledger
            .hold(RowClaim { source: Source { row: row as u64, ..stated.source.clone() }, ..stated }, 0)
            .await;
        let revenue = if session == "reported" { figures(1, "0.25") } else { figures(0, "0") };
        let settle = if session == "waits" { parked(9_000) } else { Settle::Reported };
        ledger.settle(Settlement { reported: revenue, ..settlement(&lease, settle) }, 1).await;
    }
    ledger.claim_one(invalid("i", "b/o", 3), 2).await;
    // No click, no view, and money all the same.
    let nothing = RowClaim { observed: Some(figures(0, "0.07")), ..no_events("n", "b/o", 4) };
    ledger.claim_one(nothing, 2).await;
    ledger.finish("b/o", 5, 0).await;
    let receipt = ledger.receipt("b/o").await;
    assert!(receipt.balances(), "{receipt:?}");
    let money = [receipt.stated, receipt.revenue(), receipt.unreported].map(|money| money.to_string());
    assert_eq!(
        money,
        ["1.62", "0.25", "1.37"],
        "views without a click, what waits, is invalid or has no events"
    );
}

pub(super) async fn pixels_are_added_up_exactly(ledger: Subject) {
    for row in 0..10 {
        let code = if row < 7 { "111" } else { "tiktok:111" };
        let stated = RowClaim { pixel: Some(pixel(code)), ..sendable(&format!("s{row}"), "b/o", row) };
        let lease = ledger.hold(stated, 0).await;
        let settle = if row == 0 { retry(9_000) } else { Settle::Reported };
        let settlement = Settlement {
            accepted: [0, 1, 2].into_iter().collect(),
            reported: figures(1, "0.100000000001"),
            ..settlement(&lease, settle)
        };
        ledger.settle(settlement, 1).await;
    }
    let receipt = ledger.receipt("b/o").await;
    let sums: Vec<_> = receipt
        .pixels
        .iter()
        .map(|p| (p.pixel.to_string(), p.conversions, p.events, p.revenue.to_string()))
        .collect();
    let expected = [("meta:111", 6, 21, "0.700000000007"), ("tiktok:111", 3, 9, "0.300000000003")].map(
        |(pixel, conversions, events, revenue)| (pixel.to_owned(), conversions, events, revenue.to_owned()),
    );
    assert_eq!(sums, expected, "conversions are those of which all events were accepted");
    assert_eq!((receipt.events(), receipt.revenue()), (30, "1.00000000001".parse().expect("an amount")));
}

pub(super) async fn the_latest_objects_come_first(ledger: Subject) {
    for (object, seconds) in [("b/1", 10), ("b/3", 30), ("b/2", 20)] {
        let end = ObjectEnd::Read { rows_in: 0, duplicates: 0, digest: digest_of("b/empty") };
        ledger.0.finish_object(object, &end, at(seconds)).await.expect("finish_object");
    }
    let end = ObjectEnd::Refused { reason: "too large".to_owned() };
    ledger.0.finish_object("b/4", &end, at(40)).await.expect("finish_object");
    let latest = ledger.0.receipts(3).await.expect("receipts");
    let names: Vec<_> = latest.iter().map(|r| (r.object.as_str(), r.at)).collect();
    assert_eq!(names, [("b/4", at(40)), ("b/3", at(30)), ("b/2", at(20))]);
    assert_eq!(latest[0].receipt.refused.as_deref(), Some("too large"));
    assert_eq!(Some(&latest[1].receipt), ledger.0.receipt("b/3").await.expect("receipt").as_ref());
}

pub(super) async fn stats_count_entries(ledger: Subject) {
    one_of_each(&ledger).await;
    let stats = ledger.0.stats().await.expect("stats");
    for outcome in Outcome::ALL {
        let entries: u64 = stats.states.iter().filter(|s| s.outcome == outcome).map(|s| s.entries).sum();
        assert_eq!(entries, u64::from(outcome != Outcome::Duplicate), "{outcome}");
    }
    assert_eq!(stats.unexported, 8);
}
