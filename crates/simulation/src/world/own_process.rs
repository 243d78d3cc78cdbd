//! Messages that end the process that handles them, and processes of one message.

use std::sync::Arc;

use async_trait::async_trait;
use pipeline::worker::{Handled, Handler, NoResult, OwnProcess};
use ports::queue::Delivery;
use tokio_util::sync::CancellationToken;

use crate::input::DEADLY;
use crate::scheduler::{Scheduler, Wait};

/// The longest time that a deadly message is in flight before it does its work, in milliseconds.
const LONGEST_MS: u64 = 2_000;

/// Waits until a deadly message does what it does; other messages never come back from here.
async fn struck(scheduler: &Scheduler) {
    let wait_ms = scheduler.core().faults.between(0, LONGEST_MS);
    Wait::new(scheduler, i64::try_from(wait_ms).unwrap_or(0)).await;
}

/// A handler whose process is ended by a deadly message.
#[derive(Debug)]
pub(super) struct Mortal {
    pub(super) scheduler: Scheduler,
    pub(super) worker: usize,
    pub(super) inner: Arc<dyn Handler>,
}

#[async_trait]
impl Handler for Mortal {
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Handled {
        if delivery.body == DEADLY {
            struck(&self.scheduler).await;
            self.scheduler.core().dying.insert(self.worker);
            // The process is gone before anything else happens.
            return std::future::pending().await;
        }
        self.inner.handle(delivery, stop).await
    }
}

/// A process of one message. It shares the scheduler with the process that started it, which dies when that one does, and sees
/// its death.
#[derive(Debug)]
pub(super) struct OneMessage {
    pub(super) scheduler: Scheduler,
    pub(super) inner: Arc<dyn Handler>,
}

#[async_trait]
impl OwnProcess for OneMessage {
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Result<Handled, NoResult> {
        if delivery.body == DEADLY {
            struck(&self.scheduler).await;
            return Err(NoResult::Died("its process ended by signal 9".to_owned()));
        }
        Ok(self.inner.handle(delivery, stop).await)
    }
}
