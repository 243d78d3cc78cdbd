//! The work of one lane: gather, send, settle.

use std::sync::Arc;

use domain::{PixelCode, UnixMillis};
use ports::ledger::{Due, Settle, Settled, Settlement};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Reporting;
use super::batch::Batch;
use super::conclude::nothing_sent;
use super::gate::{Closed, log_closed};
use super::lanes::{Held, PixelState};
use super::mutations;
use super::prepared::{Prepared, Unsendable, prepare};
use super::round::{Round, RoundEnd};

/// One pixel's conversions, in the order in which they come.
pub(super) struct Lane {
    reporting: Arc<Reporting>,
    pixel: PixelCode,
    state: Arc<PixelState>,
    incoming: mpsc::UnboundedReceiver<Held>,
    batch: Batch,
    /// Did not fit into the batch any more.
    next: Option<(Prepared, UnixMillis)>,
    /// Batches under way.
    rounds: JoinSet<()>,
}

impl Lane {
    pub(super) fn new(
        reporting: Arc<Reporting>,
        pixel: PixelCode,
        state: Arc<PixelState>,
        incoming: mpsc::UnboundedReceiver<Held>,
    ) -> Self {
        Self {
            reporting,
            pixel,
            state,
            incoming,
            batch: Batch::default(),
            next: None,
            rounds: JoinSet::new(),
        }
    }

    /// Works until nobody can submit any more and everything is settled.
    pub(super) async fn run(mut self) {
        let mut open = true;
        while open || !self.batch.is_empty() || !self.rounds.is_empty() {
            if self.batch.is_due() && !self.batch.is_empty() && self.dispatch().await {
                continue;
            }
            tokio::select! {
                biased;
                Some(done) = self.rounds.join_next(), if !self.rounds.is_empty() => {
                    if let Err(error) = done {
                        tracing::error!(pixel.id = %self.pixel, %error, "a batch failed; its leases run out");
                    }
                }
                held = self.incoming.recv(), if open && !self.batch.is_due() => match held {
                    Some(held) => self.gather(held),
                    None => {
                        open = false;
                        self.batch.end();
                    }
                },
                () = self.batch.wait(), if !self.batch.is_empty() && !self.batch.is_due() => {}
            }
        }
    }

    fn gather(&mut self, Held { due, until }: Held) {
        self.state.taken();
        let now = self.reporting.clock.now();
        let config = &self.reporting.config;
        self.batch.start_waiting(&self.reporting.clock);
        match prepare(due, now, config.needs_source_url, &*self.reporting.destination) {
            Ok(prepared) => {
                let full = self.reporting.destination.max_events();
                self.next = self.batch.add(prepared, until, full).map(|p| (p, until));
            }
            Err(unsendable) => {
                let (due, why) = *unsendable;
                let settlement = self.unsendable(due, why);
                self.batch.settlements.push(settlement);
            }
        }
    }

    /// Sends the batch if as many requests as the pixel bears are not under way yet; whether it is gone.
    async fn dispatch(&mut self) -> bool {
        let current = self.reporting.credentials(&self.pixel).await.unwrap_or_default();
        let (window, closed) = {
            let gate = self.state.gate();
            (gate.window(), gate.closed(self.reporting.clock.now(), &current))
        };
        if closed.is_none() && self.rounds.len() >= window {
            return false;
        }
        let ended = self.incoming.is_closed() && self.incoming.is_empty();
        let batch = std::mem::take(&mut self.batch);
        if let Some((prepared, until)) = self.next.take() {
            self.batch.start_waiting(&self.reporting.clock);
            self.batch.add(prepared, until, self.reporting.destination.max_events());
        }
        if ended && !self.batch.is_empty() {
            self.batch.end();
        }
        let sending = Sending {
            reporting: Arc::clone(&self.reporting),
            pixel: self.pixel.clone(),
            state: Arc::clone(&self.state),
        };
        match closed {
            Some(closed) => sending.leave(batch, closed).await,
            None => {
                self.rounds.spawn(sending.send(batch));
            }
        }
        true
    }

