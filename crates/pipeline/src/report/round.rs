//! One batch's requests: one as a rule, and more when bad events must be found.

use std::sync::Arc;
use std::time::Duration;

use domain::{PixelCode, UnixMillis};
use ports::destination::{Answer, EventOutcome, SendReport};
use ports::ledger::Settled;

use super::Reporting;
use super::gate::Lesson;
use super::isolate::{Place, Said, Search};
use super::lanes::PixelState;
use super::mutations;
use super::prepared::Prepared;

/// Requests that one batch may cost: enough to find 21 bad events however they lie, and more when they lie close.
const MAX_REQUESTS: usize = 256;

/// Bad events that are believed while the destination takes nothing else of the batch. Then the trouble is hardly theirs, and
/// the rest waits.
const MAX_REJECTED_ALONE: usize = 16;

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoundEnd {
    /// Every event was asked for, or asking for more would not tell more.
    Finished,
    /// The destination asked for less, for this long where it said so.
    Throttled(Option<Duration>),
    /// The destination or the way to it is in trouble; the rest was not tried.
    Failed,
    /// No credential works.
    Refused,
    /// The leases could not be renewed; the rest was not tried.
    LedgerAway,
}

/// A conversion and what a round did for it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) prepared: Prepared,
    /// What became of each event.
    pub(super) outcomes: Vec<EventOutcome>,
    /// What the destination said of it last.
    pub(super) answer: Option<Answer>,
    /// Somebody else has claimed it meanwhile: theirs to send now.
    lost: bool,
}

/// The batch, and what became of each event so far.
#[derive(Debug)]
pub(super) struct Round {
    reporting: Arc<Reporting>,
    pixel: PixelCode,
    state: Arc<PixelState>,
    items: Vec<Item>,
    /// When the leases were renewed last.
    renewed_at: UnixMillis,
    rejected: usize,
    accepted: bool,
    pressed: bool,
    slowest: Duration,
}

impl Round {
    /// A round over conversions whose leases started, or were renewed, at `renewed_at`.
    pub(super) fn new(
        reporting: Arc<Reporting>,
        pixel: PixelCode,
        state: Arc<PixelState>,
        conversions: Vec<Prepared>,
        renewed_at: UnixMillis,
    ) -> Self {
        let item = |prepared: Prepared| Item {
            outcomes: vec![EventOutcome::Transient; prepared.events.len()],
            prepared,
            answer: None,
            lost: false,
        };
        Self {
            reporting,
            pixel,
            state,
            items: conversions.into_iter().map(item).collect(),
            renewed_at,
            rejected: 0,
            accepted: false,
            pressed: false,
            slowest: Duration::ZERO,
        }
    }

    /// Sends everything, narrowing down what is refused until the bad events are alone.
    pub(super) async fn run(mut self) -> (Vec<Item>, Lesson) {
        let places =
            self.items.iter().enumerate().flat_map(|(c, i)| (0..i.outcomes.len()).map(move |e| (c, e)));
        let mut search = Search::new(places, self.reporting.destination.max_events());
        let end = self.ask_all(&mut search).await;
        (self.items, Lesson { end, pressed: self.pressed, slowest: self.slowest })
    }

    async fn ask_all(&mut self, search: &mut Search) -> RoundEnd {
        for _ in 0..MAX_REQUESTS {
            if !self.renew().await {
                return RoundEnd::LedgerAway;
            }
            // Leases can be renewed for longer than there is time: what is too old makes Meta refuse all that goes with it.
            let now = mutations::time_before_sending(self.reporting.clock.now());
            search.leave_out(|c| self.items[c].lost || now >= self.items[c].prepared.due.deadline);
            if self.rejected >= MAX_REJECTED_ALONE && !self.accepted {
                break;
            }
            let asked = search.ask();
            if asked.is_empty() {
                return RoundEnd::Finished;
            }
            let report = self.request(&asked).await;
            if let Some(end) = self.take(search, asked, &report) {
                return end;
            }
        }
        let left: Vec<_> = search.left().collect();
        self.mark(&left, &EventOutcome::Suspect, None);
        RoundEnd::Finished
    }

