//! The requests of one batch: one as a rule, and more when bad events must be found.

use std::sync::Arc;
use std::time::Duration;

use domain::UnixMillis;
use ports::destination::{Answer, EventOutcome, PreparedEvent, SendReport};
use ports::ledger::Settled;

use super::bisect::{Bisection, EventPlace, Response};
use super::pixel_context::PixelContext;
use super::prepared::Prepared;
use super::request;
use super::suspects::{Judgement, SPREAD, Suspects, Suspicion};
use super::unknown_outcome::needs_a_person;
use crate::report::health::{BatchFeedback, DeliveryEnd};
use crate::report::mutations;

/// Requests that one batch may cost: enough to find 21 bad events however they lie, and more when they lie close.
const MAX_REQUESTS: usize = 256;

/// A conversion, and what its delivery has come to.
#[derive(Debug)]
pub(super) struct DeliveryItem {
    pub(super) prepared: Prepared,
    /// The outcome of each event.
    pub(super) outcomes: Vec<EventOutcome>,
    /// The destination's latest answer that concerns it.
    pub(super) answer: Option<Answer>,
    /// Its mark in the ledger says that the platform may have it from then on.
    pub(super) sending_since: UnixMillis,
    /// The latest answer counted fewer events than were sent.
    pub(super) short_answer: bool,
    /// Another worker has claimed it meanwhile and sends it.
    lost: bool,
}

impl DeliveryItem {
    /// Nothing is sent yet: until there is an answer, every event may be sent again later.
    fn new(prepared: Prepared, sending_since: UnixMillis) -> Self {
        let outcomes = vec![EventOutcome::Transient; prepared.events.len()];
        Self { prepared, outcomes, answer: None, sending_since, short_answer: false, lost: false }
    }
}

/// A batch in flight.
#[derive(Debug)]
pub(super) struct BatchDelivery {
    context: Arc<PixelContext>,
    items: Vec<DeliveryItem>,
    /// When the leases were renewed last.
    renewed_at: UnixMillis,
    suspects: Suspects,
    /// Whether the destination has accepted any event.
    accepted: bool,
    near_limit: bool,
    slowest_answer: Duration,
    /// The latest answer by which the destination took nothing, for an event's sake.
    last_refusal: Option<Answer>,
}

impl BatchDelivery {
    /// The delivery of conversions whose leases were renewed and which were marked at `marked_at`.
    pub(super) fn new(context: Arc<PixelContext>, conversions: Vec<Prepared>, marked_at: UnixMillis) -> Self {
        Self {
            context,
            items: conversions.into_iter().map(|one| DeliveryItem::new(one, marked_at)).collect(),
            renewed_at: marked_at,
            suspects: Suspects::default(),
            accepted: false,
            near_limit: false,
            slowest_answer: Duration::ZERO,
            last_refusal: None,
        }
    }

    /// Sends everything; what is refused is halved until the bad events are alone. Where the destination takes nothing at all, no
    /// event is to blame.
    pub(super) async fn run(mut self) -> (Vec<DeliveryItem>, BatchFeedback) {
        let places =
            self.items.iter().enumerate().flat_map(|(c, i)| (0..i.outcomes.len()).map(move |e| (c, e)));
        let mut bisection = Bisection::new(places, self.most_events());
        let end = self.send_all(&mut bisection).await;
        let end = self.conclude_suspects(end);
        let feedback = BatchFeedback {
            end,
            accepted: self.accepted,
            near_limit: self.near_limit,
            slowest_answer: self.slowest_answer,
        };
        (self.items, feedback)
    }

    /// The most events of a request. A batch fits into one; of a single conversion there may be more.
    fn most_events(&self) -> usize {
        let rules = self.context.destination.rules();
        let sizes = self.items.iter().flat_map(|item| item.prepared.events.iter().map(|e| e.payload.len()));
        let (bytes, largest) = sizes.fold((0, 1), |(sum, largest), size| (sum + size, largest.max(size)));
        if bytes <= rules.max_bytes {
            return rules.max_events;
        }
        rules.max_events.min(rules.max_bytes / largest).max(1)
    }

    async fn send_all(&mut self, bisection: &mut Bisection) -> DeliveryEnd {
        for _ in 0..MAX_REQUESTS {
            if !self.renew_leases().await {
                return DeliveryEnd::LedgerUnavailable;
            }
            // Leases can be renewed past the deadline, and a platform may refuse a whole request for one event that is too old.
            let now = mutations::time_before_sending(self.context.reporting.clock.now());
            bisection.exclude(|c| self.may_not_be_sent(&self.items[c], now));
            if self.suspects.are_too_many() {
                break;
            }
            let places = self.next_request(bisection);
            if places.is_empty() {
                return DeliveryEnd::Finished;
            }
            let report = self.request(&places).await;
            if let Some(end) = self.record(bisection, places, &report) {
                return end;
            }
        }
        let rest: Vec<_> = bisection.rest().collect();
        let answer = self.last_refusal.take();
        self.mark(&rest, &EventOutcome::BatchRefused, answer.as_ref());
        DeliveryEnd::Finished
    }

