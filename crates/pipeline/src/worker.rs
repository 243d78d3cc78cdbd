//! The loop around a queue: bounded work in hand, hidden from others for as long as it takes, and one end per message.

mod trouble;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::metric::name;
use ports::queue::{Delivery, Held};
use ports::{Clock, EventQueue, HealthSink, MetricSink};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use trouble::Trouble;

use crate::mutations;

/// How long one receive waits for a message.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);

/// The longest pause after a failed receive.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// How long a message waits after the first trouble; each delivery doubles it.
const FIRST_DELAY: Duration = Duration::from_secs(5);

/// What a handler says of a message; only the worker acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handled {
    /// It is done and can be forgotten.
    Done,
    /// It cannot be done now, and that is not its own fault: it comes again however often.
    Later {
        /// The backend that is away, as `/health/ready` names it; `None` when the process is stopping.
        away: Option<&'static str>,
        /// Why, for the log.
        why: String,
    },
    /// It can never be done.
    Dead {
        /// Why, for people.
        reason: String,
    },
}

/// Does what a message asks for. It may be asked the same thing more than once.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does it, or gives it back soon after `stop`.
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Handled;
}

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Names the service in dead letters, logs and metrics.
    pub service: &'static str,
    /// Names the queue in health and logs.
    pub queue: &'static str,
    /// Messages in hand at once.
    pub concurrency: usize,
    /// How long a message stays hidden without a sign of life.
    pub visibility: Duration,
    /// Deliveries without a conclusion after which a message becomes a dead letter: it may be what ends its worker.
    pub max_receives: u32,
}

