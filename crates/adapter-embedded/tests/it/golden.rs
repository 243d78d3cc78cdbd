//! Data directories that earlier versions wrote; see the workspace's folder `fixtures`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adapter_embedded::DataDir;
use port_tests::clock::ManualClock;
use port_tests::golden::{self, Kind};
use ports::{AnalyticsStore, Clock, EventQueue, LedgerExport, PixelDirectory, SubscriptionStore};
use rusqlite::Connection;

/// The databases of the data directory; its files are of no interest here.
fn restored(kind: Kind) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ledger", "directory", "queues", "analytics"] {
        let database = Connection::open(folder.path().join(format!("{name}.db"))).unwrap();
        database.execute_batch(&golden::text(kind, &format!("data/{name}.sql"))).unwrap();
    }
    folder
}

fn clock() -> Arc<ManualClock> {
    let clock = ManualClock::default();
    clock.advance(Duration::from_millis(u64::try_from(golden::AFTERWARDS.0 - clock.now().0).unwrap()));
    Arc::new(clock)
}

#[tokio::test]
async fn the_ledger_goes_on() {
    for kind in golden::EMBEDDED {
        let folder = restored(kind);
        let ledger = DataDir::open(folder.path()).unwrap().ledger().unwrap();
        golden::ledger_suite(&ledger, kind).await;
    }
}

#[tokio::test]
async fn all_is_as_before_however_often_it_is_opened() {
    for kind in golden::EMBEDDED {
        let folder = restored(kind);
        for _ in 0..2 {
            let ledger = DataDir::open(folder.path()).unwrap().ledger().unwrap();
            let unexported = ledger.export_batch(100, u64::MAX).await.unwrap();
            ledger.mark_exported(&unexported).await.unwrap();
        }
        let ledger = DataDir::open(folder.path()).unwrap().ledger().unwrap();
        golden::ledger_suite(&ledger, kind).await;
    }
}

#[tokio::test]
async fn pixels_keep_their_tokens_and_subscriptions_their_conditions() {
    for kind in golden::EMBEDDED {
        let folder = restored(kind);
        let data = DataDir::open(folder.path()).unwrap();
        assert_eq!(golden::pixels(&data.pixels().unwrap().snapshot().await.unwrap()), golden::PIXELS);
        let subscriptions = data.subscriptions().unwrap().snapshot().await.unwrap();
        let one_line: Vec<_> = subscriptions
            .iter()
            .map(|s| {
                let least = s.min_revenue.map(|money| money.to_string());
                format!("{} {} {:?} {:?} {:?} {:?}", s.id, s.enabled, s.networks, s.countries, least, s.note)
            })
            .collect();
        assert_eq!(
            one_line,
            [
                "120210000000100000 true [] [] None Some(\"all of it\")",
                "120210000000100001 true [] [\"US\"] Some(\"0.05\") None",
                "120210000000100002 false [] [] None None",
            ]
        );
    }
}

#[tokio::test]
async fn messages_wait_and_dead_letters_are_kept() {
    for kind in golden::EMBEDDED {
        let folder = restored(kind);
        let data = DataDir::open(folder.path()).unwrap();
        for (name, object, dead) in
            [("trigger", "networks/airfind/", 1), ("report", "filtered-conversions/sedo/", 0)]
        {
            let queue = data.queue(name, clock()).unwrap();
            assert_eq!(queue.dead_letters(10).await.unwrap().len(), dead, "{name}");
            let messages = queue.receive(10, Duration::ZERO, Duration::from_secs(60)).await.unwrap();
            assert_eq!(messages.len(), 1, "{name}");
            assert!(messages[0].body.contains(object), "{}", messages[0].body);
        }
    }
}

#[tokio::test]
async fn analytics_shows_every_conversion() {
    for kind in golden::EMBEDDED {
        let folder = restored(kind);
        let analytics = DataDir::open(folder.path()).unwrap().analytics(clock()).unwrap();
        analytics.migrate().await.unwrap();
        let conversions = golden::conversions(kind);
        assert_eq!(analytics.conversions().await.unwrap(), conversions.len() as u64);
        drop(analytics);
        assert_eq!(shown(&folder.path().join("analytics.db")), golden::analytics_rows(kind));
    }
}

/// Session, outcome, reason, pixel and events, as people see them.
fn shown(path: &Path) -> BTreeSet<String> {
    assert!(fs::exists(path).unwrap());
    let people = Connection::open(path).unwrap();
    let select =
        "SELECT session_id || ' ' || outcome || ' ' || reason || ' ' || coalesce(platform || ':' || pixel, '') || ' ' || events
        FROM report_conversions_latest";
    let mut statement = people.prepare(select).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}
