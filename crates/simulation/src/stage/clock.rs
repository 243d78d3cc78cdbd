//! The wall clock of one worker, or of the servers.

use std::time::Duration;

use async_trait::async_trait;
use domain::UnixMillis;
use ports::Clock;

use super::{Stage, Wait};

/// A wall clock on the stage's time. What it tells can jump; how long it sleeps cannot.
#[derive(Debug, Clone)]
pub(crate) struct StageClock {
    pub(crate) stage: Stage,
    /// Whose; `None` is the servers'.
    pub(crate) worker: Option<usize>,
}

#[async_trait]
impl Clock for StageClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.stage.core().wall_ms(self.worker))
    }

    async fn sleep(&self, time: Duration) {
        Wait::new(&self.stage, i64::try_from(time.as_millis()).unwrap_or(i64::MAX)).await;
    }
}
