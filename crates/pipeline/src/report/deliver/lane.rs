//! The task of one lane: takes conversions out of its queue, gathers them into batches, and sends those.

use std::sync::Arc;

use domain::{FeedMap, Row};
use ports::ledger::{Due, Settle, SettleLater, Settlement, WaitReason};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::batch::Batch;
use super::lost;
use super::nothing_sent::nothing_sent;
use super::pixel_context::PixelContext;
use super::prepared::{Claimed, Prepared, Unsendable, prepare};
use super::send::{defer, send};
use super::unknown_outcome::leave_to_a_person;
use super::weight::sending_bytes;
use crate::memory::Shared;
use crate::report::Reporting;

/// One pixel's conversions, in the order in which they come.
pub(super) struct Lane {
    context: Arc<PixelContext>,
    /// Filled by [`Lanes::submit`](super::Lanes::submit).
    incoming: mpsc::UnboundedReceiver<Claimed>,
    batch: Batch,
    /// Did not fit into the batch any more.
    next: Option<Prepared>,
    /// Taken out of the queue, and not prepared for lack of memory.
    waiting: Option<Claimed>,
    /// Batches in flight.
    sending: JoinSet<()>,
}

impl Lane {
    pub(super) fn new(context: Arc<PixelContext>, incoming: mpsc::UnboundedReceiver<Claimed>) -> Self {
        Self {
            context,
            incoming,
            batch: Batch::default(),
            next: None,
            waiting: None,
            sending: JoinSet::new(),
        }
    }

    /// Works until the queue is closed and everything in it is settled.
    pub(super) async fn run(mut self) {
        let mut open = true;
        while open || self.waiting.is_some() || !self.batch.is_empty() || !self.sending.is_empty() {
            if self.batch.is_due() && !self.batch.is_empty() && self.dispatch().await {
                continue;
            }
            if !self.batch.is_due() {
                self.try_waiting();
                if self.batch.is_due() && !self.batch.is_empty() {
                    continue;
                }
            }
            let waits_alone = self.waiting.is_some() && self.batch.is_empty() && self.sending.is_empty();
            tokio::select! {
                biased;
                Some(done) = self.sending.join_next(), if !self.sending.is_empty() => {
                    if let Err(error) = done {
                        tracing::error!(pixel = %self.context.pixel, %error, "a batch failed; its leases run out");
                    }
                }
                memory = memory_for(&self.context, self.waiting.as_ref()), if waits_alone => self.prepare_waiting(memory),
                claimed = self.incoming.recv(), if open && self.waiting.is_none() && !self.batch.is_due() => match claimed {
                    Some(claimed) => {
                        self.context.count_taken();
                        self.waiting = Some(claimed);
                    }
                    None => {
                        open = false;
                        self.batch.close();
                    }
                },
                () = self.batch.wait(), if !self.batch.is_empty() && !self.batch.is_due() => {}
            }
        }
    }

    /// Prepares what waits, if there is memory for it. Otherwise the batch is sent as it is: that gives memory back.
    fn try_waiting(&mut self) {
        let Some(claimed) = &self.waiting else { return };
        let bytes = sending_bytes(&claimed.due, claimed.events);
        match self.context.sending_memory.try_reserve(bytes) {
            Some(memory) => self.prepare_waiting(memory),
            None if !self.batch.is_empty() => self.batch.close(),
            None => {}
        }
    }

    fn prepare_waiting(&mut self, memory: Shared) {
        if let Some(claimed) = self.waiting.take() {
            self.gather(Claimed { memory, ..claimed });
        }
    }

    /// Adds a conversion to the batch, or its settlement when it cannot be sent.
    fn gather(&mut self, claimed: Claimed) {
        let reporting = &self.context.reporting;
        if !reporting.knows_the_time() {
            // Its lease runs out, and the ledger hands it out again.
            return;
        }
        let Some(feeds) = feeds_for(reporting, &claimed.due) else {
            // The same.
            return;
        };
        let now = reporting.clock.now();
        self.batch.start_waiting(&reporting.clock);
        let destination = &*self.context.destination;
        let settings = (reporting.config.on_unknown, reporting.config.zero_revenue);
        match prepare(claimed, now, destination, &feeds, settings) {
            Ok(prepared) => self.next = self.batch.add(prepared, destination.rules()),
            Err(unsendable) => {
                let (due, reason) = *unsendable;
                let settlement = self.settlement_of_unsendable(due, reason);
                self.batch.settlements.push(settlement);
            }
        }
    }

