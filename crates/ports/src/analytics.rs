//! Where people look at what happened: one row per conversion and change of its state.

mod totals;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::{ConversionKey, UnixMillis};

use crate::Result;
use crate::ledger::Record;

pub use totals::{CountedAt, Grouping, Only, Total, Totals};

/// A table's partition, as the optimizer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The table.
    pub table: String,
    /// The partition's name: `2026-11`.
    pub name: String,
    /// Pieces that it is stored in; 1 is best.
    pub parts: u64,
    /// Rows, superseded states included.
    pub rows: u64,
    /// Bytes on disk; 0 where they are unknown.
    pub bytes: u64,
    /// When a piece was last written or merged: work on a partition that still changes is work for nothing.
    pub changed_at: UnixMillis,
}

/// What optimising a partition did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Optimised {
    /// Pieces before.
    pub parts_before: u64,
    /// Pieces after.
    pub parts_after: u64,
    /// Bytes before.
    pub bytes_before: u64,
    /// Bytes after.
    pub bytes_after: u64,
    /// How long it took.
    pub duration: Duration,
}

/// The analytics database.
#[async_trait]
pub trait AnalyticsStore: fmt::Debug + Send + Sync {
    /// Makes or updates the tables. Doing it again changes nothing.
    async fn migrate(&self) -> Result<()>;

    /// Adds states of conversions. The same record (key and version) inserted again counts once.
    async fn insert(&self, records: &[Record]) -> Result<()>;

    /// The partitions of a table. An unknown table is an error of kind [`Missing`](crate::ErrorKind::Missing).
    async fn partitions(&self, table: &str) -> Result<Vec<Partition>>;

    /// Merges a partition's pieces and drops superseded states.
    async fn optimise(&self, partition: &Partition) -> Result<Optimised>;

    /// How many conversions it shows, each with its latest state.
    async fn conversions(&self) -> Result<u64>;

    /// Conversions, each with its latest state, added up by group and outcome, in the order of both. More than
    /// [`limit`](Totals::limit) of these sums are an error of kind [`TooLarge`](crate::ErrorKind::TooLarge): sums are whole, or there
    /// are none.
    async fn totals(&self, wanted: &Totals) -> Result<Vec<Total>>;

    /// Erases session and keyword in all states of the conversions whose entries were made by `until`: `limit` states at most, or
    /// all where the server does it in one piece. How many states it were; fewer than the limit means that none is left.
    async fn forget_until(&self, until: UnixMillis, limit: usize) -> Result<u64>;

    /// Erases session and keyword in all states of these conversions; how many states had them.
    async fn forget(&self, keys: &[ConversionKey]) -> Result<u64>;

    /// Overwrites what storage may still hold of what was erased; see [`LedgerErasure::scrub`](crate::LedgerErasure::scrub).
    async fn scrub(&self, _from: u64) -> Result<Option<u64>> {
        Ok(None)
    }
}