/// A loop over one queue.
pub struct Worker {
    /// How it works.
    pub config: WorkerConfig,
    /// Where messages come from.
    pub queue: Arc<dyn EventQueue>,
    /// What is done with them.
    pub handler: Arc<dyn Handler>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// Whether the queue can be read.
    pub health: Arc<dyn HealthSink>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Worker {
    /// Works until `stop`, then finishes what is in hand.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let permits = Arc::new(Semaphore::new(self.config.concurrency));
        let in_hand = TaskTracker::new();
        let trouble = Arc::new(Trouble::default());
        let mut pause = Duration::ZERO;
        while !stop.is_cancelled() {
            let Some(mut taken) = self.take_permits(&permits, &stop).await else { break };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.sleep(trouble.pause(self.clock.now())) => {}
            }
            if trouble.probes() {
                taken.truncate(1);
            }
            let received = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                received = self.queue.receive(taken.len().min(10), RECEIVE_WAIT, self.config.visibility) => received,
            };
            match received {
                Ok(deliveries) => {
                    self.health.ready(self.config.queue);
                    pause = Duration::ZERO;
                    for (delivery, permit) in deliveries.into_iter().zip(taken) {
                        let (worker, stop) = (Arc::clone(&self), stop.clone());
                        let trouble = Arc::clone(&trouble);
                        in_hand.spawn(async move {
                            worker.finish(delivery, &trouble, stop).await;
                            drop(permit);
                        });
                    }
                }
                Err(error) => {
                    self.health.not_ready(self.config.queue, &error.to_string());
                    tracing::warn!(queue = self.config.queue, error = ?error, "cannot receive messages");
                    pause = (pause * 2).clamp(Duration::from_secs(1), MAX_PAUSE);
                    tokio::select! { biased; () = stop.cancelled() => break, () = self.clock.sleep(pause) => {} }
                }
            }
        }
        in_hand.close();
        in_hand.wait().await;
    }

    async fn sleep(&self, time: Duration) {
        if !time.is_zero() {
            self.clock.sleep(time).await;
        }
    }

    /// Waits for one free hand, then takes all that are free: no message is received that nobody can work on.
    async fn take_permits(
        &self,
        permits: &Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Option<Vec<OwnedSemaphorePermit>> {
        let first = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            permit = Arc::clone(permits).acquire_owned() => permit.ok()?,
        };
        let mut taken = vec![first];
        while let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
            taken.push(permit);
        }
        Some(taken)
    }

    /// Has one message handled and brings it to its end.
    async fn finish(self: Arc<Self>, delivery: Delivery, trouble: &Trouble, stop: CancellationToken) {
        if delivery.receive_count > self.config.max_receives {
            let reason = format!("delivered {} times without being finished", delivery.receive_count - 1);
            return self.bury(&delivery, &reason).await;
        }
        mutations::acknowledge_first(self.config.service, &*self.queue, &delivery).await;
        // A task of its own: a panic in the handler costs this message a delivery, not the process.
        let handler = Arc::clone(&self.handler);
        let (inner, inner_stop) = (delivery.clone(), stop);
        let mut task = tokio::spawn(async move { handler.handle(&inner, &inner_stop).await });
        let handled = loop {
            tokio::select! {
                biased;
                result = &mut task => break result.ok(),
                () = self.clock.sleep(self.config.visibility / 3) => self.extend(&delivery).await,
            }
        };
        match handled {
            Some(handled) => self.conclude(&delivery, handled, trouble).await,
            None => self.failed(&delivery).await,
        }
    }

    async fn conclude(&self, delivery: &Delivery, handled: Handled, trouble: &Trouble) {
        let handles = [delivery.handle.clone()];
        let result = match handled {
            Handled::Done => {
                trouble.passed(&*self.health);
                self.metrics.count(name::PROCESSED_MESSAGES, &[("service", self.config.service)], 1);
                self.queue.acknowledge(&handles).await
            }
            Handled::Dead { reason } => return self.bury(delivery, &reason).await,
            Handled::Later { away, why } => {
                tracing::warn!(queue = self.config.queue, message.id = %delivery.message_id, why, "message given back");
                self.metrics.count(name::FAILED_MESSAGES, &[("service", self.config.service)], 1);
                if let Some(part) = away {
                    trouble.met(part, &why, self.clock.now(), &*self.health);
                }
                self.give_back(delivery, away.is_some()).await
            }
        };
        self.note(delivery, result);
    }

    /// A panic is the message's own doing until the opposite is shown: after some deliveries it is set aside.
    async fn failed(&self, delivery: &Delivery) {
        if delivery.receive_count >= self.config.max_receives {
            return self.bury(delivery, "the handler failed; see the log").await;
        }
        self.metrics.count(name::FAILED_MESSAGES, &[("service", self.config.service)], 1);
        let released =
            self.queue.release(std::slice::from_ref(&delivery.handle), delay_after(delivery)).await;
        self.note(delivery, released);
    }

    /// Gives a healthy message back. Before its deliveries are used up it is replaced by a copy whose deliveries are counted
    /// from the start, or the queue would take it for one that ends its worker. A crash in between delivers it twice.
    async fn give_back(&self, delivery: &Delivery, wait: bool) -> ports::Result<Vec<Held>> {
        let handles = [delivery.handle.clone()];
        if delivery.receive_count < self.config.max_receives {
            let delay = if wait { delay_after(delivery) } else { Duration::ZERO };
            return self.queue.release(&handles, delay).await;
        }
        self.queue.send(&delivery.body).await?;
        self.queue.acknowledge(&handles).await
    }

    fn note(&self, delivery: &Delivery, concluded: ports::Result<Vec<Held>>) {
        match concluded {
            Ok(held) if held.contains(&Held::No) => {
                tracing::warn!(message.id = %delivery.message_id, "the message was delivered to somebody else meanwhile");
            }
            Ok(_) => {}
            // The message comes again after its visibility; doing it again is harmless.
            Err(error) => {
                tracing::warn!(message.id = %delivery.message_id, error = ?error, "cannot conclude a message");
            }
        }
    }

    async fn bury(&self, delivery: &Delivery, reason: &str) {
        tracing::error!(queue = self.config.queue, message.id = %delivery.message_id, reason, "message set aside as a dead letter");
        self.metrics.count(name::FAILED_MESSAGES, &[("service", self.config.service)], 1);
        if let Err(error) = self.queue.dead_letter(delivery, reason, self.config.service).await {
            tracing::warn!(message.id = %delivery.message_id, error = ?error, "cannot set a message aside; it will come again");
        }
    }

    async fn extend(&self, delivery: &Delivery) {
        let handles = [delivery.handle.clone()];
        if let Err(error) = self.queue.extend(&handles, self.config.visibility).await {
            tracing::warn!(message.id = %delivery.message_id, error = ?error, "cannot keep a message hidden");
        }
    }
}

fn delay_after(delivery: &Delivery) -> Duration {
    FIRST_DELAY.saturating_mul(1 << delivery.receive_count.saturating_sub(1).min(6))
}
