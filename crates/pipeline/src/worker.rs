//! The loop around a queue: a bounded number of messages in flight, hidden from other workers for as long as they take, and one
//! result per message.

mod attempts;
mod company;
mod finish;
mod hidden;
mod outage;

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::backoff::Backoff;
use ports::queue::Delivery;
use ports::{Clock, EventQueue, HealthSink, MetricSink, NoticeSink};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use company::{Company, NoResult, OwnProcess};

use company::OwnDeliveries;
use hidden::LooksForHidden;
use outage::BackendOutage;

use crate::mutations;

/// How long one receive waits for a message.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);

/// Pauses after failed receives in a row.
const RECEIVE_PAUSES: Backoff = Backoff::even(Duration::from_secs(1), Duration::from_secs(30));

/// What a handler says about a message; only the worker acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handled {
    /// It is processed: acknowledge it.
    Done,
    /// It cannot be processed now, and that is not its own fault: release it, however often.
    Later {
        /// The backend that is unavailable, as `/health/ready` names it; `None` when the process is stopping.
        unavailable: Option<Cow<'static, str>>,
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
pub trait Handler: std::fmt::Debug + Send + Sync {
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
    /// Attempts without a result, with nothing else in flight, after which a message becomes a dead letter. The end of this process
    /// is none: it may have many causes.
    pub max_receives: u32,
}

/// What a worker has learned from the messages so far.
#[derive(Debug, Default)]
struct Known {
    outage: BackendOutage,
    own: OwnDeliveries,
}

/// A loop over one queue.
#[derive(Debug)]
pub struct Worker {
    /// The rules.
    pub config: WorkerConfig,
    /// Where messages come from.
    pub queue: Arc<dyn EventQueue>,
    /// What processes them.
    pub handler: Arc<dyn Handler>,
    /// What processes one that may be what ended a process.
    pub own_process: Arc<dyn OwnProcess>,
    /// What the workers of a process share.
    pub company: Company,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// Whether the queue can be read.
    pub health: Arc<dyn HealthSink>,
    /// Which messages became dead letters.
    pub notices: Arc<dyn NoticeSink>,
}

impl Worker {
    /// Works until `stop`, then finishes the messages in flight.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let permits = Arc::new(Semaphore::new(self.config.concurrency));
        let in_flight = TaskTracker::new();
        let known = Arc::new(Known::default());
        let (mut failed_receives, mut hidden) = (0, LooksForHidden::default());
        while !stop.is_cancelled() {
            let Some(mut taken) = self.take_permits(&permits, &stop).await else { break };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.sleep(known.outage.pause(self.clock.now())) => {}
            }
            // While a message is handled alone, nothing more is received.
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                company = self.company.join() => drop(company),
            }
            if known.outage.is_probing() {
                taken.truncate(1);
            }
            hidden.look(&self.config, &*self.queue, &*self.clock).await;
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
                        let known = Arc::clone(&known);
                        in_flight.spawn(async move {
                            worker.process(delivery, &known, stop).await;
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
    async fn process(self: Arc<Self>, delivery: Delivery, known: &Known, stop: CancellationToken) {
        tracing::debug!(receive_count = delivery.receive_count, "message received");
        known.own.count(&delivery);
        mutations::acknowledge_first(self.config.service, &*self.queue, &delivery).await;
        let handled = {
            let mut handling = pin!(self.handle(&delivery, known, &stop));
            loop {
                tokio::select! {
                    biased;
                    handled = &mut handling => break handled,
                    () = self.clock.sleep(self.config.visibility / 3) => self.extend_visibility(&delivery).await,
                }
            }
        };
        self.act_on(&delivery, handled, known).await;
    }

    async fn extend_visibility(&self, delivery: &Delivery) {
        let handles = [delivery.handle.clone()];
        if let Err(error) = self.queue.extend(&handles, self.config.visibility).await {
            tracing::warn!(error = ?error, "cannot extend visibility");
        }
    }
}
