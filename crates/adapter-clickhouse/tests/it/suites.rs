use std::sync::Arc;
use std::time::Duration;

use adapter_clickhouse::{ClickHouse, ClickHouseLock};
use ports::{AnalyticsStore, Clock, ExclusiveLock};

use port_tests::clock::RealClock;

use crate::server::{analytics, fresh_address};

#[tokio::test]
async fn it_keeps_the_rules_of_analytics() {
    port_tests::analytics::suite(async || Arc::new(analytics(&fresh_address())) as Arc<dyn AnalyticsStore>)
        .await;
}

/// Locks on a fresh server whose bids settle long enough for a machine that is busy with other tests.
async fn lock(address: &str) -> ClickHouseLock {
    analytics(address).migrate().await.unwrap();
    let server = ClickHouse::new(address).unwrap();
    ClickHouseLock::new(server, Arc::new(RealClock), Duration::from_secs(5))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_the_rules_of_exclusive_locks() {
    port_tests::exclusive_lock::suite(async || {
        Arc::new(lock(&fresh_address()).await) as Arc<dyn ExclusiveLock>
    })
    .await;
}

#[tokio::test]
async fn a_loser_does_not_win_when_the_winner_is_done() {
    let address = fresh_address();
    let lock = lock(&address).await;
    let now = RealClock.now();
    let until = now.plus(Duration::from_secs(600));
    let (a, b) = tokio::join!(lock.acquire("t", "a", now, until), lock.acquire("t", "b", now, until));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a != b, "one of them");
    lock.release("t", if a { "a" } else { "b" }).await.unwrap();
    assert!(lock.acquire("t", "c", now, until).await.unwrap(), "no bid is left behind");
}

#[tokio::test]
async fn many_may_migrate_at_once() {
    let address = fresh_address();
    let migrations: Vec<_> = (0..4)
        .map(|_| {
            let store = analytics(&address);
            tokio::spawn(async move { store.migrate().await })
        })
        .collect();
    for migration in migrations {
        migration.await.unwrap().unwrap();
    }
    analytics(&address).check().await.unwrap();
}
