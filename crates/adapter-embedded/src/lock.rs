//! Exclusive locks in SQLite: processes that share a data directory agree by its file.

use async_trait::async_trait;
use domain::UnixMillis;
use ports::clock::APART;
use ports::{ExclusiveLock, Result};
use rusqlite::params;

use crate::db::Db;

/// Exclusive locks in the directory database.
#[derive(Debug, Clone)]
pub struct EmbeddedLock {
    db: Db,
}

impl EmbeddedLock {
    /// Locks in a database that was opened with [`DIRECTORY_SCHEMA`](crate::DIRECTORY_SCHEMA).
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl ExclusiveLock for EmbeddedLock {
    async fn acquire(&self, task: &str, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<bool> {
        let (task, owner) = (task.to_owned(), owner.to_owned());
        let taken = self.db.write("lock.acquire", move |tx| {
            tx.prepare_cached(
                "INSERT INTO turns (task, owner, until) VALUES (?1, ?2, ?3)
                 ON CONFLICT (task) DO UPDATE SET owner = ?2, until = ?3
                 WHERE owner = ?2 OR until <= ?4 OR until > ?5",
            )?
            .execute(params![task, owner, until.0, now.0, until.plus(APART).0])
        });
        Ok(taken.await? > 0)
    }

    async fn release(&self, task: &str, owner: &str) -> Result<()> {
        let (task, owner) = (task.to_owned(), owner.to_owned());
        let given = self.db.write("lock.release", move |tx| {
            tx.prepare_cached("DELETE FROM turns WHERE task = ? AND owner = ?")?.execute([task, owner])
        });
        given.await.map(drop)
    }
}
