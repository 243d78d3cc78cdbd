//! An exclusive lock in a database without conditional writes: each process that finds the lock free writes a bid, waits until the
//! bids of all others who found it free must be visible, and then all read the same winner.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clickhouse::Row;
use domain::UnixMillis;
use ports::clock::APART;
use ports::{Clock, ExclusiveLock, Result};
use serde::Deserialize;

use crate::ClickHouse;
use crate::connection::STATEMENT_TIME;

/// Living bids, the winner first. A bid that was placed earlier wins; of two at the same microsecond the smaller name.
const BIDS: &str = "
    SELECT owner, toUnixTimestamp64Micro(placed_at) AS placed_at
    FROM efflux_turns
    WHERE task = ?
    GROUP BY owner, placed_at
    HAVING max(toUnixTimestamp64Milli(until)) > ? AND max(toUnixTimestamp64Milli(until)) <= ? AND NOT max(ended)
    ORDER BY placed_at, owner";

/// Exclusive locks on a ClickHouse server, for installations without PostgreSQL. [`migrate`](ports::AnalyticsStore::migrate) makes its table.
///
/// Two never win at once, provided that a statement sees what earlier ones wrote (one server, or replicas with
/// `insert_quorum` and `select_sequential_consistency` given in the address) and that the clocks of all processes run equally
/// fast. Their times need not agree better than a lock lasts. When the server is so slow that a bid takes longer than the
/// settling time, its owner withdraws it, so that it may happen that no process gets a free lock.
#[derive(Debug, Clone)]
pub struct ClickHouseLock {
    server: ClickHouse,
    clock: Arc<dyn Clock>,
    settling: Duration,
}

impl ClickHouseLock {
    /// How long bids settle, unless the caller says otherwise.
    pub const SETTLING: Duration = Duration::from_secs(3);

    /// Locks on a server. Acquiring a free lock takes at least `settling`.
    #[must_use]
    pub fn new(server: ClickHouse, clock: Arc<dyn Clock>, settling: Duration) -> Self {
        Self { server, clock, settling }
    }

    /// Bids that end after the first of two moments, and not after the second.
    async fn bids(
        &self,
        operation: &'static str,
        task: &str,
        (now, latest): (UnixMillis, UnixMillis),
    ) -> Result<Vec<Bid>> {
        let select =
            self.server.client().query(BIDS).bind(task).bind(now.0).bind(latest.0).fetch_all::<Bid>();
        self.server.within(operation, STATEMENT_TIME, select).await
    }

    /// Places a bid at the server's time.
    async fn place(&self, task: &str, owner: &str, until: UnixMillis) -> Result<()> {
        let insert = self
            .server
            .client()
            .query(
                "INSERT INTO efflux_turns (task, owner, placed_at, until, ended)
                 SELECT ?, ?, now64(6), fromUnixTimestamp64Milli(toInt64(?)), false",
            )
            .bind(task)
            .bind(owner)
            .bind(until.0)
            .execute();
        self.server.within("lock.acquire", STATEMENT_TIME, insert).await
    }

    /// Says something further about a bid: that it lasts longer, or that it has ended.
    async fn amend(&self, operation: &'static str, task: &str, bid: &Bid, change: Change) -> Result<()> {
        let (until, ended) = match change {
            Change::Until(until) => (until.0, false),
            Change::Ended => (0, true),
        };
        let insert = self
            .server
            .client()
            .query(
                "INSERT INTO efflux_turns (task, owner, placed_at, until, ended)
                 SELECT ?, ?, fromUnixTimestamp64Micro(toInt64(?)), fromUnixTimestamp64Milli(toInt64(?)), ?",
            )
            .bind(task)
            .bind(&bid.owner)
            .bind(bid.placed_at)
            .bind(until)
            .bind(ended)
            .execute();
        self.server.within(operation, STATEMENT_TIME, insert).await
    }

    /// Ends all living bids of an owner.
    async fn withdraw(&self, operation: &'static str, task: &str, owner: &str, bids: &[Bid]) -> Result<()> {
        for bid in bids.iter().filter(|bid| bid.owner == owner) {
            self.amend(operation, task, bid, Change::Ended).await?;
        }
        Ok(())
    }
}

enum Change {
    Until(UnixMillis),
    Ended,
}

#[derive(Debug, Clone, Row, Deserialize)]
struct Bid {
    owner: String,
    placed_at: i64,
}

#[async_trait]
impl ExclusiveLock for ClickHouseLock {
    async fn acquire(&self, task: &str, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<bool> {
        const OPERATION: &str = "lock.acquire";
        let (began, living) = (self.clock.now(), (now, until.plus(APART)));
        if let Some(holder) = self.bids(OPERATION, task, living).await?.first() {
            if holder.owner != owner {
                return Ok(false);
            }
            self.amend(OPERATION, task, holder, Change::Until(until)).await?;
            return Ok(true);
        }
        self.place(task, owner, until).await?;
        // A process that found the lock free did so before this bid was visible, and has placed its bid at most this long afterwards.
        let in_time = self.clock.now().since(began) < self.settling;
        self.clock.sleep(self.settling).await;
        let bids = self.bids(OPERATION, task, living).await?;
        let won = in_time && bids.first().is_some_and(|winner| winner.owner == owner);
        if !won {
            self.withdraw(OPERATION, task, owner, &bids).await?;
        }
        Ok(won)
    }

    async fn release(&self, task: &str, owner: &str) -> Result<()> {
        const OPERATION: &str = "lock.release";
        // All bids that were not ended count, whatever the time: what has run out may be ended as well.
        let bids = self.bids(OPERATION, task, (UnixMillis(-1), UnixMillis(i64::MAX))).await?;
        self.withdraw(OPERATION, task, owner, &bids).await
    }
}
