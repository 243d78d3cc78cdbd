//! What holds whatever happens, in whatever order.

mod model;

use std::collections::BTreeMap;

use domain::restate::Figures;
use domain::{ConversionKey, Money, Outcome, Reason, UnixMillis};
use proptest::prelude::*;
use proptest::sample::Index;

use super::gives_way;
use crate::ledger::{
    Claim, Lease, Part, Restatements, RowClaim, RowVerdict, Settle, Settled, Source, WaitReason,
};
use model::{Model, PRICE, later};

const KEYS: usize = 3;
const OBJECTS: usize = 3;

fn key(number: usize) -> ConversionKey {
    ConversionKey::new(&format!("session {number}"), None)
}

fn name(object: usize) -> String {
    format!("b/{object}")
}

/// A row before it has a place: the number of its key, its verdict, and the Purchases that it states.
type Stated = (usize, RowVerdict, u32);

fn stated() -> impl Strategy<Value = Stated> {
    let sendable = RowVerdict::Sendable { deadline: UnixMillis(99) };
    let invalid = RowVerdict::Invalid([Reason::InvalidPixel].into_iter().collect());
    let verdicts = prop::sample::select(vec![sendable, sendable, RowVerdict::NoEvents, invalid]);
    (0..KEYS, verdicts, 0..6_u32)
}

fn file() -> impl Strategy<Value = Vec<Stated>> {
    prop::collection::vec(stated(), 0..8)
}