    fn settlement_of_unsendable(&self, due: Due, reason: Unsendable) -> Settlement {
        match reason {
            Unsendable::Expired => {
                lost::count_expired(&self.context.reporting, &due);
                nothing_sent(due, Settle::Expired)
            }
            Unsendable::MaybeReceived => leave_to_a_person(due),
            Unsendable::Waits(odd, due_at) => {
                let until = SettleLater { due_at, reason: WaitReason::from(odd), failed: false };
                nothing_sent(due, Settle::Parked(until))
            }
            Unsendable::Future(click) => {
                let until = SettleLater { due_at: click, reason: WaitReason::FutureClick, failed: false };
                nothing_sent(due, Settle::Retry(until))
            }
            Unsendable::MissingRevenue => {
                let reason = WaitReason::ZeroRevenue;
                let until = SettleLater { due_at: due.deadline, reason, failed: false };
                nothing_sent(due, Settle::Parked(until))
            }
            Unsendable::AnothersText => {
                tracing::error!(
                    key = %due.lease.key,
                    "an entry of the ledger has the text of another conversion and was set aside; restore it from a backup, or report its row again"
                );
                let until = SettleLater { due_at: due.deadline, reason: WaitReason::Damaged, failed: false };
                nothing_sent(due, Settle::Parked(until))
            }
            Unsendable::Refused(reason) => {
                tracing::warn!(pixel = %self.context.pixel, reason, "a claimed conversion cannot be sent");
                lost::count_unsendable(&self.context.reporting, &due);
                nothing_sent(due, Settle::Rejected { reason })
            }
        }
    }

    /// Sends the batch unless the pixel has as many requests in flight as it bears; `false` when it must wait.
    async fn dispatch(&mut self) -> bool {
        let current = self.context.credentials().await.unwrap_or_default();
        let (concurrency, paused) = {
            let throttle = self.context.throttle();
            (throttle.concurrency(), throttle.paused_with(&current, self.context.reporting.clock.now()))
        };
        if paused.is_none() && self.sending.len() >= concurrency {
            return false;
        }
        let batch = self.take_batch();
        match paused {
            Some(paused) => defer(&self.context, batch, paused).await,
            None => {
                self.sending.spawn(send(Arc::clone(&self.context), batch));
            }
        }
        true
    }

    /// Takes the batch and begins another with what did not fit into it.
    fn take_batch(&mut self) -> Batch {
        let nothing_more_comes =
            self.incoming.is_closed() && self.incoming.is_empty() && self.waiting.is_none();
        let batch = std::mem::take(&mut self.batch);
        let reporting = &self.context.reporting;
        if let Some(prepared) = self.next.take() {
            self.batch.start_waiting(&reporting.clock);
            // An empty batch takes any conversion.
            self.batch.add(prepared, self.context.destination.rules());
        }
        if nothing_more_comes && !self.batch.is_empty() {
            self.batch.close();
        }
        batch
    }
}

/// The feeds by which a conversion is read; `None` when it needs them and they could not be read yet.
fn feeds_for(reporting: &Reporting, due: &Due) -> Option<Arc<FeedMap>> {
    let latest = reporting.feeds.latest();
    latest.or_else(|| (!Row::parse(&due.raw).lacks_zone()).then(Arc::default))
}

/// Memory for what waits. The lane holds none itself meanwhile, so others give it back without its help.
async fn memory_for(context: &PixelContext, waiting: Option<&Claimed>) -> Shared {
    let bytes = waiting.map_or(0, |claimed| sending_bytes(&claimed.due, claimed.events));
    context.sending_memory.reserve(bytes).await
}