    /// The places of the next request; none when nothing is left.
    fn next_request(&mut self, bisection: &mut Bisection) -> Vec<EventPlace> {
        let now = mutations::time_before_sending(self.context.reporting.clock.now());
        while let Some((c, e)) = self.suspects.next_retest() {
            if !self.may_not_be_sent(&self.items[c], now) {
                return vec![(c, e)];
            }
        }
        if self.suspects.wants_spread() {
            // Those that were tried the last time would show no more.
            let turn = self.items.iter().map(|item| item.prepared.due.failures).max().unwrap_or(0);
            bisection.spread(SPREAD, turn as usize);
        }
        bisection.next_request()
    }

    /// Another worker has it, or too much time has passed since it was prepared.
    fn may_not_be_sent(&self, item: &DeliveryItem, now: UnixMillis) -> bool {
        let due = &item.prepared.due;
        let rules = self.context.destination.rules();
        let on_unknown = self.context.reporting.config.on_unknown;
        item.lost || now >= due.deadline || needs_a_person(due.maybe_received, on_unknown, rules, now)
    }

    async fn request(&mut self, places: &[EventPlace]) -> SendReport {
        let events: Vec<_> = places.iter().map(|(c, e)| self.items[*c].prepared.events[*e].clone()).collect();
        let clock = &self.context.reporting.clock;
        let started = clock.now();
        let report = request::send(&self.context, &events).await;
        self.slowest_answer = self.slowest_answer.max(clock.now().since(started));
        report
    }

    /// Records the answer to a request for `places`; `Some` when it ends the delivery.
    fn record(
        &mut self,
        bisection: &mut Bisection,
        places: Vec<EventPlace>,
        report: &SendReport,
    ) -> Option<DeliveryEnd> {
        let has = |outcome: EventOutcome| report.outcomes.contains(&outcome);
        let pixel_refusal = report.outcomes.iter().find_map(|outcome| match outcome {
            EventOutcome::PixelRefused(refusal) => Some(*refusal),
            _ => None,
        });
        if has(EventOutcome::Unexplained) {
            self.refused(bisection, places, Suspicion::Unexplained, report);
        } else if has(EventOutcome::BatchRefused) {
            if let Some(dropped) = mutations::neighbours_to_drop(&places) {
                self.exclude(bisection, &dropped, &EventOutcome::Rejected, report);
            } else {
                self.refused(bisection, places, Suspicion::Alone, report);
            }
        } else if has(EventOutcome::Rejected) {
            self.named(bisection, places, report);
        } else if let Some(refusal) = pixel_refusal {
            let rest: Vec<_> = bisection.rest().chain(places).collect();
            self.mark(&rest, &EventOutcome::PixelRefused(refusal), Some(&report.answer));
            return Some(DeliveryEnd::PixelRefused(refusal));
        } else if has(EventOutcome::Refused) {
            let rest: Vec<_> = bisection.rest().chain(places).collect();
            self.mark(&rest, &EventOutcome::Refused, Some(&report.answer));
            return Some(DeliveryEnd::CredentialsRefused);
        } else if has(EventOutcome::Unknown) || has(EventOutcome::Transient) {
            let rest: Vec<_> = bisection.rest().collect();
            self.mark(&rest, &EventOutcome::Transient, Some(&report.answer));
            for (place, outcome) in places.iter().zip(&report.outcomes) {
                self.mark(&[*place], outcome, Some(&report.answer));
                self.items[place.0].short_answer |= report.short;
            }
            let limited = DeliveryEnd::RateLimited(report.wait);
            return Some(if report.throttled { limited } else { DeliveryEnd::Failed(report.wait) });
        } else {
            self.accept(&places, report);
            self.succeeded(bisection, places);
            self.near_limit |= report.throttled;
            return report.wait.filter(|_| report.throttled).map(|wait| DeliveryEnd::RateLimited(Some(wait)));
        }
        None
    }

    fn accept(&mut self, places: &[EventPlace], report: &SendReport) {
        self.accepted = true;
        for (c, e) in places {
            let item = &mut self.items[*c];
            item.prepared.accepted.insert(item.prepared.events[*e].position);
            item.outcomes[*e] = EventOutcome::Accepted;
            // Of several answers the one with an alarm stays.
            if item.answer.is_none() || !report.alarms.is_empty() {
                item.answer = Some(report.answer.clone());
            }
        }
    }

    /// The destination took no event of a request, for one of them.
    fn refused(
        &mut self,
        bisection: &mut Bisection,
        places: Vec<EventPlace>,
        suspicion: Suspicion,
        report: &SendReport,
    ) {
        self.last_refusal = Some(report.answer.clone());
        if self.suspects.is_retest() {
            self.suspect(bisection, places[0], suspicion, report);
            return;
        }
        if places.len() > 1 && !bisection.is_halving() {
            self.suspects.group_refused();
        }
        for place in bisection.record(places, Response::Refused) {
            self.suspect(bisection, place, suspicion, report);
        }
    }