    /// Takes an answer; `Some` when it ends the round.
    fn take(&mut self, search: &mut Search, asked: Vec<Place>, report: &SendReport) -> Option<RoundEnd> {
        let is = |outcome: EventOutcome| report.outcomes.contains(&outcome);
        if is(EventOutcome::Suspect) {
            let dropped = mutations::neighbours_to_drop(&asked);
            let bad = dropped.unwrap_or(search.answer(asked, Said::OneIsBad));
            self.reject(search, &bad, report);
        } else if is(EventOutcome::Rejected) {
            let named = |o: &EventOutcome| *o == EventOutcome::Rejected;
            let bad: Vec<_> =
                asked.iter().zip(&report.outcomes).filter(|(_, o)| named(o)).map(|(p, _)| *p).collect();
            search.answer(asked, Said::TheseAreBad(&bad));
            self.reject(search, &bad, report);
        } else if is(EventOutcome::Refused) {
            let left: Vec<_> = search.left().chain(asked).collect();
            self.mark(&left, &EventOutcome::Refused, Some(&report.answer));
            return Some(RoundEnd::Refused);
        } else if is(EventOutcome::Unknown) || is(EventOutcome::Transient) {
            let left: Vec<_> = search.left().collect();
            self.mark(&left, &EventOutcome::Transient, Some(&report.answer));
            for (place, outcome) in asked.iter().zip(&report.outcomes) {
                self.mark(&[*place], outcome, Some(&report.answer));
            }
            return Some(if report.throttled { RoundEnd::Throttled(report.wait) } else { RoundEnd::Failed });
        } else {
            self.accept(&asked, report);
            search.answer(asked, Said::Accepted);
            self.pressed |= report.throttled;
            return report.wait.filter(|_| report.throttled).map(|wait| RoundEnd::Throttled(Some(wait)));
        }
        None
    }

    fn accept(&mut self, asked: &[Place], report: &SendReport) {
        self.accepted = true;
        for (c, e) in asked {
            let item = &mut self.items[*c];
            item.prepared.accepted.insert(item.prepared.events[*e].position);
            item.outcomes[*e] = EventOutcome::Accepted;
            // Of several answers the one with something to tell stays.
            if item.answer.is_none() || !report.alarms.is_empty() {
                item.answer = Some(report.answer.clone());
            }
        }
    }

    /// One rejected event is enough: the others of its conversion need not be sent.
    fn reject(&mut self, search: &mut Search, bad: &[Place], report: &SendReport) {
        self.rejected += bad.len();
        self.mark(bad, &EventOutcome::Rejected, Some(&report.answer));
        search.leave_out(|conversion| bad.iter().any(|(c, _)| *c == conversion));
    }

    fn mark(&mut self, places: &[Place], outcome: &EventOutcome, answer: Option<&Answer>) {
        for (c, e) in places {
            let item = &mut self.items[*c];
            item.outcomes[*e] = outcome.clone();
            if answer.is_some() {
                item.answer = answer.cloned();
            }
        }
    }

    /// Renews the leases in time: finding bad events can take longer than one lasts. `false` when the ledger is away, and
    /// then nothing more may be sent.
    async fn renew(&mut self) -> bool {
        let holder = self.reporting.holder();
        if holder.now.since(self.renewed_at) < self.reporting.config.lease / 3 {
            return true;
        }
        let leases: Vec<_> = self.items.iter().map(|i| i.prepared.due.lease.clone()).collect();
        match self.reporting.ledger.extend(&leases, holder.until).await {
            Ok(held) => {
                for (item, held) in self.items.iter_mut().zip(held) {
                    item.lost = held == Settled::Late;
                }
                self.renewed_at = holder.now;
                true
            }
            Err(error) => {
                tracing::warn!(pixel.id = %self.pixel, error = ?error, "cannot renew leases; the batch waits in the ledger");
                false
            }
        }
    }

    async fn request(&mut self, asked: &[Place]) -> SendReport {
        let events: Vec<_> = asked.iter().map(|(c, e)| self.items[*c].prepared.events[*e].clone()).collect();
        let started = self.reporting.clock.now();
        let report = self.reporting.request(&self.pixel, &self.state, &events).await;
        self.slowest = self.slowest.max(self.reporting.clock.now().since(started));
        report
    }
}
