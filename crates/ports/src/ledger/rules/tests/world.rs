//! Files that feeds send, and what happens to a ledger that takes them in.

use std::collections::BTreeMap;

use domain::restate::Figures;
use domain::{ConversionKey, Money, OddAmount, Reason, UnixMillis};
use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{Model, later, policy_of};
use crate::ledger::rules::Policy;
use crate::ledger::{Claim, Restatements, RowClaim, RowVerdict, Settle, Source, WaitReason};

pub(super) const KEYS: usize = 3;
pub(super) const OBJECTS: usize = 3;

pub(super) fn key(number: usize) -> ConversionKey {
    ConversionKey::new(&format!("session {number}"), None)
}

pub(super) fn name(object: usize) -> String {
    format!("b/{object}")
}

/// A row before it has a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stated {
    /// The number of its key.
    pub(super) key: usize,
    pub(super) purchases: u32,
    /// In millionths; `None` when the row does not say.
    pub(super) revenue: Option<i64>,
    /// Whether it has other events than Purchases.
    pub(super) views: bool,
    /// Whether it names a pixel that there is.
    pub(super) pixel: bool,
}

/// A valid row of paid clicks and their money.
pub(super) const fn paid(key: usize, purchases: u32, revenue: i64) -> Stated {
    Stated { key, purchases, revenue: Some(revenue), views: false, pixel: true }
}

impl Stated {
    fn observed(self) -> Option<Figures> {
        let revenue = self.revenue.map(Money::from_micros)?;
        Some(Figures { count: i64::from(self.purchases), revenue })
    }

    fn verdict(self) -> RowVerdict {
        let deadline = UnixMillis(99);
        let invalid = |reason| RowVerdict::Invalid([reason].into_iter().collect());
        let Policy { max_per_click, .. } = policy_of(Restatements::First);
        let odd = |revenue| OddAmount::of(self.purchases, Money::from_micros(revenue), max_per_click);
        match (self.revenue, self.revenue.and_then(odd)) {
            _ if !self.pixel => invalid(Reason::InvalidPixel),
            (None, _) if self.purchases > 0 => invalid(Reason::MissingRevenue),
            (_, Some(odd)) => RowVerdict::Waits { deadline, due_at: deadline, odd },
            _ if self.purchases == 0 && !self.views => RowVerdict::NoEvents,
            _ => RowVerdict::Sendable { deadline },
        }
    }
}

pub(super) fn stated() -> impl Strategy<Value = Stated> {
    let revenue = prop_oneof![
        1 => Just(None),
        1 => Just(Some(0)),
        6 => (1..40_i64).prop_map(|n| Some(n * 100_000)),
        1 => Just(Some(20_000_000)),
    ];
    (0..KEYS, 0..6_u32, revenue, any::<bool>(), prop::bool::weighted(0.8))
        .prop_map(|(key, purchases, revenue, views, pixel)| Stated { key, purchases, revenue, views, pixel })
}

pub(super) fn file() -> impl Strategy<Value = Vec<Stated>> {
    prop::collection::vec(stated(), 0..8)
}

pub(super) fn rows(object: usize, file: &[Stated]) -> Vec<RowClaim> {
    let row = |(row, stated): (usize, &Stated)| RowClaim {
        key: key(stated.key),
        source: Source { object: name(object), row: row as u64 },
        raw: String::new(),
        session_id: None,
        keyword_clicked: None,
        click_time: None,
        pixel: None,
        network: String::new(),
        observed: stated.observed(),
        verdict: stated.verdict(),
    };
    file.iter().enumerate().map(row).collect()
}

pub(super) fn policy() -> impl Strategy<Value = Restatements> {
    prop::sample::select(vec![Restatements::First, Restatements::Increments])
}

pub(super) fn settle() -> impl Strategy<Value = Settle> {
    let rejected = Settle::Rejected { reason: "100/1".to_owned() };
    let (retry, parked) = (later(WaitReason::Transient), later(WaitReason::NoWorkingCredential));
    let reported = Settle::Reported;
    let all =
        [reported.clone(), reported, Settle::Retry(retry), Settle::Parked(parked), rejected, Settle::Expired];
    prop::sample::select(all.to_vec())
}

/// What happens to a ledger.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// An object is read: to its end, or until a crash, so many rows in each claim.
    Read { object: usize, claim_rows: usize, rows: Option<Index> },
    /// The holder of an entry settles it, after so many further events were accepted.
    Settle { key: usize, settle: Settle, accepted: u32 },
    /// An entry that is due is claimed; so is one whose lease ran out.
    ClaimDue { key: usize },
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..OBJECTS, 1..5_usize, prop::option::weighted(0.2, any::<Index>()))
            .prop_map(|(object, claim_rows, rows)| Event::Read { object, claim_rows, rows }),
        (0..KEYS, settle(), 0..4_u32).prop_map(|(key, settle, accepted)| Event::Settle {
            key,
            settle,
            accepted
        }),
        (0..KEYS).prop_map(|key| Event::ClaimDue { key }),
    ]
}

/// A ledger, the files that it is fed with, and the duplicates of each that was read to its end.
pub(super) struct World {
    pub(super) model: Model,
    pub(super) files: Vec<Vec<RowClaim>>,
    pub(super) duplicates: BTreeMap<usize, u64>,
}

impl World {
    pub(super) fn new(policy: Restatements, files: &[Vec<Stated>]) -> Self {
        let files = files.iter().enumerate().map(|(object, file)| rows(object, file)).collect();
        Self { model: Model::new(policy), files, duplicates: BTreeMap::new() }
    }

    pub(super) fn happen(&mut self, event: &Event) {
        match event {
            Event::Read { object, claim_rows, rows } => self.read(*object, *claim_rows, *rows),
            Event::Settle { key: number, settle, accepted } => {
                if let Some(settlement) = self.model.settlement(&key(*number), settle.clone(), *accepted) {
                    self.model.settle(&settlement);
                }
            }
            Event::ClaimDue { key: number } => self.model.claim_due(&key(*number)),
        }
    }

    fn read(&mut self, object: usize, claim_rows: usize, until: Option<Index>) {
        let file = &self.files[object];
        let until = until.filter(|_| !file.is_empty()).map(|index| index.index(file.len()));
        let mut duplicates = 0;
        for rows in file[..until.unwrap_or(file.len())].chunks(claim_rows) {
            let claims = self.model.claim(rows);
            duplicates += claims.iter().filter(|claim| **claim == Claim::Duplicate).count() as u64;
        }
        if until.is_none() {
            self.duplicates.insert(object, duplicates);
        }
    }
}

pub(super) fn world_and_events() -> impl Strategy<Value = (Restatements, Vec<Vec<Stated>>, Vec<Event>)> {
    let files = prop::collection::vec(file(), OBJECTS);
    (policy(), files, prop::collection::vec(event(), 0..40))
}
