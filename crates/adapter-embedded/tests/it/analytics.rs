//! Analytics: the suite that all stores pass, and the view that people read.

use std::sync::Arc;

use adapter_embedded::analytics::EmbeddedAnalytics;
use adapter_embedded::ledger::EmbeddedLedger;
use adapter_embedded::{Db, Schema};
use domain::restate::Figures;
use domain::{ConversionKey, Outcome, UnixMillis, UnixSeconds};
use port_tests::clock::ManualClock;
use ports::ledger::{Holder, Record, Restatements, RowClaim, RowVerdict, Source};
use ports::{AnalyticsStore, LedgerExport, ReportLedger};

fn store(db: Db) -> EmbeddedAnalytics {
    EmbeddedAnalytics::new(db, Arc::new(ManualClock::default()))
}

/// An entry as the ledger exports it.
async fn record() -> Record {
    let ledger = EmbeddedLedger::new(Db::in_memory(EmbeddedLedger::SCHEMA).expect("a database"));
    let stated = RowClaim {
        key: ConversionKey::new("s", None),
        source: Source { object: "b/o".to_owned(), row: 0 },
        raw: r#"{"campaign_id":"c9"}"#.to_owned(),
        session_id: Some("s".to_owned()),
        keyword_clicked: None,
        click_time: Some(UnixSeconds(1_763_800_000)),
        pixel: "meta:111".parse().ok(),
        network: "tonic".to_owned(),
        observed: Some(Figures { count: 1, revenue: "0.3".parse().expect("an amount") }),
        verdict: RowVerdict::Sendable { deadline: UnixMillis(9) },
    };
    let holder = Holder {
        owner: "test".to_owned(),
        now: UnixMillis(1),
        until: UnixMillis(2),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    };
    ledger.claim(vec![stated], &holder).await.expect("claim");
    ledger.export_batch(1, u64::MAX).await.expect("export").remove(0)
}

#[tokio::test]
async fn it_keeps_the_rules_in_memory() {
    port_tests::analytics::suite(async || {
        Arc::new(store(Db::in_memory(Schema::new("", &[])).unwrap())) as Arc<dyn AnalyticsStore>
    })
    .await;
}

#[tokio::test]
async fn it_keeps_the_rules_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    port_tests::analytics::suite(async || {
        let name = format!("{}.db", number.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let db = Db::open(&dir.path().join(name), EmbeddedAnalytics::SCHEMA).unwrap();
        Arc::new(store(db)) as Arc<dyn AnalyticsStore>
    })
    .await;
}

#[tokio::test]
async fn people_see_the_latest_state() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("analytics.db");
    let analytics = store(Db::open(&path, EmbeddedAnalytics::SCHEMA).unwrap());
    let first = record().await;
    let second = Record { version: first.version + 1, outcome: Outcome::Reported, ..first.clone() };
    analytics.insert(&[second, first]).await.unwrap();
    let people = rusqlite::Connection::open(&path).unwrap();
    let seen = || -> (String, String, i64) {
        let select = "SELECT outcome, campaign_id, count(*) OVER () FROM report_conversions_latest";
        people.query_row(select, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap()
    };
    let expected = ("reported".to_owned(), "c9".to_owned(), 1);
    assert_eq!(seen(), expected);
    for partition in analytics.partitions("report_conversions").await.unwrap() {
        assert_eq!((partition.name.as_str(), partition.parts, partition.rows), ("2025-11", 2, 2));
        analytics.optimise(&partition).await.unwrap();
    }
    assert_eq!(seen(), expected);
}
