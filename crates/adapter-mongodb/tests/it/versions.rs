//! Two versions at once on one ledger, and a step back: what a later version says about its form is kept to.

use adapter_mongodb::MongoLedger;
use bson::{Document, doc};
use domain::Outcome;
use mongodb::Client;
use ports::ledger::{Claim, DueLimits, Lease, WaitReason};
use ports::{Error, LedgerAdmin, ReportLedger, Retry};

use super::world::{collection, database, holder, sendable, settings};

/// A ledger with three entries whose leases run out at 120, and the name of its database.
async fn ledger_with_entries() -> (MongoLedger, String) {
    let database = database();
    let ledger = MongoLedger::open(&settings(&port_tests::service::url("MONGODB"), &database)).await.unwrap();
    ledger.migrate().await.unwrap();
    ledger.check().await.unwrap();
    let rows = (1..=3).map(|n| sendable(&format!("s{n}"), "b/o", n)).collect();
    let claims = ledger.claim(rows, &holder(0)).await.unwrap();
    assert!(claims.iter().all(|claim| matches!(claim, Claim::Held(_))), "{claims:?}");
    (ledger, database)
}

/// What another version's `efflux migrate` notes beside the collection.
async fn note(database: &str, versions: Document) {
    let client = Client::with_uri_str(port_tests::service::url("MONGODB")).await.unwrap();
    let notes = client.database(database).collection::<Document>("efflux_schema");
    let noted = notes.update_one(doc! { "_id": "report_conversions" }, doc! { "$set": versions });
    assert_eq!(noted.await.unwrap().matched_count, 1);
}

fn is_of_a_later_version(refused: &Error) {
    assert_eq!(refused.retry(), Retry::After(None), "the work waits: {refused:?}");
    assert!(refused.to_string().contains("used by a later version of Efflux"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_process_stops_working_within_ten_seconds_of_an_upgrade() {
    let (ledger, database) = ledger_with_entries().await;
    note(&database, doc! { "version": 99, "oldest": 99 }).await;
    let (limits, row) = (DueLimits::of(10), sendable("s4", "b/o", 4));
    for seconds in [130, 131] {
        is_of_a_later_version(&ledger.claim_due(&limits, &holder(seconds)).await.unwrap_err());
        is_of_a_later_version(&ledger.claim(vec![row.clone()], &holder(seconds)).await.unwrap_err());
        let held = Lease { key: sendable("s1", "b/o", 1).key, attempt: 1 };
        is_of_a_later_version(&ledger.begin_sending(&[held], &holder(seconds)).await.unwrap_err());
    }
    let opened = MongoLedger::open(&settings(&port_tests::service::url("MONGODB"), &database)).await.unwrap();
    is_of_a_later_version(&opened.check().await.unwrap_err());
    is_of_a_later_version(&opened.migrate().await.unwrap_err());

    note(&database, doc! { "version": 3, "oldest": 3 }).await;
    let due = ledger.claim_due(&limits, &holder(140)).await.unwrap();
    assert_eq!(due.len(), 3, "it goes on by itself, and nothing was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_version_that_adds_fields_can_be_worked_beside() {
    let (ledger, database) = ledger_with_entries().await;
    note(&database, doc! { "version": 99, "oldest": 3 }).await;
    let collection = collection(&database).await;
    let added = doc! { "$set": { "hereafter": { "of": [1, "x"] } } };
    assert_eq!(collection.update_many(doc! {}, added).await.unwrap().modified_count, 3);
    // What the later version alone understands harms its own entry.
    let unknown = doc! { "$set": { "part": { "first": 1, "purchases": 1, "worth": "0.1", "kind": "refund" }, "accepted": "r:7" } };
    let changed = collection.update_one(doc! { "session_id": "s2" }, unknown).await.unwrap();
    assert_eq!(changed.modified_count, 1);
    let due = ledger.claim_due(&DueLimits::of(10), &holder(130)).await.unwrap();
    assert_eq!(due.len(), 2, "{due:?}");
    let aside = ledger.find("s2", None).await.unwrap().remove(0);
    assert_eq!((aside.outcome, aside.wait_reason()), (Outcome::Parked, Some(WaitReason::Damaged)));
    let opened = MongoLedger::open(&settings(&port_tests::service::url("MONGODB"), &database)).await.unwrap();
    opened.check().await.unwrap();
    opened.migrate().await.unwrap();
}

/// Until a version says so, what is noted without an oldest version is for that version and later ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_version_that_does_not_say_which_may_work_beside_it_works_alone() {
    let (_, database) = ledger_with_entries().await;
    note(&database, doc! { "version": 99, "oldest": null }).await;
    let opened = MongoLedger::open(&settings(&port_tests::service::url("MONGODB"), &database)).await.unwrap();
    is_of_a_later_version(&opened.check().await.unwrap_err());
}
