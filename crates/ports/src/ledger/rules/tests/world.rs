//! Files that feeds send, and what happens to a ledger that takes them in.

use std::collections::BTreeMap;

use domain::restate::Figures;
use domain::{ConversionKey, Money, Reason, UnixMillis};
use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{Model, PRICE, later};
use crate::ledger::{Claim, Restatements, RowClaim, RowVerdict, Settle, Source, WaitReason};

pub(super) const KEYS: usize = 3;
pub(super) const OBJECTS: usize = 3;

pub(super) fn key(number: usize) -> ConversionKey {
    ConversionKey::new(&format!("session {number}"), None)
}

pub(super) fn name(object: usize) -> String {
    format!("b/{object}")
}

/// A row before it has a place: the number of its key, its verdict, and the Purchases that it states.
pub(super) type Stated = (usize, RowVerdict, u32);

pub(super) fn stated() -> impl Strategy<Value = Stated> {
    let sendable = RowVerdict::Sendable { deadline: UnixMillis(99) };
    let invalid = RowVerdict::Invalid([Reason::InvalidPixel].into_iter().collect());
    let verdicts = prop::sample::select(vec![sendable, sendable, RowVerdict::NoEvents, invalid]);
    (0..KEYS, verdicts, 0..6_u32)
}

pub(super) fn file() -> impl Strategy<Value = Vec<Stated>> {
    prop::collection::vec(stated(), 0..8)
}

pub(super) fn rows(object: usize, file: &[Stated]) -> Vec<RowClaim> {
    let row = |(row, (number, verdict, purchases)): (usize, &Stated)| {
        let count = i64::from(*purchases);
        RowClaim {
            key: key(*number),
            source: Source { object: name(object), row: row as u64 },
            raw: String::new(),
            session_id: None,
            keyword_clicked: None,
            click_time: None,
            pixel: None,
            network: String::new(),
            observed: Figures { count, revenue: Money::from_micros(count * PRICE) },
            verdict: *verdict,
        }
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
