//! The loop around a queue: a bounded number of messages in flight, hidden from other workers for as long as they take, and one
//! result per message.

mod outage;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::backoff::Backoff;
use ports::metric::name;
use ports::queue::{Delivery, StillHeld};
use ports::{Clock, EventQueue, HealthSink, MetricSink};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use outage::BackendOutage;

use crate::mutations;

/// How long one receive waits for a message.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);

/// Pauses after failed receives in a row.
const RECEIVE_PAUSES: Backoff = Backoff::even(Duration::from_secs(1), Duration::from_secs(30));

/// How long a message waits after its failures; each delivery doubles it.
const MESSAGE_DELAYS: Backoff = Backoff::even(Duration::from_secs(5), Duration::from_secs(320));

/// For the log.
const RELEASED: &str = "the queue has the message back";

/// What a handler says about a message; only the worker acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handled {
    /// It is processed: acknowledge it.
    Done,
    /// It cannot be processed now, and that is not its own fault: release it, however often.
    Later {
        /// The backend that is unavailable, as `/health/ready` names it; `None` when the process is stopping.
        unavailable: Option<&'static str>,
        /// Why, for the log.
        reason: String,
    },
    /// It can never be processed.
    DeadLetter {
        /// Why, for people.
        reason: String,
    },
}

/// Processes messages. The same message may come more than once.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Processes a message, or answers [`Handled::Later`] soon after `stop`.
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Handled;
}

/// The rules of a worker.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Names the service in dead letters, logs and metrics.
    pub service: &'static str,
    /// Names the queue in health and logs.
    pub queue: &'static str,
    /// The most messages in flight at once.
    pub concurrency: usize,
    /// How long a message stays hidden without a heartbeat.
    pub visibility: Duration,
    /// Deliveries without a result after which a message becomes a dead letter: it may be what crashes its worker.
    pub max_receives: u32,
}

