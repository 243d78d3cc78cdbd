//! The online checker: watches the ports during a run and holds the rules that a violation would break at once.
//!
//! A key has one lease at a time, and only its holder settles. An entry is settled as reported only when the platform has
//! its events. Before an event is sent, the ledger knows that it may be received. An event that the ledger knows to be accepted
//! is not sent again, nor one that waits for the operator, nor one that is too old, nor one whose id the platform has
//! forgotten: it would count twice. What is in flight fits into the
//! process's memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{ConversionKey, Outcome, UnixMillis};
use ports::clock::APART;
use ports::destination::PreparedEvent;
use ports::ledger::{
    Claim, Due, Holder, Lease, LongestWaits, Portion, Record, RowClaim, Settle, Settled, Settlement,
    WaitReason,
};

use crate::input::{Input, Row};
use crate::meta::AcceptedEvent;
use crate::oracle::ids;
use crate::world::Rules;

/// For so long the platform drops an event that it has received before.
const DEDUPLICATION_MS: i64 = 48 * 3_600 * 1_000;

/// Before that time is over nothing is kept back for a person, up to this margin.
const REPEATED_MS: i64 = 46 * 3_600 * 1_000;

/// So many answers that count fewer events than were sent are borne.
const SHORT_ANSWERS: u32 = 5;

/// A key's latest lease, as the ledger granted it.
#[derive(Debug, Default)]
struct KeyLease {
    attempt: u32,
    owner: String,
    until: UnixMillis,
    /// It has not been settled yet.
    open: bool,
    /// Ids of the events that are to be sent under it.
    expected: Vec<String>,
    /// A lease lapsed before it was settled. From then on the checker cannot tell which worker knows what.
    lease_lapsed: bool,
    /// It was parked for the operator, because the outcome of its request is unknown.
    for_operator: bool,
    /// When the ledger learned that its events may be received, in virtual time.
    marked_ms: Option<i64>,
}

/// An event that the platform accepted.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) event: AcceptedEvent,
    pub(super) times: u32,
    /// When it was received first, in virtual time.
    first_ms: i64,
    /// The lease under which it was sent last, and whether its holder received the answer.
    attempt: u32,
    confirmed: bool,
    /// The ledger knows that the platform has it.
    recorded: bool,
}

/// What the checker has seen so far.
pub(crate) struct OnlineChecker {
    pub(super) input: Arc<Input>,
    /// The operator's settings.
    rules: Rules,
    /// Rows of each visitor in the order in which the ledger took them: those that came first, and those that came again and
    /// stated their figures again.
    arrivals: BTreeMap<usize, Vec<(String, u64)>>,
    leases: BTreeMap<usize, KeyLease>,
    pub(super) received: BTreeMap<String, Received>,
    /// What analytics received: the latest version of each key, and its outcome.
    pub(super) exported: BTreeMap<[u8; 32], (u64, Outcome)>,
    /// Visitors whose rows or entry were in the hands of a process that had started with a wrong clock and heard from no other machine:
    /// it could judge their ages only by that clock.
    judged_by_a_wrong_clock: BTreeSet<usize>,
    /// Visitors whose entry was damaged.
    damaged: BTreeSet<usize>,
    /// The first rule that was broken.
    pub(crate) violation: Option<String>,
}

/// A checker that all faulty ports share.
#[derive(Clone)]
pub(crate) struct SharedChecker(Arc<Mutex<OnlineChecker>>);

impl std::fmt::Debug for SharedChecker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedChecker").finish_non_exhaustive()
    }
}

