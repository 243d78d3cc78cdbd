//! Messages that a process with a wrong clock has hidden.

use std::time::Duration;

use domain::UnixMillis;
use ports::{Clock, EventQueue};

use super::WorkerConfig;
use super::finish::LONGEST_DELAY;

/// How often it is looked for them.
const OFTEN: Duration = Duration::from_secs(3_600);

/// When it was looked for them last.
#[derive(Debug, Default)]
pub(super) struct LooksForHidden {
    looked_at: Option<UnixMillis>,
}

impl LooksForHidden {
    /// Makes visible what only a wrong clock can have hidden, once this process's clock is not in doubt: at the start, after each
    /// doubt, and hourly.
    pub(super) async fn look(&mut self, config: &WorkerConfig, queue: &dyn EventQueue, clock: &dyn Clock) {
        if clock.doubt().is_some() {
            self.looked_at = None;
            return;
        }
        let now = clock.now();
        if self.looked_at.is_some_and(|at| at <= now && now.since(at) < OFTEN) {
            return;
        }
        match queue.release_put_off(config.visibility.max(LONGEST_DELAY)).await {
            Ok(messages) => {
                self.looked_at = Some(now);
                if messages > 0 {
                    tracing::warn!(queue = config.queue, messages, "a wrong clock had hidden messages");
                }
            }
            // The next receive says it.
            Err(error) => tracing::debug!(error = ?error, "cannot look for hidden messages"),
        }
    }
}
