//! Merges what analytics has stored in pieces: one process at a time, and only what has settled.

use std::sync::Arc;
use std::time::Duration;

use domain::UnixMillis;
use ports::analytics::{Optimised, Partition};
use ports::metric::name;
use ports::{AnalyticsStore, Clock, ExclusiveLock, MetricSink, Result};
use tokio_util::sync::CancellationToken;

/// The task whose lock is acquired.
const TASK: &str = "optimise";

/// How long the lock lasts; it is prolonged after a third of that.
const LOCK: Duration = Duration::from_secs(120);

/// States that one step erases.
const FORGET: usize = 2_000;

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// All tables were checked; so many partitions were optimised.
    Done(u64),
    /// Another process optimises; nothing was done.
    NotOurs,
    /// The lock was lost after so many partitions, and the rest is left to the process that has it now.
    Lost(u64),
    /// The process was asked to stop; so many partitions were optimised before.
    Stopped(u64),
    /// The same while the database merged a partition, which it goes on with by itself: the lock is left to run out.
    Interrupted(u64),
}

/// The optimizer.
#[derive(Debug)]
pub struct Optimise {
    /// What is optimised.
    pub analytics: Arc<dyn AnalyticsStore>,
    /// Which process does it.
    pub lock: Arc<dyn ExclusiveLock>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// Names this process; unique among those alive.
    pub owner: String,
    /// Tables.
    pub tables: Vec<String>,
    /// A partition that changed less than this ago is skipped: merging what still grows is wasted work.
    pub settle: Duration,
    /// How long sessions and keywords are kept after their rows came.
    pub keep: Duration,
}

/// Erases sessions and keywords of rows that came by a moment, and what storage still holds of them; how many states.
///
/// # Errors
/// The store's. What was erased before stays so.
pub async fn forget_until(analytics: &dyn AnalyticsStore, until: UnixMillis) -> Result<u64> {
    let mut states = 0;
    loop {
        let some = analytics.forget_until(until, FORGET).await?;
        states += some;
        if some < FORGET as u64 {
            break;
        }
    }
    let mut from = Some(0);
    while let Some(page) = from {
        from = analytics.scrub(page).await?;
    }
    Ok(states)
}

impl Optimise {
    /// One run over the tables, if this process gets the lock. Partitions in one piece are skipped, and those that still change.
    ///
    /// # Errors
    /// The first error, after the other tables were tried; the next run tries again.
    pub async fn run(&self, stop: &CancellationToken) -> Result<Run> {
        let run = self.locked_run(stop).await;
        let result = match &run {
            Ok(Run::Done(_)) => "done",
            Ok(Run::NotOurs) => "not_our_turn",
            Ok(Run::Lost(_)) => "lost_turn",
            Ok(Run::Stopped(_) | Run::Interrupted(_)) => "stopped",
            Err(_) => "failed",
        };
        self.metrics.count(name::OPTIMISE_RUNS, &[("result", result)], 1);
        run
    }

    async fn locked_run(&self, stop: &CancellationToken) -> Result<Run> {
        if !self.acquire().await? {
            tracing::info!("another process optimises; nothing to do");
            return Ok(Run::NotOurs);
        }
        let forgotten = self.forget(stop).await;
        let run = match (self.tables(stop).await, forgotten) {
            (Ok(Run::Done(_)), Err(error)) => Err(error),
            (run, _) => run,
        };
        if let Ok(Run::Interrupted(_)) = run {
            tracing::info!(
                lock_s = LOCK.as_secs(),
                "stopped while a partition is merged; the lock ends by itself, so that no other process merges it meanwhile"
            );
            return run;
        }
        if let Err(error) = self.lock.release(TASK, &self.owner).await {
            tracing::warn!(error = ?error, "cannot release the lock; it ends by itself");
        }
        run
    }

    /// Erases sessions and keywords whose time is over. By whole days: what a server does in one piece, it does once a day.
    async fn forget(&self, stop: &CancellationToken) -> Result<()> {
        if self.clock.doubt().is_some() {
            return Ok(());
        }
        let until = self.clock.now().minus(self.keep);
        let until = UnixMillis(until.0 - until.0.rem_euclid(DAY_MS));
        let work = forget_until(&*self.analytics, until);
        let states = tokio::select! {
            states = work => states,
            never = self.keep_lock() => match never {},
            () = stop.cancelled() => return Ok(()),
        };
        match &states {
            Err(error) => {
                tracing::error!(error = ?error, "cannot erase sessions and keywords; the next run tries again");
            }
            Ok(0) => {}
            Ok(states) => {
                self.metrics.count(name::ERASED, &[("store", "analytics")], *states);
                let days = self.keep.as_secs() / 86_400;
                tracing::info!(states, days, "sessions and keywords erased: their time is over");
            }
        }
        states.map(drop)
    }

