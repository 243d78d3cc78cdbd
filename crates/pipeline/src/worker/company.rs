//! Messages in company and messages alone. A message that was delivered before without an end may be what ended the process that
//! had it. It is handled again with nothing else in flight and in a process of its own, so that only it can pay for what it does.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ports::queue::Delivery;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio_util::sync::CancellationToken;

use super::Handled;

/// The most messages that are remembered as harmless. Those that are forgotten are handled alone, which costs only time.
const REMEMBERED: usize = 10_000;

/// Has messages handled by a process of their own.
#[async_trait]
pub trait OwnProcess: fmt::Debug + Send + Sync {
    /// Has a message handled, or answers [`Handled::Later`] soon after `stop`.
    ///
    /// # Errors
    /// Why there is no result.
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Result<Handled, NoResult>;
}

/// Why the handling of a message has no result; for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoResult {
    /// It did not begin, because this machine has no room for a process or a backend is unavailable. Not the message's fault.
    NotBegun(String),
    /// It had begun, and the handler or its whole process died.
    Died(String),
}

/// What all workers of a process share: messages are handled together, or one is handled alone.
#[derive(Debug, Clone, Default)]
pub struct Company(Arc<RwLock<()>>);

impl Company {
    /// Waits while a message is handled alone, or waits for that.
    pub(super) async fn join(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.0).read_owned().await
    }

    /// Waits until no other message is in flight, and lets none begin meanwhile.
    pub(super) async fn alone(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.0).write_owned().await
    }
}

/// Messages that this process has handled to an end and released: whatever else is wrong, they do not end their process.
#[derive(Debug, Default)]
pub(super) struct Harmless(Mutex<BTreeSet<String>>);

impl Harmless {
    /// Whether a message may be what ended a process: it was delivered before, and not for an end that is known here.
    pub(super) fn lacks(&self, delivery: &Delivery) -> bool {
        delivery.receive_count > 1 && !self.ids().contains(&delivery.message_id)
    }

    /// Remembers a message that is released after it was handled to an end.
    pub(super) fn remember(&self, delivery: &Delivery) {
        let mut ids = self.ids();
        if ids.len() >= REMEMBERED {
            ids.clear();
        }
        ids.insert(delivery.message_id.clone());
    }

    /// Forgets a message that does not come again.
    pub(super) fn forget(&self, delivery: &Delivery) {
        self.ids().remove(&delivery.message_id);
    }

    fn ids(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // The set is whole after each operation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