    fn unsendable(&self, due: Due, why: Unsendable) -> Settlement {
        match why {
            Unsendable::Expired => {
                self.reporting.count_expired(&due);
                nothing_sent(due, Settle::Expired)
            }
            Unsendable::Refused(reason) => {
                tracing::warn!(pixel.id = %self.pixel, reason, "a claimed conversion cannot be sent");
                nothing_sent(due, Settle::Rejected { reason })
            }
        }
    }
}

/// One batch on its way.
struct Sending {
    reporting: Arc<Reporting>,
    pixel: PixelCode,
    state: Arc<PixelState>,
}

impl Sending {
    async fn send(self, batch: Batch) {
        let Batch { conversions, mut settlements, earliest_end, .. } = batch;
        let lease = self.reporting.config.lease;
        let (held, end) = self.still_held(conversions, earliest_end.unwrap_or(UnixMillis(i64::MAX))).await;
        let mut refused = false;
        if mutations::settles_before_send() {
            let early = held.iter().map(|prepared| nothing_sent(prepared.due.clone(), Settle::Reported));
            self.reporting.settle(early.collect()).await;
        }
        if !held.is_empty() {
            let round = Round::new(
                Arc::clone(&self.reporting),
                self.pixel.clone(),
                Arc::clone(&self.state),
                held,
                end.minus(lease),
            );
            let (items, lesson) = round.run().await;
            let now = self.reporting.clock.now();
            let closed = {
                let mut gate = self.state.gate();
                gate.learn(&lesson, now, self.reporting.config.backoff, &*self.reporting.rng);
                gate.shut(now)
            };
            log_closed(&self.pixel, closed);
            refused = lesson.end == RoundEnd::Refused;
            settlements.extend(items.into_iter().map(|i| self.reporting.conclude(i, lesson.end, now)));
        }
        self.reporting.settle(settlements).await;
        if refused {
            self.release_if_changed().await;
        }
    }

    /// Leaves a batch in the ledger while the pixel is left alone.
    async fn leave(self, batch: Batch, closed: Closed) {
        let Batch { conversions, mut settlements, .. } = batch;
        settlements.extend(conversions.into_iter().map(|p| {
            let settle = closed.settle(p.due.deadline);
            nothing_sent(p.due, settle)
        }));
        self.reporting.settle(settlements).await;
        self.release_if_changed().await;
    }

    /// Other credentials that came while conversions were being parked released only those that were parked by then.
    async fn release_if_changed(&self) {
        if !self.reporting.shows_other_credentials(&self.pixel, &self.state).await {
            return;
        }
        let now = self.reporting.clock.now();
        if let Err(error) = self.reporting.ledger.release_parked(&self.pixel, now).await {
            tracing::warn!(pixel.id = %self.pixel, error = ?error, "cannot release parked conversions");
        }
    }

    /// Makes sure that the leases outlast the request; what somebody else holds by now is left to them.
    async fn still_held(&self, gathered: Vec<Prepared>, end: UnixMillis) -> (Vec<Prepared>, UnixMillis) {
        let until = self.reporting.holder().until;
        if until.since(end) < self.reporting.config.lease / 3 {
            return (gathered, end);
        }
        let leases: Vec<_> = gathered.iter().map(|p| p.due.lease.clone()).collect();
        match self.reporting.ledger.extend(&leases, until).await {
            Ok(held) => {
                let still = gathered.into_iter().zip(held).filter(|(_, h)| *h == Settled::Done);
                (still.map(|(p, _)| p).collect(), until)
            }
            Err(error) => {
                // Without the ledger nothing may be sent: the leases run out and claim_due hands the work out again.
                tracing::warn!(pixel.id = %self.pixel, error = ?error, "cannot renew leases; the batch waits in the ledger");
                (Vec::new(), end)
            }
        }
    }
}