    async fn tables(&self, stop: &CancellationToken) -> Result<Run> {
        let (mut optimised, mut first_error) = (0, None);
        for table in &self.tables {
            match self.table(table, stop).await {
                Ok(Run::Done(partitions)) => optimised += partitions,
                Ok(Run::NotOurs) => return Ok(Run::NotOurs),
                Ok(Run::Lost(partitions)) => return Ok(Run::Lost(optimised + partitions)),
                Ok(Run::Stopped(partitions)) => return Ok(Run::Stopped(optimised + partitions)),
                Ok(Run::Interrupted(partitions)) => return Ok(Run::Interrupted(optimised + partitions)),
                Err(error) => {
                    tracing::error!(table, error = ?error, "cannot optimise a table; the next run tries again");
                    first_error = first_error.or(Some(error));
                }
            }
        }
        first_error.map_or(Ok(Run::Done(optimised)), Err)
    }

    async fn table(&self, table: &str, stop: &CancellationToken) -> Result<Run> {
        let partitions = self.analytics.partitions(table).await?;
        let mut size = Size::of(&partitions);
        self.gauge(table, "before", size);
        let mut optimised = 0;
        for partition in partitions.iter().filter(|p| p.parts > 1) {
            let quiet = self.clock.now().since(partition.changed_at);
            if quiet < self.settle {
                tracing::info!(
                    table,
                    partition = partition.name,
                    quiet_s = quiet.as_secs(),
                    "partition skipped: it still changes"
                );
                continue;
            }
            if stop.is_cancelled() {
                return Ok(Run::Stopped(optimised));
            }
            if !self.acquire().await? {
                tracing::warn!(table, "the lock was lost; the rest is left to the process that has it now");
                return Ok(Run::Lost(optimised));
            }
            let done = tokio::select! {
                done = self.partition(partition) => done?,
                () = stop.cancelled() => return Ok(Run::Interrupted(optimised)),
            };
            optimised += 1;
            size = size.after(&done);
            self.gauge(table, "after", size);
        }
        self.gauge(table, "after", size);
        Ok(Run::Done(optimised))
    }

    /// Optimises a partition, however long it takes, and keeps the lock meanwhile.
    async fn partition(&self, partition: &Partition) -> Result<Optimised> {
        let work = self.analytics.optimise(partition);
        let done = tokio::select! { done = work => done?, never = self.keep_lock() => match never {} };
        let labels = [("table", partition.table.as_str())];
        self.metrics.count(name::OPTIMISED, &labels, 1);
        self.metrics.observe(name::OPTIMISE_SECONDS, &labels, done.duration.as_secs_f64());
        tracing::info!(
            table = partition.table,
            partition = partition.name,
            rows = partition.rows,
            parts_before = done.parts_before,
            parts_after = done.parts_after,
            bytes_before = done.bytes_before,
            bytes_after = done.bytes_after,
            duration_ms = done.duration.as_millis() as u64,
            "partition optimised"
        );
        Ok(done)
    }

    /// Prolongs the lock in time. A lock that is lost or cannot be prolonged shows before the next partition.
    async fn keep_lock(&self) -> std::convert::Infallible {
        loop {
            self.clock.sleep(LOCK / 3).await;
            match self.acquire().await {
                Ok(true) => {}
                Ok(false) => tracing::warn!("the lock was lost while a partition is optimised"),
                Err(error) => tracing::warn!(error = ?error, "cannot prolong the lock"),
            }
        }
    }

    async fn acquire(&self) -> Result<bool> {
        let now = self.clock.now();
        self.lock.acquire(TASK, &self.owner, now, now.plus(LOCK)).await
    }

    fn gauge(&self, table: &str, when: &str, size: Size) {
        let labels = [("table", table), ("when", when)];
        self.metrics.gauge(name::TABLE_PARTS, &labels, size.parts as f64);
        self.metrics.gauge(name::TABLE_BYTES, &labels, size.bytes as f64);
    }
}

/// How large a table is.
#[derive(Debug, Clone, Copy)]
struct Size {
    parts: u64,
    bytes: u64,
}

impl Size {
    fn of(partitions: &[Partition]) -> Self {
        Self {
            parts: partitions.iter().map(|p| p.parts).sum(),
            bytes: partitions.iter().map(|p| p.bytes).sum(),
        }
    }

    const fn after(self, done: &Optimised) -> Self {
        Self {
            parts: (self.parts + done.parts_after).saturating_sub(done.parts_before),
            bytes: (self.bytes + done.bytes_after).saturating_sub(done.bytes_before),
        }
    }
}
