//! Exclusive locks: one row per task, changed by one conditional statement.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use domain::UnixMillis;
use ports::clock::APART;
use ports::{ExclusiveLock, Result};

use crate::Postgres;

const ACQUIRE: &str = "
    INSERT INTO efflux_turns (task, owner, until) VALUES ($1, $2, $3)
    ON CONFLICT (task) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE efflux_turns.owner = excluded.owner OR efflux_turns.until <= $4
        OR efflux_turns.until > $5";

/// Exclusive locks in the table `efflux_turns`.
#[derive(Debug, Clone)]
pub struct PostgresLock {
    database: Postgres,
}

impl PostgresLock {
    /// Locks in a database whose tables [`migrate`](Postgres::migrate) has made.
    #[must_use]
    pub const fn new(database: Postgres) -> Self {
        Self { database }
    }
}

#[async_trait]
impl ExclusiveLock for PostgresLock {
    async fn acquire(&self, task: &str, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<bool> {
        let (now, until, latest) = (moment(now), moment(until), moment(until.plus(APART)));
        let taken = self.database.call("lock.acquire", async |client| {
            client.execute(ACQUIRE, &[&task, &owner, &until, &now, &latest]).await
        });
        Ok(taken.await? > 0)
    }

    async fn release(&self, task: &str, owner: &str) -> Result<()> {
        let given = self.database.call("lock.release", async |client| {
            client.execute("DELETE FROM efflux_turns WHERE task = $1 AND owner = $2", &[&task, &owner]).await
        });
        given.await.map(drop)
    }
}

fn moment(at: UnixMillis) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(at.0.unsigned_abs())
}
