//! Watches the ports while a run goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::UnixMillis;
use ports::destination::PreparedEvent;
use ports::ledger::{
    Claim, Due, Holder, Lease, Portion, Record, RowClaim, Settle, Settled, Settlement, WaitReason,
};

use crate::input::{Input, Row};
use crate::meta::Taken;
use crate::oracle::ids;

/// A key's latest lease, as it was promised.
#[derive(Debug, Default)]
struct Held {
    attempt: u32,
    owner: String,
    until: UnixMillis,
    /// Nobody has settled it yet.
    open: bool,
    /// What its conversion is to be told of: ids.
    expected: Vec<String>,
    /// A lease ran out before it was settled; who knows what by then is beyond a witness.
    murky: bool,
    /// It was parked for a person, because nobody can know whether the platform has its events.
    for_a_person: bool,
}

/// An event that the platform has.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) taken: Taken,
    pub(super) times: u32,
    /// The lease under which it was sent last, and whether its holder learned that it was taken.
    attempt: u32,
    known: bool,
    /// The ledger has been told that the platform has it.
    recorded: bool,
}

/// What was seen.
pub(crate) struct Witness {
    pub(super) input: Arc<Input>,
    held: BTreeMap<usize, Held>,
    pub(super) told: BTreeMap<String, Told>,
    /// What analytics was given: the latest version of each key, and its outcome.
    pub(super) exported: BTreeMap<[u8; 32], (u64, domain::Outcome)>,
    /// The first promise that was broken.
    pub(crate) broken: Option<String>,
}

/// A witness that all wires share.
#[derive(Clone)]
pub(crate) struct SharedWitness(Arc<Mutex<Witness>>);

impl std::fmt::Debug for SharedWitness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedWitness").finish_non_exhaustive()
    }
}

impl SharedWitness {
    pub(crate) fn new(input: Arc<Input>) -> Self {
        Self(Arc::new(Mutex::new(Witness {
            input,
            held: BTreeMap::new(),
            told: BTreeMap::new(),
            exported: BTreeMap::new(),
            broken: None,
        })))
    }

    pub(crate) fn see(&self) -> MutexGuard<'_, Witness> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness {
    pub(super) fn breaks(&mut self, rule: impl FnOnce() -> String) {
        if self.broken.is_none() {
            self.broken = Some(rule());
        }
    }

    fn person(&self, lease: &Lease) -> Option<usize> {
        self.input.keys.get(lease.key.as_bytes()).copied()
    }

    /// A claim was answered.
    pub(crate) fn claimed(&mut self, statements: &[RowClaim], claims: &[Claim], holder: &Holder) {
        if statements.len() != claims.len() {
            self.breaks(|| "a claim did not answer for each of its rows".to_owned());
        }
        for (statement, claim) in statements.iter().zip(claims) {
            let Claim::Held(lease) = claim else { continue };
            let input = Arc::clone(&self.input);
            let row = input.row(&statement.source.object, statement.source.row);
            match (self.person(lease), row) {
                (Some(person), Some(row)) if row.is_sendable() && row.person == Some(person) => {
                    let expected = input.persons[person].ids_of(row.counts);
                    self.hold(person, lease, holder, Some(expected));
                }
                _ => self.breaks(|| format!("{:?} was claimed for a row that may not be sent", lease.key)),
            }
        }
    }

    /// What was due was claimed.
    pub(crate) fn claimed_due(&mut self, due: &[Due], holder: &Holder) {
        for one in due {
            let Some(person) = self.person(&one.lease) else { continue };
            let expected = match one.portion {
                // What the row that brought it stands for: known since it was claimed.
                Portion::Full => None,
                Portion::Increment { first, purchases, .. } => {
                    let key = &self.input.persons[person].key;
                    Some((first..first + purchases).map(|i| ids::event(key, "Purchase", i)).collect())
                }
            };
            self.hold(person, &one.lease, holder, expected);
        }
    }

    fn hold(&mut self, person: usize, lease: &Lease, holder: &Holder, expected: Option<Vec<String>>) {
        let held = self.held.entry(person).or_default();
        let lapsed = held.open;
        if lapsed && held.until > holder.now {
            let until = held.until;
            self.breaks(|| {
                format!("{:?} was handed to {} while its lease ran until {until}", lease.key, holder.owner)
            });
            return;
        }
        if lease.attempt <= held.attempt {
            self.breaks(|| format!("attempt {} of {:?} was given twice", lease.attempt, lease.key));
            return;
        }
        held.murky |= lapsed;
        (held.attempt, held.until, held.open) = (lease.attempt, holder.until, true);
        held.owner.clone_from(&holder.owner);
        if let Some(expected) = expected {
            held.expected = expected;
        }
    }

