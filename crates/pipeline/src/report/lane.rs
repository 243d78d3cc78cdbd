//! The work of one lane: gather, send, settle.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::restate::Figures;
use domain::{Money, PixelCode, UnixMillis};
use ports::destination::{Answer, EventOutcome};
use ports::ledger::{Due, Open, Positions, Settle, Settled, Settlement};
use ports::metric::name;
use tokio::sync::mpsc;

use super::lanes::Held;
use super::prepared::{Prepared, Unsendable, prepare};
use super::round::{Round, RoundEnd};
use super::{Backoff, OnUnknown, Reporting};

/// A conversion waits at most this long for others to fill its request.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How long to leave a pixel alone that asks for less without saying how long.
const THROTTLED_PAUSE: Duration = Duration::from_secs(60);

/// One pixel's conversions, in the order in which they come.
pub(super) struct Lane {
    reporting: Arc<Reporting>,
    pixel: PixelCode,
    incoming: mpsc::Receiver<Held>,
    /// The pixel is left alone until then.
    paused_until: UnixMillis,
    /// When the first lease of the batch at hand ends.
    earliest_end: UnixMillis,
}

impl Lane {
    pub(super) const fn new(
        reporting: Arc<Reporting>,
        pixel: PixelCode,
        incoming: mpsc::Receiver<Held>,
    ) -> Self {
        Self { reporting, pixel, incoming, paused_until: UnixMillis(0), earliest_end: UnixMillis(i64::MAX) }
    }

