//! The directory of feeds: one row per network.

use async_trait::async_trait;
use domain::Feed;
use ports::feeds::stored;
use ports::{FeedDirectory, Result};

use crate::Postgres;

const PUT: &str = "
    INSERT INTO efflux_feeds (network, time_zone) VALUES ($1, $2)
    ON CONFLICT (network) DO UPDATE SET time_zone = excluded.time_zone";

/// Feeds in the table `efflux_feeds`.
#[derive(Debug, Clone)]
pub struct PostgresFeeds {
    database: Postgres,
}

impl PostgresFeeds {
    /// Feeds in a database whose tables [`migrate`](Postgres::migrate) has made.
    #[must_use]
    pub const fn new(database: Postgres) -> Self {
        Self { database }
    }
}

#[async_trait]
impl FeedDirectory for PostgresFeeds {
    async fn snapshot(&self) -> Result<Vec<Feed>> {
        const OPERATION: &str = "feeds.snapshot";
        let all: Vec<(String, Option<String>)> = self
            .database
            .call(OPERATION, async |client| {
                let rows = client.query_typed("SELECT network, time_zone FROM efflux_feeds", &[]).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
            })
            .await?;
        let feeds = all.into_iter().map(|(network, zone)| stored(OPERATION, network, zone.as_deref()));
        let mut feeds: Vec<_> = feeds.collect::<Result<_>>()?;
        // The server sorts by its own language.
        feeds.sort_by(|one, other| one.network.cmp(&other.network));
        Ok(feeds)
    }

    async fn put(&self, feed: &Feed) -> Result<()> {
        let zone = feed.time_zone.as_ref().map(domain::TimeZone::name);
        let put = self
            .database
            .call("feeds.put", async |client| client.execute(PUT, &[&feed.network, &zone]).await.map(drop));
        put.await
    }

    async fn remove(&self, network: &str) -> Result<bool> {
        let removed = self.database.call("feeds.remove", async |client| {
            client.execute("DELETE FROM efflux_feeds WHERE network = $1", &[&network]).await
        });
        Ok(removed.await? > 0)
    }
}