impl SharedChecker {
    pub(crate) fn new(input: Arc<Input>, rules: Rules) -> Self {
        Self(Arc::new(Mutex::new(OnlineChecker {
            input,
            rules,
            arrivals: BTreeMap::new(),
            leases: BTreeMap::new(),
            received: BTreeMap::new(),
            exported: BTreeMap::new(),
            judged_by_a_wrong_clock: BTreeSet::new(),
            damaged: BTreeSet::new(),
            violation: None,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, OnlineChecker> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OnlineChecker {
    pub(crate) fn fail(&mut self, rule: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(rule());
        }
    }

    /// The input of the run.
    pub(crate) fn input(&self) -> Arc<Input> {
        Arc::clone(&self.input)
    }

    /// The disk damaged what the ledger has of a visitor.
    pub(crate) fn note_damage(&mut self, visitor: usize) {
        self.damaged.insert(visitor);
    }

    /// Whether an entry was damaged.
    pub(crate) fn is_damaged(&self, key: &ConversionKey) -> bool {
        self.input.keys.get(key.as_bytes()).is_some_and(|visitor| self.damaged.contains(visitor))
    }

    /// A process whose clock is wrong, and which cannot know it, works on the conversions of these keys.
    pub(crate) fn note_wrong_clock<'k>(&mut self, keys: impl Iterator<Item = &'k ConversionKey>) {
        let visitors = keys.filter_map(|key| self.input.keys.get(key.as_bytes()));
        self.judged_by_a_wrong_clock.extend(visitors);
    }

    /// Whether the ages of a visitor's rows may have been judged by a wrong clock.
    pub(super) fn may_be_misjudged(&self, visitor: usize) -> bool {
        self.judged_by_a_wrong_clock.contains(&visitor)
    }

    fn visitor(&self, lease: &Lease) -> Option<usize> {
        self.input.keys.get(lease.key.as_bytes()).copied()
    }

    /// A claim was answered.
    pub(crate) fn claimed(&mut self, rows: &[RowClaim], claims: &[Claim], holder: &Holder) {
        if rows.len() != claims.len() {
            self.fail(|| "a claim did not answer for each of its rows".to_owned());
        }
        for (place, (claimed, claim)) in rows.iter().zip(claims).enumerate() {
            let input = Arc::clone(&self.input);
            let row = input.row(&claimed.source.object, claimed.source.row);
            // Of the rows of one claim the last states the newest figures, if it brought the entry, too.
            let mut rest = rows.iter().zip(claims).skip(place + 1);
            let is_older = rest.any(|(other, claim)| other.key == claimed.key && *claim != Claim::Duplicate);
            let states_again = *claim == Claim::Duplicate && !is_older;
            self.note_arrival(claimed, claim, (row, states_again));
            let Claim::Held(lease) = claim else { continue };
            match (self.visitor(lease), row) {
                (Some(visitor), Some(row)) if row.is_sendable() && row.visitor == Some(visitor) => {
                    let expected = input.visitors[visitor].ids_of(row.counts);
                    self.open_lease(visitor, lease, holder, Some(expected));
                }
                _ => self.fail(|| format!("{:?} was claimed for a row that may not be sent", lease.key)),
            }
        }
    }

    /// Notes a row that the ledger took, and what is to be sent once it has waited long enough.
    fn note_arrival(&mut self, claimed: &RowClaim, claim: &Claim, (row, states_again): (Option<&Row>, bool)) {
        let Some((row, visitor)) = row.and_then(|row| Some((row, row.visitor?))) else { return };
        let arrivals = self.arrivals.entry(visitor).or_default();
        let source = (claimed.source.object.clone(), claimed.source.row);
        if states_again || !arrivals.contains(&source) {
            arrivals.push(source);
        }
        if *claim == Claim::Stands(Outcome::Parked) && row.waits() {
            let expected = self.input.visitors[visitor].ids_of(row.counts);
            let held = self.leases.entry(visitor).or_default();
            if held.attempt == 0 {
                held.expected = expected;
            }
        }
    }

    /// The rows of a visitor in the order in which the ledger took them.
    pub(super) fn arrivals(&self, visitor: usize) -> impl DoubleEndedIterator<Item = &Row> {
        let arrivals = self.arrivals.get(&visitor).map(Vec::as_slice).unwrap_or_default();
        arrivals.iter().filter_map(|(object, number)| self.input.row(object, *number))
    }

    /// Due work was claimed.
    pub(crate) fn claimed_due(&mut self, due: &[Due], holder: &Holder) {
        for one in due {
            let Some(visitor) = self.visitor(&one.lease) else { continue };
            let expected = match one.portion {
                // All events of its row: known since the row was claimed.
                Portion::Full => None,
                Portion::Increment { first, purchases, .. } => {
                    let key = &self.input.visitors[visitor].key;
                    Some((first..first + purchases).map(|i| ids::event(key, "Purchase", i)).collect())
                }
            };
            self.open_lease(visitor, &one.lease, holder, expected);
        }
    }

    fn open_lease(&mut self, visitor: usize, lease: &Lease, holder: &Holder, expected: Option<Vec<String>>) {
        let held = self.leases.entry(visitor).or_default();
        let lapsed = held.open;
        if lapsed && held.until > holder.now {
            let until = held.until;
            self.fail(|| {
                format!("{:?} was claimed by {} while its lease ran until {until}", lease.key, holder.owner)
            });
            return;
        }
        if lease.attempt <= held.attempt {
            self.fail(|| format!("attempt {} of {:?} was given twice", lease.attempt, lease.key));
            return;
        }
        held.lease_lapsed |= lapsed;
        (held.attempt, held.until, held.open) = (lease.attempt, holder.until, true);
        held.owner.clone_from(&holder.owner);
        if let Some(expected) = expected {
            held.expected = expected;
        }
    }

    /// Leases were renewed.
    pub(crate) fn renewed(&mut self, leases: &[Lease], until: UnixMillis, answers: &[Settled]) {
        for (lease, answer) in leases.iter().zip(answers) {
            let Some(held) = self.visitor(lease).and_then(|p| self.leases.get_mut(&p)) else { continue };
            if *answer == Settled::Done {
                held.until = until;
                if held.attempt != lease.attempt {
                    self.fail(|| format!("a lost lease of {:?} was renewed", lease.key));
                }
            }
        }
    }

    /// What a wrong clock had put off was made due: leases that end too late end now.
    pub(crate) fn released_put_off(&mut self, longest: &LongestWaits, now: UnixMillis) {
        let latest = now.plus(longest.lease).plus(APART);
        for held in self.leases.values_mut().filter(|held| held.open && held.until > latest) {
            held.until = now;
        }
    }

    /// Entries were marked: their events are about to be sent.
    pub(crate) fn marked(&mut self, leases: &[Lease], answers: &[Settled], now_ms: i64) {
        for (lease, answer) in leases.iter().zip(answers) {
            let Some(held) = self.visitor(lease).and_then(|p| self.leases.get_mut(&p)) else { continue };
            if *answer == Settled::Done {
                held.marked_ms.get_or_insert(now_ms);
            }
        }
    }

    /// Events are about to be sent.
    pub(crate) fn sending(&mut self, events: &[PreparedEvent], wall_ms: i64, true_ms: i64) {
        let input = Arc::clone(&self.input);
        for event in events {
            let Some(visitor) = input.owners.get(event.id.as_str()) else {
                return self.fail(|| format!("event {} belongs to no visitor", event.id));
            };
            if self.leases.get(visitor).is_none_or(|held| held.marked_ms.is_none() && !held.lease_lapsed) {
                return self
                    .fail(|| format!("event {} was sent, and the ledger did not know before", event.id));
            }
            if wall_ms >= input.visitors[*visitor].too_old_ms() {
                return self.fail(|| format!("event {} was sent when it was too old", event.id));
            }
            if self.rules.clocks_agree && input.visitors[*visitor].click_s * 1_000 > true_ms {
                return self.fail(|| format!("event {} was sent before its click", event.id));
            }
        }
    }

    /// The platform accepted events.
    pub(crate) fn accepted(&mut self, owner: &str, events: &[AcceptedEvent], now_ms: i64) {
        for event in events {
            let Some(visitor) = self.input.owners.get(&event.id).copied() else {
                return self
                    .fail(|| format!("the platform received {}, which belongs to no visitor", event.id));
            };
            self.receive(visitor, owner, event, now_ms);
        }
    }

    fn receive(&mut self, visitor: usize, owner: &str, event: &AcceptedEvent, now_ms: i64) {
        let Some(held) = self.leases.get(&visitor) else {
            return self.fail(|| format!("event {} was sent before it was claimed", event.id));
        };
        let attempt = if held.owner == owner { held.attempt } else { 0 };
        let (lease_lapsed, for_operator) = (held.lease_lapsed, held.for_operator);
        let id = &event.id;
        let Some(received) = self.received.get_mut(id) else {
            let event = event.clone();
            let (times, first_ms, confirmed, recorded) = (1, now_ms, false, false);
            let first = Received { event, times, first_ms, attempt, confirmed, recorded };
            self.received.insert(id.clone(), first);
            return;
        };
        received.times += 1;
        let hours = (now_ms - received.first_ms) / 3_600_000;
        (received.attempt, received.confirmed) = (attempt, false);
        if received.recorded && !lease_lapsed {
            self.fail(|| format!("event {id} was sent again although the ledger knew that it was accepted"));
        } else if now_ms - received.first_ms >= DEDUPLICATION_MS {
            self.fail(|| format!("event {id} was sent again after {hours} h, and counts twice"));
        } else if self.rules.hold {
            self.fail(|| format!("event {id} was sent again, and the operator wants to decide that"));
        } else if for_operator && !lease_lapsed {
            self.fail(|| format!("event {id} was sent again although it waits for the operator"));
        } else if received.event != *event {
            self.fail(|| format!("event {id} was sent again with other content"));
        }
    }

    /// A worker received the answer that the platform accepted events.
    pub(crate) fn confirmed(&mut self, owner: &str, events: &[AcceptedEvent]) {
        for event in events {
            let visitor = self.input.owners.get(&event.id);
            let Some(held) = visitor.and_then(|p| self.leases.get(p)) else { continue };
            if let Some(received) = self.received.get_mut(&event.id) {
                received.confirmed = held.owner == owner && received.attempt == held.attempt;
            }
        }
    }

    /// Settlements were answered.
    pub(crate) fn settled(&mut self, settlements: &[Settlement], answers: &[Settled], now_ms: i64) {
        for (settlement, answer) in settlements.iter().zip(answers) {
            if let (Settled::Done, Some(visitor)) = (answer, self.visitor(&settlement.lease)) {
                self.parked(visitor, settlement, now_ms);
                self.close_lease(visitor, settlement);
            }
        }
    }

    /// An entry waits for a person only when the operator wants it so, or nothing else is left.
    fn parked(&mut self, visitor: usize, settlement: &Settlement, now_ms: i64) {
        let Some(later) = settlement.settle.later() else { return };
        if self.rules.hold
            || later.reason != WaitReason::UnknownOutcome
            || settlement.settle.outcome() != Outcome::Parked
        {
            return;
        }
        let marked_ms = self.leases.get(&visitor).and_then(|held| held.marked_ms);
        let is_forgotten = marked_ms.is_some_and(|marked_ms| now_ms - marked_ms >= REPEATED_MS);
        let short_answers = settlement.maybe_received.map_or(0, |mark| mark.short_answers);
        if !is_forgotten && short_answers <= SHORT_ANSWERS && !self.judged_by_a_wrong_clock.contains(&visitor)
        {
            let key = settlement.lease.key;
            self.fail(|| format!("{key:?} waits for a person, and could be sent again"));
        }
    }

    fn close_lease(&mut self, visitor: usize, settlement: &Settlement) {
        let (key, attempt) = (settlement.lease.key, settlement.lease.attempt);
        let Some(held) = self.leases.get_mut(&visitor).filter(|h| h.open && h.attempt == attempt) else {
            return self.fail(|| {
                format!("attempt {attempt} of {key:?} was settled by a worker that does not hold the lease")
            });
        };
        held.open = false;
        held.marked_ms = held.marked_ms.filter(|_| settlement.maybe_received.is_some());
        held.for_operator =
            matches!(&settlement.settle, Settle::Parked(open) if open.reason == WaitReason::UnknownOutcome);
        let input = Arc::clone(&self.input);
        for id in input.visitors[visitor].all_ids() {
            if let Some(received) = self.received.get_mut(&id) {
                received.recorded |= received.confirmed && received.attempt == attempt;
            }
        }
        if settlement.settle == Settle::Reported {
            let missing =
                self.leases[&visitor].expected.iter().find(|id| !self.received.contains_key(*id)).cloned();
            if let Some(id) = missing {
                self.fail(|| format!("{key:?} was settled as reported, and the platform lacks {id}"));
            }
        }
    }

    /// Analytics received records.
    pub(crate) fn exported(&mut self, records: &[Record]) {
        for record in records {
            let latest = self.exported.entry(*record.key.as_bytes()).or_insert((0, record.outcome));
            if record.version > latest.0 {
                *latest = (record.version, record.outcome);
            }
        }
    }

    /// The row that an entry says it came from.
    pub(super) fn row_of(&self, record: &Record) -> Option<&Row> {
        self.input.row(&record.source.object, record.source.row)
    }
}
