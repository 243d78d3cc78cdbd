//! One budget of memory for the rows that a process holds.
//!
//! A row's text is held on three stretches of its way, and each has a part of the budget of its own:
//!
//! 1. [`reading`](MemoryBudget::reading), a quarter: a batch of rows from before it is read until it is claimed; due work and batches
//!    for analytics likewise. All of them wait for it in order, so that none starves, and while they hold no rows. A second batch of a
//!    file is read ahead only if there is memory for it at once.
//! 2. [`queued`](MemoryBudget::queued), a quarter: claimed conversions in the queues of lanes. It is never waited for: what finds no
//!    room goes back to the ledger.
//! 3. [`sending`](MemoryBudget::sending), half: conversions and their prepared events, from before they are prepared until they are
//!    settled or put back. A lane waits for it with nothing prepared or in flight.
//!
//! So no task waits for a part while holding something of the same part, and of two parts only for the later one: what is being
//! sent waits for nothing here and ends by itself, which frees what lanes wait for, which frees their queues. There is no circle.
//! A lane and its requests have a [`Share`]: as much as is left for others, so that a slow pixel leaves room for its neighbours.
//!
//! Figures are bytes of text times the number of its copies, and a fixed amount for what goes with it. Outside the budget are the
//! buffers of each file that is being read (a row, a spool of [`SPOOL_BYTES`](ports::blob::SPOOL_BYTES), a decompressor's window), caches of the
//! embedded databases, and answers of platforms; all of them are bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::mutations;

/// What permits are counted in.
const UNIT: u64 = 1_024;

/// Copies of a row's text while a batch is claimed, or carried to analytics: one to claim, one for its lane, one in the statement or
/// document that is written, one on the way to the server.
const COPIES: u64 = 4;

/// What a batch of so many bytes of text takes while it is read and claimed.
pub(crate) const fn while_claimed(text: u64) -> u64 {
    text.saturating_mul(COPIES)
}

/// The memory that a process may use for rows; clones are the same budget.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    reading: Pool,
    queued: Pool,
    sending: Pool,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        Self { reading: Pool::new(bytes / 4), queued: Pool::new(bytes / 4), sending: Pool::new(bytes / 2) }
    }

    /// For batches of rows that are being read and claimed.
    pub(crate) const fn reading(&self) -> &Pool {
        &self.reading
    }

    /// For conversions that wait in lanes.
    pub(crate) const fn queued(&self) -> &Pool {
        &self.queued
    }

    /// For conversions that are being sent.
    pub(crate) const fn sending(&self) -> &Pool {
        &self.sending
    }
}

impl Default for MemoryBudget {
    /// 256 MiB.
    fn default() -> Self {
        Self::new(256 << 20)
    }
}

/// A part of the budget. Requests that wait are served in order. One that is larger than the part takes the whole part.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    free: Arc<Semaphore>,
    units: u32,
}

/// Memory that its holder may use, until it is dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    fn new(bytes: u64) -> Self {
        let units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).max(1);
        Self { free: Arc::new(Semaphore::new(units as usize)), units }
    }

    /// Waits until there is so much.
    pub(crate) async fn reserve(&self, bytes: u64) -> Reserved {
        let permit = Arc::clone(&self.free).acquire_many_owned(self.units(bytes)).await;
        Reserved { _permit: permit.expect("the semaphore is never closed") }
    }

    /// The same if there is so much now.
    pub(crate) fn try_reserve(&self, bytes: u64) -> Option<Reserved> {
        let permit = Arc::clone(&self.free).try_acquire_many_owned(self.units(bytes)).ok()?;
        Some(Reserved { _permit: permit })
    }

    /// A share for one of those who use this part.
    pub(crate) fn share(&self) -> Share {
        Share { pool: self.clone(), used: Arc::default() }
    }

    fn units(&self, bytes: u64) -> u32 {
        mutations::units(u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.units))
    }

    fn free(&self) -> u32 {
        u32::try_from(self.free.available_permits()).unwrap_or(u32::MAX)
    }
}

/// What one of several users may have of a part of the budget: as much as is left for others. Alone half of all, beside n busy ones
/// 1/(n+2).
#[derive(Debug)]
pub(crate) struct Share {
    pool: Pool,
    used: Arc<AtomicU32>,
}

/// Memory of a share, until it is dropped.
#[derive(Debug)]
pub(crate) struct Shared {
    _reserved: Reserved,
    used: Arc<AtomicU32>,
    units: u32,
}

impl Share {
    /// Whether there is room for more.
    pub(crate) fn has_room(&self) -> bool {
        self.used.load(Ordering::SeqCst) < self.pool.free()
    }

    /// Reserves so much if there is room now.
    pub(crate) fn try_reserve(&self, bytes: u64) -> Option<Shared> {
        if !self.has_room() {
            return None;
        }
        Some(self.hold(self.pool.try_reserve(bytes)?, bytes))
    }

    /// Waits until there is so much. Only for a user who has nothing of the share: it could wait for what it holds itself.
    pub(crate) async fn reserve(&self, bytes: u64) -> Shared {
        self.hold(self.pool.reserve(bytes).await, bytes)
    }

    fn hold(&self, reserved: Reserved, bytes: u64) -> Shared {
        let units = self.pool.units(bytes);
        self.used.fetch_add(units, Ordering::SeqCst);
        Shared { _reserved: reserved, used: Arc::clone(&self.used), units }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.used.fetch_sub(self.units, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_for_more_than_all_takes_all() {
        let pool = Pool::new(10 * UNIT);
        let all = pool.try_reserve(u64::MAX).unwrap();
        assert!(pool.try_reserve(1).is_none());
        drop(all);
        assert!(pool.try_reserve(1).is_some());
    }

    #[test]
    fn a_share_leaves_room_for_others() {
        let pool = Pool::new(100 * UNIT);
        let (one, other) = (pool.share(), pool.share());
        let fill = |share: &Share| {
            let mut held = Vec::new();
            held.extend(std::iter::from_fn(|| share.try_reserve(UNIT)));
            held
        };
        let first = fill(&one);
        assert_eq!(first.len(), 50);
        let second = fill(&other);
        assert_eq!(second.len(), 25);
        drop(first);
        assert_eq!(fill(&one).len(), 38, "half of what the other leaves");
        drop(second);
        assert_eq!(pool.free(), 100);
        assert!(other.has_room());
    }

    #[tokio::test]
    async fn who_waits_is_served_when_another_gives_back() {
        let pool = Pool::new(4 * UNIT);
        let all = pool.reserve(4 * UNIT).await;
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { drop(pool.reserve(3 * UNIT).await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(all);
        waiting.await.unwrap();
    }
}