/// A loop over one queue.
pub struct Worker {
    /// The rules.
    pub config: WorkerConfig,
    /// Where messages come from.
    pub queue: Arc<dyn EventQueue>,
    /// What processes them.
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
    /// Works until `stop`, then finishes the messages in flight.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let permits = Arc::new(Semaphore::new(self.config.concurrency));
        let in_flight = TaskTracker::new();
        let outage = Arc::new(BackendOutage::default());
        let mut failed_receives = 0;
        while !stop.is_cancelled() {
            let Some(mut taken) = self.take_permits(&permits, &stop).await else { break };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.sleep(outage.pause(self.clock.now())) => {}
            }
            if outage.is_probing() {
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
                    failed_receives = 0;
                    for (delivery, permit) in deliveries.into_iter().zip(taken) {
                        let (worker, stop) = (Arc::clone(&self), stop.clone());
                        let outage = Arc::clone(&outage);
                        in_flight.spawn(async move {
                            worker.process(delivery, &outage, stop).await;
                            drop(permit);
                        });
                    }
                }
                Err(error) => {
                    self.health.not_ready(self.config.queue, &error.to_string());
                    tracing::warn!(queue = self.config.queue, error = ?error, "cannot receive messages");
                    let pause = RECEIVE_PAUSES.pause(failed_receives);
                    failed_receives += 1;
                    tokio::select! { biased; () = stop.cancelled() => break, () = self.clock.sleep(pause) => {} }
                }
            }
        }
        in_flight.close();
        in_flight.wait().await;
    }

    async fn sleep(&self, time: Duration) {
        if !time.is_zero() {
            self.clock.sleep(time).await;
        }
    }

    /// Waits for one free permit, then takes all that are free: no message is received that would have to wait here.
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

    /// Has one message handled while it stays hidden, then acts on the result.
    // Spans have the highest level, so that a warning names its message whatever LOG_LEVEL is.
    #[tracing::instrument(
        name = "message",
        level = "error",
        skip_all,
        fields(queue = self.config.queue, message.id = %delivery.message_id)
    )]
    async fn process(self: Arc<Self>, delivery: Delivery, outage: &BackendOutage, stop: CancellationToken) {
        tracing::debug!(receive_count = delivery.receive_count, "message received");
        if delivery.receive_count > self.config.max_receives {
            let reason = format!("delivered {} times without being finished", delivery.receive_count - 1);
            return self.dead_letter(&delivery, &reason).await;
        }
        mutations::acknowledge_first(self.config.service, &*self.queue, &delivery).await;
        // A task of its own: a panic in the handler costs this message a delivery, not the process.
        let handler = Arc::clone(&self.handler);
        let (inner, inner_stop) = (delivery.clone(), stop);
        let handling = async move { handler.handle(&inner, &inner_stop).await };
        let mut task = tokio::spawn(handling.in_current_span());
        let handled = loop {
            tokio::select! {
                biased;
                result = &mut task => break result.ok(),
                () = self.clock.sleep(self.config.visibility / 3) => self.extend_visibility(&delivery).await,
            }
        };
        match handled {
            Some(handled) => self.act_on(&delivery, handled, outage).await,
            None => self.retry_after_panic(&delivery).await,
        }
    }

    async fn act_on(&self, delivery: &Delivery, handled: Handled, outage: &BackendOutage) {
        let handles = [delivery.handle.clone()];
        let (done, result) = match handled {
            Handled::Done => {
                outage.record_success(&*self.health);
                self.metrics.count(name::PROCESSED_MESSAGES, &[("service", self.config.service)], 1);
                ("message acknowledged", self.queue.acknowledge(&handles).await)
            }
            Handled::DeadLetter { reason } => return self.dead_letter(delivery, &reason).await,
            Handled::Later { unavailable, reason } => {
                tracing::warn!(reason, "message released");
                self.metrics.count(name::FAILED_MESSAGES, &[("service", self.config.service)], 1);
                if let Some(part) = unavailable {
                    outage.record_failure(part, &reason, self.clock.now(), &*self.health);
                }
                (RELEASED, self.release(delivery, unavailable.is_some()).await)
            }
        };
        log_result(done, result);
    }

    /// A panic may be the message's own fault: after some deliveries it becomes a dead letter.
    async fn retry_after_panic(&self, delivery: &Delivery) {
        if delivery.receive_count >= self.config.max_receives {
            return self.dead_letter(delivery, "the handler failed; see the log").await;
        }
        self.metrics.count(name::FAILED_MESSAGES, &[("service", self.config.service)], 1);
        let released =
            self.queue.release(std::slice::from_ref(&delivery.handle), delay_after(delivery)).await;
        log_result(RELEASED, released);
    }

    /// Releases a healthy message. Before its deliveries are used up it is replaced by a copy whose deliveries are counted from
    /// the start, or the queue would take it for one that crashes its worker. A crash in between delivers it twice.
    async fn release(&self, delivery: &Delivery, wait: bool) -> ports::Result<Vec<StillHeld>> {
        let handles = [delivery.handle.clone()];
        if delivery.receive_count < self.config.max_receives {
            let delay = if wait { delay_after(delivery) } else { Duration::ZERO };
            return self.queue.release(&handles, delay).await;
        }
        self.queue.send(&delivery.body).await?;
        self.queue.acknowledge(&handles).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) {
        tracing::error!(reason, "moving message to the dead-letter queue");
        self.metrics.count(name::FAILED_MESSAGES, &[("service", self.config.service)], 1);
        if let Err(error) = self.queue.dead_letter(delivery, reason, self.config.service).await {
            tracing::warn!(error = ?error, "cannot move message to the dead-letter queue; it comes again after its visibility");
        }
    }

    async fn extend_visibility(&self, delivery: &Delivery) {
        let handles = [delivery.handle.clone()];
        if let Err(error) = self.queue.extend(&handles, self.config.visibility).await {
            tracing::warn!(error = ?error, "cannot extend visibility");
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
