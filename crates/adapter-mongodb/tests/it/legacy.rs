//! A collection that the legacy system wrote.

use adapter_mongodb::{FromLegacy, MongoLedger, MongoSettings};
use bson::{Bson, DateTime, Document, doc};
use domain::Outcome;
use ports::ledger::{Claim, DueLimits, Holder, Restatements, RowClaim, Selection};
use ports::{LedgerAdmin, ReportLedger};

use super::world::{START, at, collection, database, figures, holder, sendable, settings};

/// A row as the legacy system kept it.
fn legacy(session: &str, click: impl Into<Bson>, more: Document) -> Document {
    let mut document = doc! {
        "date_hour": "2025-11-22T08:00:00", "click_timestamp": click, "network": "tonic", "nw_account_id": 7,
        "pixel_id": "111", "traffic_source": "facebook", "session_id": session, "keyword_clicked": "shoes",
        "country_code": "US", "conversions": 1, "revenue": 0.25, "unique_identifier": format!("{session}-shoes"),
        "reported": 1, "valid": true, "invalid_reason": Bson::Null, "createdAt": DateTime::from_millis((START - 3_000) * 1_000),
    };
    document.extend(more);
    document
}

/// Every shape that the legacy system left: numbers and texts, seconds and milliseconds, another click time than the row that comes now,
/// twice by a race, refused, and never sent.
fn collection_of_the_legacy_system() -> Vec<Document> {
    let click = START - 3_600;
    let failed = || doc! { "reported": 0 };
    vec![
        legacy("number", click, doc! {}),
        legacy("text", click.to_string(), doc! {}),
        legacy("double", (START - 3_600) as f64, doc! { "reported": 1.0 }),
        legacy("elsewhere", click - 400_000, doc! {}),
        legacy("unreadable", "yesterday", doc! {}),
        legacy("flag", click, doc! { "reported": true }),
        legacy("bare", click, doc! { "conversions": Bson::Null, "revenue": Bson::Null }),
        legacy("raced", click, failed()),
        legacy("raced", click, doc! {}),
        legacy("failed", click, failed()),
        legacy("refused", click, doc! { "reported": 0, "valid": false, "invalid_reason": "Invalid pixel" }),
    ]
}

const REPORTED: [&str; 8] = ["number", "text", "double", "elsewhere", "unreadable", "flag", "bare", "raced"];
const NOT: [&str; 3] = ["failed", "refused", "new"];

async fn world(legacy: bool) -> (MongoLedger, mongodb::Collection<Document>) {
    let name = database();
    let documents = collection(&name).await;
    documents.insert_many(collection_of_the_legacy_system()).await.unwrap();
    let settings = MongoSettings { legacy, ..settings(&port_tests::service::url("MONGODB"), &name) };
    let ledger = MongoLedger::open(&settings).await.unwrap();
    ledger.migrate().await.unwrap();
    (ledger, documents)
}

fn rows(object: &str, sessions: &[&str]) -> Vec<RowClaim> {
    (0..).zip(sessions).map(|(row, session)| sendable(session, object, row)).collect()
}

async fn nothing_is_sent_again(ledger: &MongoLedger) {
    let all: Vec<_> = REPORTED.into_iter().chain(NOT).collect();
    for (object, seconds) in [("b/o", 0), ("b/p", 1)] {
        let claims = ledger.claim(rows(object, &all), &holder(seconds)).await.unwrap();
        for (session, claim) in REPORTED.iter().zip(&claims) {
            assert_eq!(*claim, Claim::Duplicate, "{session}");
        }
        let held = claims.iter().filter(|claim| matches!(claim, Claim::Held(_))).count();
        assert_eq!(held, if object == "b/o" { NOT.len() } else { 0 }, "{claims:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_legacy_system_reported_is_recognised_and_the_rest_is_sent() {
    let (ledger, _) = world(true).await;
    nothing_is_sent_again(&ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_documents_are_given_keys_once_and_for_all() {
    let (ledger, documents) = world(false).await;
    let mut calls = Vec::new();
    while calls.last().is_none_or(|done: &FromLegacy| !done.complete) {
        calls.push(ledger.migrate_from_legacy(4, at(0)).await.unwrap());
    }
    assert_eq!(calls.iter().map(|done| done.documents).collect::<Vec<_>>(), [4, 4, 3, 0]);
    assert_eq!(documents.count_documents(doc! {}).await.unwrap(), 10, "one for each key");
    let reported =
        documents.count_documents(doc! { "reported": 1, "session_id": { "$in": REPORTED.to_vec() } });
    assert_eq!(reported.await.unwrap(), 8, "existing questions have the same answers");
    let raced = ledger.find("raced", None).await.unwrap();
    assert_eq!((raced.len(), raced[0].outcome), (1, Outcome::Reported), "what was reported wins");
    let refused = Selection {
        outcome: Outcome::Invalid,
        reason: Some("invalid_pixel".to_owned()),
        pixel: None,
        since: None,
    };
    assert_eq!(ledger.select(&refused, None, 10).await.unwrap().len(), 1);
    nothing_is_sent_again(&ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_migration_begins_again() {
    let (ledger, documents) = world(true).await;
    // Entered, and not removed yet.
    ledger.claim(rows("b/o", &REPORTED), &holder(0)).await.unwrap();
    assert_eq!(documents.count_documents(doc! { "state": { "$exists": false } }).await.unwrap(), 11);
    while !ledger.migrate_from_legacy(5, at(1)).await.unwrap().complete {}
    assert_eq!(documents.count_documents(doc! { "state": { "$exists": false } }).await.unwrap(), 0);
    nothing_is_sent_again(&ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_grew_beyond_the_legacy_systems_figures_is_sent() {
    let (ledger, _) = world(true).await;
    let increments = Holder { restatements: Restatements::Increments, ..holder(0) };
    let restated: Vec<_> = rows("b/o", &["number", "bare"])
        .into_iter()
        .map(|row| RowClaim { observed: Some(figures(3, "1")), ..row })
        .collect();
    assert_eq!(ledger.claim(restated, &increments).await.unwrap(), [Claim::Duplicate, Claim::Duplicate]);
    let grown = ledger.find("number", None).await.unwrap().remove(0);
    assert_eq!((grown.outcome, grown.reported), (Outcome::Retry, figures(1, "0.25")));
    let unknown = ledger.find("bare", None).await.unwrap().remove(0);
    assert_eq!(unknown.outcome, Outcome::Reported, "how much was reported is unknown");
    let due = ledger.claim_due(&DueLimits::of(10), &increments).await.unwrap();
    let due: Vec<_> = due.iter().map(|due| (due.lease.key, due.deadline)).collect();
    assert_eq!(
        due,
        [(grown.key, rows("b/o", &["number"])[0].deadline().unwrap())],
        "it has the row's deadline"
    );
}
