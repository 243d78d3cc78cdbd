//! Messages in company and messages alone. A message that was delivered before without an end may be what ended the process that
//! had it. It is handled again with nothing else in flight and in a process of its own, so that only it can pay for what it does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ports::queue::Delivery;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio_util::sync::CancellationToken;

use super::Handled;

/// The most messages whose deliveries are remembered. One that is forgotten may be handled alone, which costs only time.
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

/// How often this process was given each message. It lives, so none of these deliveries has ended a process; others may have.
#[derive(Debug, Default)]
pub(super) struct OwnDeliveries(Mutex<BTreeMap<String, u32>>);

impl OwnDeliveries {
    /// Counts a delivery.
    pub(super) fn count(&self, delivery: &Delivery) {
        let mut own = self.own();
        if own.len() >= REMEMBERED {
            own.clear();
        }
        *own.entry(delivery.message_id.clone()).or_default() += 1;
    }

    /// Whether a message is under suspicion: another process was given it and has not finished it.
    pub(super) fn suspect(&self, delivery: &Delivery) -> bool {
        let own = self.own().get(&delivery.message_id).copied().unwrap_or_default();
        delivery.receive_count > own.max(1)
    }

    /// Clears a message that was handled to a result: whatever else is wrong, it does not end its process.
    pub(super) fn clear(&self, delivery: &Delivery) {
        self.own().insert(delivery.message_id.clone(), delivery.receive_count);
    }

    /// Forgets a message that does not come again.
    pub(super) fn forget(&self, delivery: &Delivery) {
        self.own().remove(&delivery.message_id);
    }

    fn own(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        // The map is whole after each operation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use domain::UnixMillis;
    use ports::queue::Handle;

    use super::*;

    fn delivery(receive_count: u32) -> Delivery {
        let (handle, body) = (Handle(String::new()), String::new());
        Delivery { message_id: "m".to_owned(), handle, body, receive_count, sent_at: UnixMillis(0) }
    }

    #[test]
    fn only_deliveries_to_others_raise_suspicion() {
        let own = OwnDeliveries::default();
        // It comes again while it is still being handled here: this process lives.
        for count in 1..=3 {
            own.count(&delivery(count));
            assert!(!own.suspect(&delivery(count)), "{count}");
        }
        // Another process had it in between.
        own.count(&delivery(5));
        assert!(own.suspect(&delivery(5)));
        own.clear(&delivery(5));
        assert!(!own.suspect(&delivery(5)));
        own.count(&delivery(6));
        assert!(!own.suspect(&delivery(6)), "it was released, and came back");
        own.forget(&delivery(6));
        assert!(own.suspect(&delivery(7)) && !own.suspect(&delivery(1)));
    }
}
