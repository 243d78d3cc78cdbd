//! Work that only one process may do at a time, however many run.

use std::fmt;

use async_trait::async_trait;
use domain::UnixMillis;

use crate::Result;

/// Where processes agree on who may do a task. A lock ends by itself, so that a dead process does not block the others for long.
#[async_trait]
pub trait ExclusiveLock: fmt::Debug + Send + Sync {
    /// Acquires the lock of a task until a moment, or prolongs it for its owner; `false` when another owner has it. A lock that
    /// ends more than [`APART`](crate::clock::APART) after the moment that is asked for was acquired by a wrong clock, and is not respected.
    async fn acquire(&self, task: &str, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<bool>;

    /// Releases the lock; harmless when it was lost.
    async fn release(&self, task: &str, owner: &str) -> Result<()>;
}
