//! Work that only one process may do at a time, however many run.

use std::fmt;

use async_trait::async_trait;
use domain::UnixMillis;

use crate::Result;

/// Where processes agree on whose turn it is. A turn ends by itself, so that a dead process blocks nobody for long.
#[async_trait]
pub trait Turns: fmt::Debug + Send + Sync {
    /// Takes the turn for a task until a moment, or prolongs it for the owner who has it; `false` when it is somebody else's.
    async fn take(&self, task: &str, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<bool>;

    /// Gives the turn back; harmless when it was lost.
    async fn give_back(&self, task: &str, owner: &str) -> Result<()>;
}