fn rows(object: usize, file: &[Stated]) -> Vec<RowClaim> {
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

fn policy() -> impl Strategy<Value = Restatements> {
    prop::sample::select(vec![Restatements::First, Restatements::Increments])
}

fn settle() -> impl Strategy<Value = Settle> {
    let rejected = Settle::Rejected { reason: "100/1".to_owned() };
    let (retry, parked) = (later(WaitReason::Transient), later(WaitReason::NoWorkingCredential));
    let reported = Settle::Reported;
    let all =
        [reported.clone(), reported, Settle::Retry(retry), Settle::Parked(parked), rejected, Settle::Expired];
    prop::sample::select(all.to_vec())
}

/// What happens to a ledger.
#[derive(Debug, Clone)]
enum Event {
    /// An object is read: to its end, or until a crash, so many rows in each claim.
    Read { object: usize, claim_rows: usize, rows: Option<Index> },
    /// The holder of an entry settles it, after so many further events were accepted.
    Settle { key: usize, settle: Settle, accepted: u32 },
    /// An entry that is due is claimed; so is one whose lease ran out.
    ClaimDue { key: usize },
}

fn event() -> impl Strategy<Value = Event> {
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
struct World {
    model: Model,
    files: Vec<Vec<RowClaim>>,
    duplicates: BTreeMap<usize, u64>,
}

impl World {
    fn new(policy: Restatements, files: &[Vec<Stated>]) -> Self {
        let files = files.iter().enumerate().map(|(object, file)| rows(object, file)).collect();
        Self { model: Model::new(policy), files, duplicates: BTreeMap::new() }
    }

    fn happen(&mut self, event: &Event) {
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

fn world_and_events() -> impl Strategy<Value = (Restatements, Vec<Vec<Stated>>, Vec<Event>)> {
    let files = prop::collection::vec(file(), OBJECTS);
    (policy(), files, prop::collection::vec(event(), 0..40))
}

proptest! {
    #[test]
    fn what_was_reported_stays_reported((policy, files, events) in world_and_events()) {
        let mut world = World::new(policy, &files);
        for event in &events {
            let before = world.model.clone();
            world.happen(event);
            for (key, before) in &before.entries {
                let after = &world.model.entries[key];
                let (was, is) = (before.standing, after.standing);
                prop_assert!(is.reported.count >= was.reported.count, "{was:?} became {is:?}");
                prop_assert!(is.reported.revenue >= was.reported.revenue, "{was:?} became {is:?}");
                prop_assert!(after.accepted.events >= before.accepted.events);
                prop_assert!(is.attempt >= was.attempt, "a lease was given twice");
                prop_assert!(gives_way(was.outcome) || !gives_way(is.outcome), "{was:?} became {is:?}");
                let wholly_reported = was.outcome == Outcome::Reported;
                if wholly_reported && policy == Restatements::First {
                    prop_assert_eq!(is.outcome, Outcome::Reported);
                }
                if wholly_reported && is.outcome != Outcome::Reported {
                    prop_assert!(matches!(after.part, Part::Increment { purchases: 1.., .. }), "{after:?}");
                    prop_assert_eq!(&after.source, &before.source);
                }
            }
        }
    }

    #[test]
    fn the_outcomes_of_an_object_add_up_to_its_rows((policy, files, events) in world_and_events()) {
        let mut world = World::new(policy, &files);
        for event in &events {
            world.happen(event);
            for (object, duplicates) in &world.duplicates {
                let of_object = world.model.counted().filter(|(source, _)| source.object == name(*object));
                let sum = of_object.count() as u64 + duplicates;
                prop_assert_eq!(sum, world.files[*object].len() as u64);
            }
        }
    }

    #[test]
    fn rows_that_are_claimed_again_change_nothing(
        (policy, files, events) in world_and_events(),
        object in 0..OBJECTS,
    ) {
        let mut world = World::new(policy, &files);
        events.iter().for_each(|event| world.happen(event));
        let rows = world.files[object].clone();
        let first = world.model.claim(&rows);
        let before = world.model.clone();
        let second = world.model.claim(&rows);
        prop_assert_eq!(&world.model, &before);
        let counted: BTreeMap<_, _> =
            before.counted().map(|(source, outcome)| ((&source.object, source.row), outcome)).collect();
        for ((row, first), second) in rows.iter().zip(&first).zip(&second) {
            prop_assert_eq!(*first == Claim::Duplicate, *second == Claim::Duplicate);
            let expected = match counted.get(&(&row.source.object, row.source.row)) {
                Some(outcome) => Claim::Stands(*outcome),
                None => Claim::Duplicate,
            };
            prop_assert_eq!(second, &expected);
        }
    }

    #[test]
    fn the_first_sendable_row_leads_wherever_it_stands(file in file()) {
        let rows = rows(0, &file);
        let claims = Model::new(Restatements::First).claim(&rows);
        for number in 0..KEYS {
            let of_key: Vec<_> = rows.iter().zip(&claims).filter(|(row, _)| row.key == key(number)).collect();
            let leads = of_key.iter().position(|(row, _)| row.is_sendable()).unwrap_or(0);
            for (place, (row, claim)) in of_key.into_iter().enumerate() {
                let expected = match (place == leads, row.is_sendable()) {
                    (true, true) => Claim::Held(Lease { key: row.key, attempt: 1 }),
                    (true, false) => Claim::Stands(row.outcome()),
                    (false, _) => Claim::Duplicate,
                };
                prop_assert_eq!(claim, &expected);
            }
        }
    }

    #[test]
    fn neither_order_nor_neighbours_change_what_is_counted(
        (file, shuffled) in file().prop_flat_map(|file| (Just(file.clone()), Just(file).prop_shuffle())),
    ) {
        let counted = |rows: &[RowClaim], claims: &[Claim]| {
            let mut counts: BTreeMap<ConversionKey, [u32; 3]> = BTreeMap::new();
            for (row, claim) in rows.iter().zip(claims) {
                let kind = match claim {
                    Claim::Held(_) => 0,
                    Claim::Stands(_) => 1,
                    Claim::Duplicate => 2,
                };
                counts.entry(row.key).or_default()[kind] += 1;
            }
            counts
        };
        let rows_in_order = rows(0, &file);
        let together = Model::new(Restatements::First).claim(&rows_in_order);
        let rows_shuffled = rows(0, &shuffled);
        let claims = Model::new(Restatements::First).claim(&rows_shuffled);
        prop_assert_eq!(counted(&rows_shuffled, &claims), counted(&rows_in_order, &together));

        let mut alone = Model::new(Restatements::First);
        for number in 0..KEYS {
            let of_key = |row: &RowClaim| row.key == key(number);
            let own: Vec<_> = rows_in_order.iter().filter(|row| of_key(row)).cloned().collect();
            let answers = rows_in_order.iter().zip(&together).filter(|(row, _)| of_key(row));
            let answers: Vec<_> = answers.map(|(_, claim)| claim.clone()).collect();
            prop_assert_eq!(alone.claim(&own), answers);
        }
    }

    #[test]
    fn however_a_file_is_cut_each_key_is_held_once(file in file(), claim_rows in 1..9_usize) {
        let rows = rows(0, &file);
        let mut model = Model::new(Restatements::First);
        let claims: Vec<_> = rows.chunks(claim_rows).flat_map(|rows| model.claim(rows)).collect();
        for number in 0..KEYS {
            let of_key = |row: &RowClaim| row.key == key(number);
            let sendable = rows.iter().any(|row| of_key(row) && row.is_sendable());
            let held = rows.iter().zip(&claims).filter(|(row, claim)| {
                of_key(row) && matches!(claim, Claim::Held(_))
            });
            prop_assert_eq!(held.count(), usize::from(sendable));
        }
    }

    #[test]
    fn a_late_settlement_changes_nothing(
        (policy, files, events) in world_and_events(),
        number in 0..KEYS,
        settle in settle(),
        other_attempt in any::<bool>(),
    ) {
        let mut world = World::new(policy, &files);
        events.iter().for_each(|event| world.happen(event));
        let Some(mut settlement) = world.model.settlement(&key(number), settle, 9) else { return Ok(()) };
        if other_attempt {
            settlement.lease.attempt += 1;
        } else if world.model.settle(&settlement) == Settled::Late {
            prop_assert_ne!(world.model.entries[&key(number)].standing.outcome, Outcome::InFlight);
        }
        // Once settled, no lease holds the entry.
        let before = world.model.clone();
        prop_assert_eq!(world.model.settle(&settlement), Settled::Late);
        prop_assert_eq!(&world.model, &before);
    }
}

#[test]
fn an_entry_of_unknown_figures_never_grows() {
    let rows = rows(0, &[(0, RowVerdict::Sendable { deadline: UnixMillis(99) }, 5)]);
    let mut model = Model::new(Restatements::Increments);
    model.claim(&rows);
    let settlement = model.settlement(&key(0), Settle::Reported, 0).expect("an entry");
    assert_eq!(model.settle(&settlement), Settled::Done);
    let mut unknown = model.entries[&key(0)].standing;
    unknown.figures_unknown = true;
    let mut transition = super::Transition::of(unknown, Restatements::Increments);
    let mut restated = rows[0].clone();
    (restated.source.row, restated.observed.count) = (1, 7);
    assert_eq!(transition.apply(0, &restated, super::Relation::Other), Claim::Duplicate);
    assert!(matches!(transition.change(), Some(super::Change::Observe { increment: None, .. })));
}
