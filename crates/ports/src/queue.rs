//! Messages delivered at least once, hidden from others while a worker works on them.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::UnixMillis;

use crate::Result;

/// A message in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message's id; the same at each delivery.
    pub message_id: String,
    /// Names this delivery; needed to acknowledge it. A later delivery of the same message has another.
    pub handle: Handle,
    /// The text.
    pub body: String,
    /// How often the message has been delivered, this time included; at least 1.
    pub receive_count: u32,
    /// When it was sent.
    pub sent_at: UnixMillis,
}

/// Names one delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle(pub String);

/// A message that was set aside, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message's id.
    pub message_id: String,
    /// Its text.
    pub body: String,
    /// Why it could not be processed; for people.
    pub reason: String,
    /// The service that set it aside.
    pub service: String,
    /// When.
    pub at: UnixMillis,
    /// How often it had been delivered.
    pub receive_count: u32,
}

/// How much waits in a queue. Production queues give estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Messages that could be received now.
    pub visible: u64,
    /// Messages in flight, or released for later.
    pub hidden: u64,
    /// Messages in the dead-letter queue.
    pub dead: u64,
    /// Age of the oldest message that waits.
    pub oldest_age: Option<Duration>,
}

/// Whether a delivery was still in flight when something was done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StillHeld {
    /// It was, and it is done.
    Yes,
    /// Its visibility ran out and the message was delivered again, acknowledged or set aside. Nothing was changed.
    No,
}

/// A queue of messages and its dead-letter queue.
#[async_trait]
pub trait EventQueue: fmt::Debug + Send + Sync {
    /// Puts a message in.
    async fn send(&self, body: &str) -> Result<()>;

    /// Takes up to `max` messages, waiting up to `wait` for the first, and hides each for `visibility`.
    ///
    /// Messages come roughly in the order sent. An empty answer means that nothing came in time.
    async fn receive(&self, max: usize, wait: Duration, visibility: Duration) -> Result<Vec<Delivery>>;

    /// Deletes messages that are done. Acknowledging twice is harmless. An empty list does nothing.
    async fn acknowledge(&self, handles: &[Handle]) -> Result<Vec<StillHeld>>;

    /// Hides messages in flight for `visibility` from now on.
    async fn extend(&self, handles: &[Handle], visibility: Duration) -> Result<Vec<StillHeld>>;

    /// Releases messages, to be delivered again after `delay`.
    async fn release(&self, handles: &[Handle], delay: Duration) -> Result<Vec<StillHeld>>;

    /// Makes visible what only a wrong clock can have hidden until so late: nothing hides a message for more than `longest`. How many
    /// messages there were. For a caller whose own clock is right. A queue whose server has the clock has nothing to do.
    async fn release_put_off(&self, _longest: Duration) -> Result<u64> {
        Ok(0)
    }

    /// Moves a message in flight to the dead-letter queue, with the reason and the service that did it.
    async fn dead_letter(&self, delivery: &Delivery, reason: &str, service: &str) -> Result<StillHeld>;

    /// The dead letters, the latest first, at most `limit`.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>>;

    /// Puts dead letters back into the queue as new messages, each deleted from the dead-letter queue only when it is back:
    /// a crash in between delivers it twice, and loses nothing. The ids of those that were found, in no order.
    async fn redrive(&self, message_ids: &[String]) -> Result<Vec<String>>;

    /// Deletes dead letters for good. The ids of those that were found, in no order.
    async fn discard(&self, message_ids: &[String]) -> Result<Vec<String>>;

    /// How much waits.
    async fn depth(&self) -> Result<Depth>;
}
