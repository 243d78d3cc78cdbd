//! The table of subscriptions in SQLite.

use async_trait::async_trait;
use ports::subscriptions::Subscription;
use ports::{Result, SubscriptionStore};
use rusqlite::types::Type;
use rusqlite::{Row, params};

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
            let select =
                "SELECT id, note, enabled, networks, countries, min_revenue FROM subscriptions ORDER BY id";
            tx.prepare_cached(select)?.query_map([], subscription)?.collect()
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
                "INSERT OR REPLACE INTO subscriptions (id, note, enabled, networks, countries, min_revenue)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            subscriptions.iter().try_for_each(|s| {
                let (networks, countries) = (list(&s.networks), list(&s.countries));
                let min_revenue = s.min_revenue.map(|m| m.to_string());
                insert.execute(params![s.id, s.note, s.enabled, networks, countries, min_revenue]).map(drop)
            })
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

fn subscription(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    let words = |column| -> rusqlite::Result<Vec<String>> {
        let text = row.get_ref(column)?.as_str().map_err(|e| damaged(column, e))?;
        serde_json::from_str(text).map_err(|e| damaged(column, e))
    };
    let min_revenue: Option<String> = row.get(5)?;
    Ok(Subscription {
        id: row.get(0)?,
        note: row.get(1)?,
        enabled: row.get(2)?,
        networks: words(3)?,
        countries: words(4)?,
        min_revenue: min_revenue.map(|m| m.parse()).transpose().map_err(|e| damaged(5, e))?,
    })
}

fn damaged(column: usize, cause: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
}

/// As a JSON array; `serde_json` writes any list of texts.
fn list(words: &[String]) -> String {
    serde_json::Value::from(words).to_string()
}
