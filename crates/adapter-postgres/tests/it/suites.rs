use std::sync::Arc;

use adapter_postgres::{Postgres, PostgresFeeds, PostgresLock, PostgresPixels};
use ports::{ExclusiveLock, FeedDirectory, PixelDirectory};

use crate::database::{fresh, fresh_address};

#[tokio::test]
async fn it_keeps_the_rules_of_pixels() {
    port_tests::pixels::suite(async || {
        Arc::new(PostgresPixels::new(fresh().await)) as Arc<dyn PixelDirectory>
    })
    .await;
}

#[tokio::test]
async fn it_keeps_the_rules_of_feeds() {
    port_tests::feeds::suite(async || Arc::new(PostgresFeeds::new(fresh().await)) as Arc<dyn FeedDirectory>)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_the_rules_of_exclusive_locks() {
    port_tests::exclusive_lock::suite(async || {
        Arc::new(PostgresLock::new(fresh().await)) as Arc<dyn ExclusiveLock>
    })
    .await;
}

#[tokio::test]
async fn many_may_migrate_at_once() {
    let database = Postgres::new(&fresh_address().await).unwrap();
    let migrations: Vec<_> = (0..4)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { database.migrate().await })
        })
        .collect();
    for migration in migrations {
        migration.await.unwrap().unwrap();
    }
    database.check_tables().await.unwrap();
}
