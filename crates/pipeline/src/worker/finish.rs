//! What becomes of a message when its handling has ended.

use std::time::Duration;

use ports::backoff::Backoff;
use ports::metric::name;
use ports::notice::{State, Subject};
use ports::queue::{Delivery, StillHeld};

use super::{Handled, Known, Worker};

/// How long a message waits after its failures; each delivery doubles it.
const MESSAGE_DELAYS: Backoff = Backoff::even(Duration::from_secs(5), LONGEST_DELAY);

/// The longest of them.
pub(super) const LONGEST_DELAY: Duration = Duration::from_secs(320);

impl Worker {
    /// Acknowledges, releases or dead-letters a message.
    pub(super) async fn act_on(&self, delivery: &Delivery, handled: Handled, known: &Known) {
        let handles = [delivery.handle.clone()];
        let (done, result) = match handled {
            Handled::Done => {
                known.outage.record_success(&*self.health);
                known.own.forget(delivery);
                self.metrics.count(name::MESSAGES_PROCESSED, &[("service", self.config.service)], 1);
                ("message acknowledged", self.queue.acknowledge(&handles).await)
            }
            Handled::DeadLetter { reason } => {
                known.own.forget(delivery);
                return self.dead_letter(delivery, &reason).await;
            }
            Handled::Later { unavailable, reason } => {
                tracing::warn!(reason, "message released");
                self.metrics.count(name::MESSAGES_FAILED, &[("service", self.config.service)], 1);
                let wait = unavailable.is_some();
                if let Some(part) = unavailable {
                    known.outage.record_failure(part, &reason, self.clock.now(), &*self.health);
                }
                ("the queue has the message back", self.release(delivery, known, wait).await)
            }
        };
        log_result(done, result);
    }

    /// Releases a message. One that is known to be harmless is replaced, after some deliveries, by a copy whose deliveries are
    /// counted from the start, or another process would suspect it and the queue itself would set it aside. A crash in between
    /// delivers it twice.
    async fn release(&self, delivery: &Delivery, known: &Known, wait: bool) -> ports::Result<Vec<StillHeld>> {
        let handles = [delivery.handle.clone()];
        if delivery.receive_count < self.config.max_receives || known.own.suspect(delivery) {
            let delay = if wait { delay_after(delivery) } else { Duration::ZERO };
            return self.queue.release(&handles, delay).await;
        }
        self.queue.send(&delivery.body).await?;
        self.queue.acknowledge(&handles).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) {
        tracing::error!(reason, "moving message to the dead-letter queue");
        self.metrics.count(name::MESSAGES_FAILED, &[("service", self.config.service)], 1);
        match self.queue.dead_letter(delivery, reason, self.config.service).await {
            Ok(StillHeld::No) => {
                tracing::warn!(
                    "the message was delivered to another worker meanwhile; it is not a dead letter"
                );
            }
            Ok(StillHeld::Yes) => {
                let message = delivery.message_id.clone();
                let letter = Subject::DeadLetter { queue: self.config.queue, message };
                self.notices.note(letter, State::DeadLetter, reason);
            }
            Err(error) => {
                tracing::warn!(error = ?error, "cannot move message to the dead-letter queue; it comes again after its visibility");
            }
        }
    }
}

fn delay_after(delivery: &Delivery) -> Duration {
    MESSAGE_DELAYS.pause(delivery.receive_count.saturating_sub(1))
}

fn log_result(done: &str, result: ports::Result<Vec<StillHeld>>) {
    match result {
        Ok(held) if held.contains(&StillHeld::No) => {
            tracing::warn!("the message was delivered to another worker meanwhile");
        }
        Ok(_) => tracing::debug!("{done}"),
        // Processing the message again is harmless.
        Err(error) => {
            tracing::warn!(error = ?error, "cannot acknowledge or release message; it comes again after its visibility");
        }
    }
}
