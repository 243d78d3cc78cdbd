//! What is damaged in the collection harms itself alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use adapter_mongodb::MongoLedger;
use bson::{Document, doc};
use domain::Outcome;
use ports::ledger::{
    Claim, DueLimits, ErasedEntry, Lease, ObjectEnd, Selection, Settle, Settled, TextsOf, WaitReason,
};
use ports::{LedgerAdmin, LedgerErasure, LedgerExport, ReportLedger};

use super::world::{at, collection, database, holder, sendable, settings, settlement};

/// A ledger with three entries whose leases have run out at 200, after an update has damaged the second.
async fn damaged_by(change: Document) -> MongoLedger {
    let database = database();
    let url = port_tests::service::url("MONGODB");
    let ledger = MongoLedger::open(&settings(&url, &database)).await.unwrap();
    ledger.migrate().await.unwrap();
    let rows = (1..=3).map(|n| sendable(&format!("s{n}"), "b/o", n)).collect();
    ledger.claim(rows, &holder(0)).await.unwrap();
    let collection = collection(&database).await;
    let changed = collection.update_one(doc! { "session_id": "s2" }, doc! { "$set": change });
    assert_eq!(changed.await.unwrap().modified_count, 1);
    ledger
}

/// What a field is changed to.
fn changes() -> [Document; 10] {
    [
        doc! { "accepted": "zz!" },
        doc! { "failures": "many" },
        doc! { "part": { "first": 1, "purchases": 1, "worth": "much" } },
        doc! { "raw": r#"{"session_id":"s2","revenue":9}"# },
        doc! { "pixel": 7 },
        doc! { "attempt": -9 },
        doc! { "state": "pondering" },
        doc! { "observed_revenue": "much" },
        doc! { "reported_revenue": 7 },
        doc! { "createdAt": "yesterday" },
    ]
}

/// Whether a claim reads the field.
fn is_met_by_a_claim(change: &Document) -> bool {
    !["state", "observed_revenue", "reported_revenue", "createdAt"]
        .iter()
        .any(|field| change.contains_key(field))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entry_that_cannot_be_read_keeps_no_other_from_its_work() {
    for change in changes().into_iter().filter(is_met_by_a_claim) {
        let ledger = damaged_by(change.clone()).await;
        let due = ledger.claim_due(&DueLimits::of(10), &holder(200)).await.expect("an answer");
        assert_eq!(due.len(), 2, "{change}");
        assert!(due.iter().all(|due| !due.raw.contains("s2")), "{change}");
        let parked = ledger.stats().await.unwrap().states;
        assert!(
            parked.iter().any(|s| (s.outcome, s.entries) == (Outcome::Parked, 1)),
            "{change}: {parked:?}"
        );
        let again = (1..=4).map(|n| sendable(&format!("s{n}"), "b/p", n)).collect();
        let claims = ledger.claim(again, &holder(210)).await.expect("an answer");
        assert_eq!(claims[..3], [Claim::Duplicate, Claim::Duplicate, Claim::Duplicate], "{change}");
        assert!(matches!(claims[3], Claim::Held(_)), "{change}: {claims:?}");
        let exported = ledger.export_batch(10, u64::MAX).await.expect("an answer");
        assert!(exported.len() >= 3, "{change}");
        let aside = exported.iter().filter(|record| record.wait_reason() == Some(WaitReason::Damaged));
        assert!(aside.count() <= 1, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_from_being_settled() {
    let ledger = damaged_by(doc! { "accepted": "zz!" }).await;
    let lease = |n: u32| Lease { key: sendable(&format!("s{n}"), "b/o", u64::from(n)).key, attempt: 1 };
    let settlements = (1..=3).map(|n| settlement(&lease(n), Settle::Reported)).collect();
    let settled = ledger.settle(settlements, &holder(20)).await.expect("an answer");
    assert_eq!(settled, [Settled::Done, Settled::Late, Settled::Done]);
    let aside = ledger.find("s2", None).await.unwrap().remove(0);
    assert_eq!((aside.outcome, aside.wait_reason()), (Outcome::Parked, Some(WaitReason::Damaged)));
}

/// All questions of status, of the gauges and of the operator's commands, but those for one conversion.
async fn everything_can_be_asked(ledger: &MongoLedger, change: &Document) {
    ledger.stats().await.unwrap_or_else(|e| panic!("stats, {change}: {e:?}"));
    let waiting = ledger.waiting(at(9_000)).await.unwrap_or_else(|e| panic!("waiting, {change}: {e:?}"));
    assert!(waiting.iter().map(|waiting| waiting.conversions).sum::<u64>() >= 2, "{change}: {waiting:?}");
    let receipts = ledger.receipts(9).await.unwrap_or_else(|e| panic!("receipts, {change}: {e:?}"));
    assert!(receipts[0].receipt.balances(), "{change}: {receipts:?}");
    for outcome in Outcome::ALL {
        let selection = Selection { outcome, reason: None, pixel: None, since: None };
        // The damaged entry takes no place of a page.
        for limit in [1, 2, 9] {
            let found = ledger.select(&selection, None, limit).await;
            let found = found.unwrap_or_else(|e| panic!("select {outcome}, {change}: {e:?}"));
            let least = limit.min(2);
            assert!(outcome != Outcome::InFlight || found.len() >= least, "{change}: {found:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_any_question_from_its_answer() {
    for change in changes() {
        let ledger = damaged_by(change.clone()).await;
        let end = ObjectEnd::Read { rows_in: 3, duplicates: 0, digest: "d".to_owned() };
        ledger.finish_object("b/o", &end, at(1)).await.unwrap();
        everything_can_be_asked(&ledger, &change).await;
        ledger.claim_due(&DueLimits::of(10), &holder(200)).await.expect("an answer");
        everything_can_be_asked(&ledger, &change).await;
        let damaged = ledger.stats().await.unwrap().damaged;
        assert_eq!(damaged, u64::from(is_met_by_a_claim(&change)), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_what_is_personal_from_being_erased() {
    for change in changes() {
        let ledger = damaged_by(change.clone()).await;
        let of_session = ledger.texts(&TextsOf::Session("s2".to_owned()), None, 9).await.expect("an answer");
        let key = sendable("s2", "b/o", 2).key;
        assert_eq!(of_session.iter().map(|text| text.key).collect::<Vec<_>>(), [Some(key)], "{change}");
        let all = ledger.texts(&TextsOf::Anyone, None, 9).await.expect("an answer");
        assert_eq!(all.len(), 3, "{change}");
        ledger.claim_due(&DueLimits::of(10), &holder(200)).await.expect("an answer");
        let erased = ledger.erase(&[key], at(9_000)).await.expect("an answer");
        assert!(matches!(erased[..], [ErasedEntry::Done { .. }]), "{change}: {erased:?}");
        let all = ledger.texts(&TextsOf::Anyone, None, 9).await.expect("an answer");
        assert!(all.len() == 2 && !all.iter().any(|text| text.raw.contains("s2")), "{change}: {all:?}");
    }
}
