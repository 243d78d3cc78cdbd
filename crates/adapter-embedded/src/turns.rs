//! Whose turn it is, in SQLite: processes that share a data directory agree by its file.

use async_trait::async_trait;
use domain::UnixMillis;
use ports::{Result, Turns};
use rusqlite::params;

use crate::db::Db;

/// Turns in the directory database.
#[derive(Debug, Clone)]
pub struct EmbeddedTurns {
    db: Db,
}

impl EmbeddedTurns {
    /// Turns in a database that was opened with [`DIRECTORY_SCHEMA`](crate::DIRECTORY_SCHEMA).
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl Turns for EmbeddedTurns {
    async fn take(&self, task: &str, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<bool> {
        let (task, owner) = (task.to_owned(), owner.to_owned());
        let taken = self.db.write("turns.take", move |tx| {
            tx.prepare_cached(
                "INSERT INTO turns (task, owner, until) VALUES (?1, ?2, ?3)
                 ON CONFLICT (task) DO UPDATE SET owner = ?2, until = ?3
                 WHERE owner = ?2 OR until <= ?4",
            )?
            .execute(params![task, owner, until.0, now.0])
        });
        Ok(taken.await? > 0)
    }

    async fn give_back(&self, task: &str, owner: &str) -> Result<()> {
        let (task, owner) = (task.to_owned(), owner.to_owned());
        let given = self.db.write("turns.give_back", move |tx| {
            tx.prepare_cached("DELETE FROM turns WHERE task = ? AND owner = ?")?.execute([task, owner])
        });
        given.await.map(drop)
    }
}
