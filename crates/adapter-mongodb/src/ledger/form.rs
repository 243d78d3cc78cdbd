//! Whether the collection is still in a form that this program understands.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::UnixMillis;
use ports::Result;

use super::upgrade;
use crate::connection::Connection;

/// How long a process works without looking again: a later version may upgrade the collection at any time.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// When the form was looked at last.
#[derive(Debug, Default)]
pub(super) struct FormWatch {
    /// In milliseconds; 0 before the first look, which [`MongoLedger::check`](super::MongoLedger::check) has had at the start.
    looked_at: AtomicI64,
}

impl FormWatch {
    /// Looks again if that is long ago. A look costs one round trip.
    ///
    /// # Errors
    /// When another version must be used, or the server cannot be reached.
    pub(super) async fn look(
        &self,
        connection: &Connection,
        operation: &'static str,
        now: UnixMillis,
    ) -> Result<()> {
        let before = self.looked_at.load(Ordering::Relaxed);
        let age = Duration::from_millis(now.0.abs_diff(before));
        if before != 0 && age < LOOK_AGAIN {
            return Ok(());
        }
        if before != 0 {
            upgrade::check(connection, operation).await?;
        }
        self.looked_at.store(now.0, Ordering::Relaxed);
        Ok(())
    }
}