    /// The destination took no event of a request, and named those that it refuses.
    fn named(&mut self, bisection: &mut Bisection, places: Vec<EventPlace>, report: &SendReport) {
        self.last_refusal = Some(report.answer.clone());
        let is_named = |o: &EventOutcome| *o == EventOutcome::Rejected;
        let bad: Vec<_> =
            places.iter().zip(&report.outcomes).filter(|(_, o)| is_named(o)).map(|(p, _)| *p).collect();
        if !self.suspects.is_retest() {
            if places.len() > 1 {
                self.suspects.group_refused();
            }
            bisection.record(places, Response::Named(&bad));
        }
        for place in bad {
            self.suspect(bisection, place, Suspicion::Named, report);
        }
    }

    /// An event was refused for itself: it is sent in another form, if there is one, or its conversion is not sent any more.
    fn suspect(
        &mut self,
        bisection: &mut Bisection,
        (c, e): EventPlace,
        suspicion: Suspicion,
        report: &SendReport,
    ) {
        if self.change_form((c, e), report) {
            bisection.exclude(|conversion| conversion == c);
            bisection.put_back(self.unsent(c));
            return;
        }
        let outcome = match self.suspects.add((c, e), suspicion) {
            Some(judgement) => outcome_of(judgement),
            None => EventOutcome::Transient,
        };
        self.exclude(bisection, &[(c, e)], &outcome, report);
    }

    /// Puts the events of a conversion into a form without what was refused; `false` where there is none.
    fn change_form(&mut self, (c, e): EventPlace, report: &SendReport) -> bool {
        let unsent = self.unsent(c);
        let destination = Arc::clone(&self.context.destination);
        let changed = |event: &PreparedEvent| destination.without_what_was_refused(event, &report.answer);
        let events = &mut self.items[c].prepared.events;
        if changed(&events[e]).is_none() {
            return false;
        }
        for (_, e) in unsent {
            if let Some(event) = changed(&events[e]) {
                events[e] = event;
            }
        }
        true
    }

    /// The events of a conversion that the destination is not known to have.
    fn unsent(&self, c: usize) -> Vec<EventPlace> {
        let outcomes = self.items[c].outcomes.iter().enumerate();
        outcomes.filter(|(_, outcome)| **outcome != EventOutcome::Accepted).map(|(e, _)| (c, e)).collect()
    }

    fn succeeded(&mut self, bisection: &mut Bisection, places: Vec<EventPlace>) {
        let retested = self.suspects.is_retest().then(|| places[0].0);
        for (place, judgement) in self.suspects.success() {
            self.mark(&[place], &outcome_of(judgement), None);
        }
        match retested {
            // What refused it has passed; the other events of its conversion were left out for its sake.
            Some(c) => bisection.put_back(self.unsent(c)),
            None => drop(bisection.record(places, Response::Accepted)),
        }
    }

    /// Writes down what became of the events on which there is no judgement: they wait.
    fn conclude_suspects(&mut self, end: DeliveryEnd) -> DeliveryEnd {
        let unjudged: Vec<_> = self.suspects.unjudged().collect();
        if unjudged.is_empty() || end != DeliveryEnd::Finished {
            return end;
        }
        self.mark(&unjudged, &EventOutcome::BatchRefused, None);
        // One alone may well be bad: its pixel goes on.
        if self.accepted || unjudged.len() == 1 { end } else { DeliveryEnd::NothingAccepted }
    }

    /// The outcome of one event is that of its conversion: the other events of it need not be sent.
    fn exclude(
        &mut self,
        bisection: &mut Bisection,
        bad: &[EventPlace],
        outcome: &EventOutcome,
        report: &SendReport,
    ) {
        self.mark(bad, outcome, Some(&report.answer));
        bisection.exclude(|conversion| bad.iter().any(|(c, _)| *c == conversion));
    }

    fn mark(&mut self, places: &[EventPlace], outcome: &EventOutcome, answer: Option<&Answer>) {
        for (c, e) in places {
            let item = &mut self.items[*c];
            item.outcomes[*e] = outcome.clone();
            if answer.is_some() {
                item.answer = answer.cloned();
            }
        }
    }

    /// Renews the leases in time, because finding bad events can take longer than one lasts. `false` when the ledger is
    /// unavailable, and then nothing more may be sent.
    async fn renew_leases(&mut self) -> bool {
        let reporting = &self.context.reporting;
        let holder = reporting.holder();
        if holder.now.since(self.renewed_at) < reporting.config.lease / 3 {
            return true;
        }
        let leases: Vec<_> = self.items.iter().map(|item| item.prepared.due.lease.clone()).collect();
        match reporting.ledger.extend(&leases, holder.until).await {
            Ok(renewed) => {
                for (item, renewed) in self.items.iter_mut().zip(renewed) {
                    item.lost = renewed == Settled::Late;
                }
                self.renewed_at = holder.now;
                true
            }
            Err(error) => {
                tracing::warn!(error = ?error, "cannot renew leases; the batch waits in the ledger");
                false
            }
        }
    }
}

const fn outcome_of(judgement: Judgement) -> EventOutcome {
    match judgement {
        Judgement::Rejected => EventOutcome::Rejected,
        Judgement::Held => EventOutcome::BatchRefused,
    }
}
