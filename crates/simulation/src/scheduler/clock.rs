//! The wall clock of one worker, or of the servers.

use std::time::Duration;

use async_trait::async_trait;
use domain::UnixMillis;
use ports::Clock;

use super::{Scheduler, Wait};

/// A wall clock on virtual time. Its reading can jump; the length of its sleeps cannot.
#[derive(Debug, Clone)]
pub(crate) struct VirtualClock {
    pub(crate) scheduler: Scheduler,
    /// Whose clock; `None` is the servers'.
    pub(crate) worker: Option<usize>,
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.scheduler.core().wall_ms(self.worker))
    }

    async fn sleep(&self, time: Duration) {
        Wait::new(&self.scheduler, i64::try_from(time.as_millis()).unwrap_or(i64::MAX)).await;
    }
}
