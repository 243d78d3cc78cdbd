//! Each check sees what is really broken, and all are content with a good ledger.

use std::sync::Arc;
use std::time::Duration;

use adapter_mongodb::{MongoDiagnosis, MongoLedger};
use bson::doc;
use bson::oid::ObjectId;
use port_tests::clock::{ManualClock, RealClock};
use port_tests::service;
use ports::diagnose::{Check, CheckState};
use ports::{Clock, Diagnose};

use crate::world::{collection, database, settings};

async fn examine(name: &str, clock: Arc<dyn Clock>) -> Vec<Check> {
    let ledger = MongoLedger::open(&settings(&service::url("MONGODB"), name)).await.unwrap();
    MongoDiagnosis::new(&ledger, clock).findings().await
}

fn findings(checks: &[Check]) -> Vec<&str> {
    checks.iter().filter(|c| c.state == CheckState::Finding).map(|c| c.name.as_str()).collect()
}

async fn migrated() -> String {
    let name = database();
    let ledger = MongoLedger::open(&settings(&service::url("MONGODB"), &name)).await.unwrap();
    ledger.migrate().await.unwrap();
    name
}

#[tokio::test]
async fn a_good_ledger_has_no_finding() {
    let checks = examine(&migrated().await, Arc::new(RealClock)).await;
    let fine = |c: &Check| matches!(c.state, CheckState::Ok | CheckState::NotApplicable);
    assert!(checks.len() == 6 && checks.iter().all(fine), "{checks:?}");
}

#[tokio::test]
async fn a_dropped_index_and_one_with_another_key_are_findings() {
    let name = migrated().await;
    let conversions = collection(&name).await;
    conversions.drop_index("efflux_due").await.unwrap();
    let checks = examine(&name, Arc::new(RealClock)).await;
    assert_eq!(findings(&checks), ["collection report_conversions: indexes"]);
    assert!(checks.iter().any(|c| c.saw.contains("efflux_due")), "{checks:?}");

    let other = mongodb::IndexModel::builder()
        .keys(doc! { "pixel": 1 })
        .options(mongodb::options::IndexOptions::builder().name("efflux_due".to_owned()).build())
        .build();
    conversions.create_index(other).await.unwrap();
    let checks = examine(&name, Arc::new(RealClock)).await;
    assert!(checks.iter().any(|c| c.saw.contains("another key has the index efflux_due")), "{checks:?}");
}

#[tokio::test]
async fn another_version_on_the_same_ledger_is_a_finding() {
    let name = migrated().await;
    let versions = collection(&name).await;
    let versions = versions.client().database(&name).collection::<bson::Document>("efflux_schema");
    let later = doc! { "$set": { "version": 99, "oldest": 99 } };
    versions.update_one(doc! { "_id": "report_conversions" }, later).await.unwrap();
    let checks = examine(&name, Arc::new(RealClock)).await;
    assert_eq!(findings(&checks), ["ledger version"]);
    assert!(checks.iter().any(|c| c.saw.contains("version 99")), "{checks:?}");
}

#[tokio::test]
async fn a_legacy_system_that_still_writes_is_another_sender() {
    let name = migrated().await;
    let conversions = collection(&name).await;
    let old = ObjectId::from_bytes([0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    conversions.insert_one(doc! { "_id": old, "session_id": "a" }).await.unwrap();
    assert_eq!(findings(&examine(&name, Arc::new(RealClock)).await), [""; 0], "it stopped long ago");
    conversions.insert_one(doc! { "_id": ObjectId::new(), "session_id": "b" }).await.unwrap();
    assert_eq!(findings(&examine(&name, Arc::new(RealClock)).await), ["another sender: the legacy system"]);
}

#[tokio::test]
async fn a_wrong_clock_is_a_finding_and_a_silent_server_unreachable() {
    let ahead = ManualClock::default();
    ahead.advance(Duration::from_secs(60));
    assert!(findings(&examine(&migrated().await, Arc::new(ahead)).await).contains(&"clock: MongoDB"));
    let nowhere = "mongodb://u:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=300";
    let ledger = MongoLedger::open(&settings(nowhere, "d")).await.unwrap();
    let checks = MongoDiagnosis::new(&ledger, Arc::new(RealClock)).findings().await;
    assert!(checks.len() == 1 && checks[0].unreachable, "{checks:?}");
    assert!(!format!("{checks:?}").contains("hunter2"));
}