    /// Leases were prolonged.
    pub(crate) fn extended(&mut self, leases: &[Lease], until: UnixMillis, answers: &[Settled]) {
        for (lease, answer) in leases.iter().zip(answers) {
            let Some(held) = self.person(lease).and_then(|p| self.held.get_mut(&p)) else { continue };
            if *answer == Settled::Done {
                held.until = until;
                if held.attempt != lease.attempt {
                    self.breaks(|| format!("a lost lease of {:?} was prolonged", lease.key));
                }
            }
        }
    }

    /// Events are about to leave.
    pub(crate) fn sends(&mut self, events: &[PreparedEvent], wall_ms: i64) {
        let input = Arc::clone(&self.input);
        for event in events {
            let Some(person) = input.owners.get(event.id.as_str()) else {
                return self.breaks(|| format!("event {} is nobody's", event.id));
            };
            if wall_ms >= input.persons[*person].too_old_ms() {
                return self.breaks(|| format!("event {} left when it was too old", event.id));
            }
        }
    }

    /// The platform took events.
    pub(crate) fn taken(&mut self, owner: &str, all: &[Taken]) {
        for taken in all {
            let Some(person) = self.input.owners.get(&taken.id).copied() else {
                return self.breaks(|| format!("the platform was told of {}, which is nobody's", taken.id));
            };
            self.take(person, owner, taken);
        }
    }

    fn take(&mut self, person: usize, owner: &str, taken: &Taken) {
        let Some(held) = self.held.get(&person) else {
            return self.breaks(|| format!("event {} was told before it was claimed", taken.id));
        };
        let attempt = if held.owner == owner { held.attempt } else { 0 };
        let (murky, for_a_person) = (held.murky, held.for_a_person);
        let id = &taken.id;
        let Some(told) = self.told.get_mut(id) else {
            let told = Told { taken: taken.clone(), times: 1, attempt, known: false, recorded: false };
            self.told.insert(id.clone(), told);
            return;
        };
        told.times += 1;
        (told.attempt, told.known) = (attempt, false);
        if told.recorded && !murky {
            self.breaks(|| format!("event {id} was told again although the ledger knew that it was taken"));
        } else if for_a_person && !murky {
            self.breaks(|| format!("event {id} was told again although it is held for a person"));
        } else if told.taken != *taken {
            self.breaks(|| format!("event {id} was told again in other words"));
        }
    }

    /// A worker learned that the platform took events.
    pub(crate) fn knows(&mut self, owner: &str, all: &[Taken]) {
        for taken in all {
            let person = self.input.owners.get(&taken.id);
            let Some(held) = person.and_then(|p| self.held.get(p)) else { continue };
            if let Some(told) = self.told.get_mut(&taken.id) {
                told.known = held.owner == owner && told.attempt == held.attempt;
            }
        }
    }

    /// Settlements were answered.
    pub(crate) fn settled(&mut self, settlements: &[Settlement], answers: &[Settled]) {
        for (settlement, answer) in settlements.iter().zip(answers) {
            if let (Settled::Done, Some(person)) = (answer, self.person(&settlement.lease)) {
                self.settle(person, settlement);
            }
        }
    }

    fn settle(&mut self, person: usize, settlement: &Settlement) {
        let (key, attempt) = (settlement.lease.key, settlement.lease.attempt);
        let Some(held) = self.held.get_mut(&person).filter(|h| h.open && h.attempt == attempt) else {
            return self
                .breaks(|| format!("attempt {attempt} of {key:?} was settled by who does not hold it"));
        };
        held.open = false;
        held.for_a_person =
            matches!(&settlement.settle, Settle::Parked(open) if open.reason == WaitReason::UnknownOutcome);
        let input = Arc::clone(&self.input);
        for id in input.persons[person].all_ids() {
            if let Some(told) = self.told.get_mut(&id) {
                told.recorded |= told.known && told.attempt == attempt;
            }
        }
        if settlement.settle == Settle::Reported {
            let missing = self.held[&person].expected.iter().find(|id| !self.told.contains_key(*id)).cloned();
            if let Some(id) = missing {
                self.breaks(|| format!("{key:?} was settled as reported, and the platform lacks {id}"));
            }
        }
    }

    /// Analytics was given records.
    pub(crate) fn exported(&mut self, records: &[Record]) {
        for record in records {
            let seen = self.exported.entry(*record.key.as_bytes()).or_insert((0, record.outcome));
            if record.version > seen.0 {
                *seen = (record.version, record.outcome);
            }
        }
    }

    /// The row that an entry says it came from.
    pub(super) fn row_of(&self, record: &Record) -> Option<&Row> {
        self.input.row(&record.source.object, record.source.row)
    }
}
