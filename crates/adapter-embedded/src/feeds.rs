//! The directory of feeds in SQLite.

use async_trait::async_trait;
use domain::Feed;
use ports::feeds::stored;
use ports::{FeedDirectory, Result};
use rusqlite::{Transaction, params};

use crate::db::Db;

/// Feeds in the directory database.
#[derive(Debug, Clone)]
pub struct EmbeddedFeeds {
    db: Db,
}

impl EmbeddedFeeds {
    /// Feeds in a database that was opened with [`DIRECTORY_SCHEMA`](crate::DIRECTORY_SCHEMA).
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl FeedDirectory for EmbeddedFeeds {
    async fn snapshot(&self) -> Result<Vec<Feed>> {
        const OPERATION: &str = "feeds.snapshot";
        let all = self.db.read(OPERATION, snapshot).await?;
        all.into_iter().map(|(network, zone)| stored(OPERATION, network, zone.as_deref())).collect()
    }

    async fn put(&self, feed: &Feed) -> Result<()> {
        let feed = feed.clone();
        self.db.write("feeds.put", move |tx| put(tx, &feed)).await
    }

    async fn remove(&self, network: &str) -> Result<bool> {
        let network = network.to_owned();
        self.db.write("feeds.remove", move |tx| remove(tx, &network)).await
    }
}

fn snapshot(tx: &Transaction<'_>) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    tx.prepare_cached("SELECT network, time_zone FROM feeds ORDER BY network")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn put(tx: &Transaction<'_>, feed: &Feed) -> rusqlite::Result<()> {
    let zone = feed.time_zone.as_ref().map(domain::TimeZone::name);
    tx.prepare_cached(
        "INSERT INTO feeds (network, time_zone) VALUES (?, ?)
         ON CONFLICT (network) DO UPDATE SET time_zone = excluded.time_zone",
    )?
    .execute(params![feed.network, zone])
    .map(drop)
}

fn remove(tx: &Transaction<'_>, network: &str) -> rusqlite::Result<bool> {
    tx.prepare_cached("DELETE FROM feeds WHERE network = ?")?.execute([network]).map(|n| n > 0)
}
