//! What is damaged in the collection harms itself alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use adapter_mongodb::MongoLedger;
use bson::{Document, doc};
use domain::Outcome;
use ports::ledger::{Claim, DueLimits, Lease, Settle, Settled, WaitReason};
use ports::{LedgerAdmin, LedgerExport, ReportLedger};

use super::world::{collection, database, holder, sendable, settings, settlement};

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

#[tokio::test(flavor = "multi_thread")]
async fn one_entry_that_cannot_be_read_keeps_no_other_from_its_work() {
    for change in [
        doc! { "accepted": "zz!" },
        doc! { "failures": "many" },
        doc! { "part": { "first": 1, "purchases": 1, "worth": "much" } },
        doc! { "raw": r#"{"session_id":"s2","revenue":9}"# },
        doc! { "pixel": 7 },
    ] {
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
