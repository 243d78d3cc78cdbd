//! The table of subscriptions in SQLite.

use async_trait::async_trait;
use ports::subscriptions::Subscription;
use ports::{Result, SubscriptionStore};
use rusqlite::params;

use crate::db::Db;

/// Subscriptions in the directory database.
#[derive(Debug, Clone)]
pub struct EmbeddedSubscriptions {
    db: Db,
}

impl EmbeddedSubscriptions {
    /// Subscriptions in a database that was opened with [`DIRECTORY_SCHEMA`](crate::DIRECTORY_SCHEMA).
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl SubscriptionStore for EmbeddedSubscriptions {
    async fn snapshot(&self) -> Result<Vec<Subscription>> {
        let all = self.db.read("subscriptions.snapshot", |tx| {
            tx.prepare_cached("SELECT id, note FROM subscriptions ORDER BY id")?
                .query_map([], |row| Ok(Subscription { id: row.get(0)?, note: row.get(1)? }))?
                .collect()
        });
        all.await
    }

    async fn put(&self, subscriptions: &[Subscription]) -> Result<()> {
        if subscriptions.is_empty() {
            return Ok(());
        }
        let subscriptions = subscriptions.to_vec();
        let put = self.db.write("subscriptions.put", move |tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO subscriptions (id, note) VALUES (?, ?)
                 ON CONFLICT (id) DO UPDATE SET note = excluded.note",
            )?;
            subscriptions.iter().try_for_each(|s| insert.execute(params![s.id, s.note]).map(drop))
        });
        put.await
    }

    async fn remove(&self, id: &str) -> Result<bool> {
        let id = id.to_owned();
        let removed = self.db.write("subscriptions.remove", move |tx| {
            tx.prepare_cached("DELETE FROM subscriptions WHERE id = ?")?.execute([id])
        });
        Ok(removed.await? > 0)
    }
}