    /// Works until nobody can submit any more and everything is settled.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.incoming.recv().await {
            let mut settlements = Vec::new();
            let gathered = self.gather(first, &mut settlements).await;
            if self.reporting.clock.now() < self.paused_until {
                settlements.extend(gathered.into_iter().map(|p| self.postpone(p)));
            } else if !gathered.is_empty() {
                self.send(gathered, &mut settlements).await;
            }
            self.reporting.settle(settlements).await;
        }
    }

    /// Takes conversions until a request is full, or the first has waited long enough, or none is coming.
    async fn gather(&mut self, first: Held, settlements: &mut Vec<Settlement>) -> Vec<Prepared> {
        let full = self.reporting.destination.max_events();
        let (mut gathered, mut events) = (Vec::new(), 0);
        self.earliest_end = UnixMillis(i64::MAX);
        let clock = Arc::clone(&self.reporting.clock);
        let waited = clock.sleep(LONGEST_WAIT);
        tokio::pin!(waited);
        let mut next = Some(first);
        while let Some(Held { due, until }) = next {
            let now = self.reporting.clock.now();
            let config = &self.reporting.config;
            match prepare(due, now, config.needs_source_url, &*self.reporting.destination) {
                Ok(prepared) => {
                    events += prepared.events.len();
                    self.earliest_end = self.earliest_end.min(until);
                    gathered.push(prepared);
                }
                Err(unsendable) => {
                    let (due, why) = *unsendable;
                    settlements.push(self.unsendable(due, why));
                }
            }
            if events >= full {
                break;
            }
            next = tokio::select! {
                biased;
                due = self.incoming.recv() => due,
                () = &mut waited => None,
            };
        }
        gathered
    }

    async fn send(&mut self, gathered: Vec<Prepared>, settlements: &mut Vec<Settlement>) {
        let gathered = self.still_held(gathered).await;
        let renewed_at = self.earliest_end.minus(self.reporting.config.lease);
        let mut round = Round::new(gathered, renewed_at);
        let end = round.run(&self.reporting, &self.pixel).await;
        let now = self.reporting.clock.now();
        if let RoundEnd::Throttled(wait) = &end {
            self.paused_until = now.plus(wait.unwrap_or(THROTTLED_PAUSE));
        }
        let answer = round.answer.clone();
        for (prepared, outcomes) in round.into_conversions() {
            settlements.push(self.conclude(prepared, &outcomes, &end, answer.clone(), now));
        }
    }

    /// Makes sure that the leases outlast the request; what somebody else holds by now is left to them.
    async fn still_held(&mut self, gathered: Vec<Prepared>) -> Vec<Prepared> {
        let until = self.reporting.holder().until;
        if until.since(self.earliest_end) < self.reporting.config.lease / 3 {
            return gathered;
        }
        let leases: Vec<_> = gathered.iter().map(|p| p.due.lease.clone()).collect();
        match self.reporting.ledger.extend(&leases, until).await {
            Ok(held) => {
                self.earliest_end = until;
                gathered.into_iter().zip(held).filter(|(_, h)| *h == Settled::Done).map(|(p, _)| p).collect()
            }
            Err(error) => {
                // Without the ledger nothing may be sent: the leases run out and claim_due hands the work out again.
                tracing::warn!(pixel.id = %self.pixel, error = ?error, "cannot renew leases; the batch waits in the ledger");
                Vec::new()
            }
        }
    }

    fn conclude(
        &self,
        prepared: Prepared,
        outcomes: &[EventOutcome],
        end: &RoundEnd,
        answer: Option<Answer>,
        now: UnixMillis,
    ) -> Settlement {
        let reported = reported(&prepared);
        let deadline = prepared.due.deadline;
        let open = |wait: Duration, reason: &str, failed: bool| Open {
            due_at: Backoff::due_at(now, wait, deadline),
            reason: reason.to_owned(),
            failed,
        };
        let backoff = self.reporting.config.backoff;
        let wait = backoff.after(prepared.due.failures, &*self.reporting.rng);
        let settle = if outcomes.contains(&EventOutcome::Rejected) {
            let reason = answer.as_ref().map_or_else(String::new, reason_of);
            Settle::Rejected { reason }
        } else if outcomes.contains(&EventOutcome::Unknown) {
            match self.reporting.config.on_unknown {
                OnUnknown::Resend => Settle::Retry(open(wait, "unknown_outcome", true)),
                OnUnknown::Hold => Settle::Parked(Open {
                    due_at: deadline,
                    reason: "unknown_outcome".to_owned(),
                    failed: true,
                }),
            }
        } else if outcomes.contains(&EventOutcome::Suspect) {
            Settle::Parked(open(backoff.probe, "not_isolated", true))
        } else if outcomes.contains(&EventOutcome::Refused) {
            Settle::Parked(open(backoff.probe, "no_working_credential", true))
        } else if outcomes.iter().any(|o| *o != EventOutcome::Accepted) {
            match end {
                RoundEnd::Throttled(told) => {
                    Settle::Retry(open(told.unwrap_or(THROTTLED_PAUSE).max(wait), "throttled", false))
                }
                RoundEnd::Finished | RoundEnd::Failed => Settle::Retry(open(wait, "transient", true)),
            }
        } else {
            Settle::Reported
        };
        Settlement { lease: prepared.due.lease, settle, accepted: prepared.accepted, reported, answer }
    }

    fn postpone(&self, prepared: Prepared) -> Settlement {
        let due_at = self.paused_until.min(prepared.due.deadline);
        let open = Open { due_at, reason: "throttled".to_owned(), failed: false };
        nothing_sent(prepared.due, Settle::Retry(open))
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

fn nothing_sent(due: Due, settle: Settle) -> Settlement {
    Settlement {
        lease: due.lease,
        settle,
        accepted: Positions::default(),
        reported: Figures::default(),
        answer: None,
    }
}

/// Purchases accepted in this round, and their worth.
fn reported(prepared: &Prepared) -> Figures {
    let values =
        prepared.events.iter().filter(|e| prepared.accepted.contains(e.position)).filter_map(|e| e.value);
    let (count, revenue) = values.fold((0, Money::ZERO), |(n, sum), value| (n + 1, sum + value));
    Figures { count, revenue }
}

/// `100/2804004`: code and subcode, or the status alone.
fn reason_of(answer: &Answer) -> String {
    match (answer.code, answer.subcode) {
        (Some(code), Some(subcode)) => format!("{code}/{subcode}"),
        (Some(code), None) => code.to_string(),
        _ => format!("status {}", answer.status),
    }
}

impl Reporting {
    /// Writes settlements. When the ledger cannot take them the leases run out, and the same events go out again under
    /// the same ids.
    pub(super) async fn settle(&self, settlements: Vec<Settlement>) {
        if settlements.is_empty() {
            return;
        }
        self.measure(&settlements);
        match self.ledger.settle(settlements, &self.holder()).await {
            Ok(settled) => {
                let late = settled.iter().filter(|s| **s == Settled::Late).count();
                if late > 0 {
                    tracing::warn!(late, "settlements refused: the leases had been lost");
                    self.metrics.count(name::LATE_SETTLEMENTS, &[], late as u64);
                }
            }
            Err(error) => {
                tracing::error!(error = ?error, "cannot settle; what was sent will be sent again under the same ids");
            }
        }
    }

    fn measure(&self, settlements: &[Settlement]) {
        let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut events, mut micros) = (0, 0);
        for settlement in settlements {
            let outcome = match settlement.settle {
                Settle::Reported => "reported",
                Settle::Retry(_) => "retry",
                Settle::Parked(_) => "parked",
                Settle::Rejected { .. } => "rejected",
                Settle::Expired => "expired",
            };
            *outcomes.entry(outcome).or_default() += 1;
            events += settlement.accepted.len();
            micros += u64::try_from(settlement.reported.revenue.micros()).unwrap_or(0);
        }
        for (outcome, conversions) in outcomes {
            self.metrics.count(name::SETTLED, &[("outcome", outcome)], conversions);
        }
        self.metrics.count(name::EVENTS, &[], events);
        self.metrics.count(name::REPORTED_REVENUE_MICROS, &[], micros);
    }
}
