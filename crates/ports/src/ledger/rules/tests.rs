//! What holds whatever happens, in whatever order.

mod model;
mod money;
mod world;

use std::collections::BTreeMap;

use domain::{ConversionKey, Outcome};
use proptest::prelude::*;

use super::standing::rank;
use crate::ledger::{Claim, Erasure, Lease, Portion, Restatements, RowClaim, Settle, Settled};
use model::{Model, policy_of};
use world::{Event, KEYS, OBJECTS, World, file, key, name, paid, rows, settle, world_and_events};

/// Nothing was sent of an entry in this state.
const fn gives_way(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Invalid | Outcome::NoEvents)
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
                let is_final = was.outcome.is_end() && !wholly_reported && !gives_way(was.outcome);
                prop_assert!(!is_final || is.outcome == was.outcome, "{was:?} became {is:?}");
                if wholly_reported && policy == Restatements::First && was.reported.count > 0 {
                    prop_assert_eq!(is.outcome, Outcome::Reported);
                }
                if wholly_reported && is.outcome != Outcome::Reported {
                    prop_assert!(matches!(is.portion, Portion::Increment { purchases: 1.., .. }), "{after:?}");
                    prop_assert_eq!(&after.source, &before.source);
                }
            }
        }
    }

    #[test]
    fn a_settlement_leads_where_it_says((policy, files, events) in world_and_events()) {
        let mut world = World::new(policy, &files);
        for event in &events {
            let before = world.model.clone();
            world.happen(event);
            let Event::Settle { key: number, settle, .. } = event else { continue };
            let Some(was) = before.entries.get(&key(*number)) else { continue };
            let is = &world.model.entries[&key(*number)];
            if was.standing.outcome != Outcome::InFlight {
                prop_assert_eq!(is, was);
                continue;
            }
            let reported = is.standing.reported;
            let stated = was.standing.wanted.unwrap_or_default();
            let grown = stated.count - reported.count;
            let has_grown = grown > 0 && stated.revenue > reported.revenue;
            let may_grow = policy == Restatements::Increments || reported.count == 0;
            let goes_on = may_grow && *settle == Settle::Reported && has_grown;
            let waits = if is.standing.odd.is_some() { Outcome::Parked } else { Outcome::Retry };
            prop_assert_eq!(is.standing.outcome, if goes_on { waits } else { settle.outcome() });
            if let (true, Portion::Increment { first, purchases, value }) = (goes_on, is.standing.portion) {
                prop_assert_eq!((i64::from(first), i64::from(purchases)), (reported.count, grown));
                prop_assert_eq!(value, stated.revenue - reported.revenue);
            }
        }
    }

    #[test]
    fn only_money_reopens_a_reported_entry((policy, files, events) in world_and_events()) {
        let mut world = World::new(policy, &files);
        for event in &events {
            let before = world.model.clone();
            world.happen(event);
            if !matches!(event, Event::Read { .. }) {
                continue;
            }
            for (key, was) in before.entries {
                let is = &world.model.entries[&key];
                if was.standing.outcome != Outcome::Reported || is.standing.outcome == Outcome::Reported {
                    continue;
                }
                let of_key = world.files.iter().flatten().filter(|row| row.key == key);
                let most = of_key.filter_map(RowClaim::money).map(|money| money.count).max();
                prop_assert!(most >= Some(is.standing.reported.count + i64::from(is.to_send())), "{is:?}");
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
            let stands = match counted.get(&(&row.source.object, row.source.row)) {
                Some(outcome) => Claim::Stands(*outcome),
                None => Claim::Duplicate,
            };
            prop_assert_eq!(second, &stands);
            let attempt = before.entries[&row.key].standing.attempt;
            match first {
                Claim::Held(lease) => prop_assert_eq!(lease.attempt, attempt),
                // A row that comes after its own in the claim may have added an increment.
                Claim::Stands(_) | Claim::Duplicate => {}
            }
        }
    }

    #[test]
    fn the_first_of_the_best_rows_leads_wherever_it_stands(file in file()) {
        let rows = rows(0, &file);
        let mut model = Model::new(Restatements::First);
        let claims = model.claim(&rows);
        for number in 0..KEYS {
            let of_key: Vec<_> = rows.iter().zip(&claims).filter(|(row, _)| row.key == key(number)).collect();
            let best = of_key.iter().map(|(row, _)| rank(row)).max();
            let leads = of_key.iter().position(|(row, _)| Some(rank(row)) == best).unwrap_or(0);
            // What the feed stated last, but not before what the row that leads states.
            let is_silent = of_key.get(leads).is_some_and(|(row, _)| row.observed.is_none());
            let from = if is_silent { 0 } else { leads.min(of_key.len()) };
            let latest = of_key[from..].iter().filter_map(|(row, _)| row.observed).next_back();
            let entry = model.entries.get(&key(number));
            prop_assert_eq!(entry.map(|entry| entry.standing.observed), entry.map(|_| latest.unwrap_or_default()));
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
    let rows = rows(0, &[paid(0, 5, 500_000)]);
    let mut model = Model::new(Restatements::Increments);
    model.claim(&rows);
    let settlement = model.settlement(&key(0), Settle::Reported, 0).expect("an entry");
    assert_eq!(model.settle(&settlement), Settled::Done);
    let mut unknown = model.entries[&key(0)].standing;
    unknown.figures_unknown = true;
    let mut transition = super::Transition::of(unknown, policy_of(Restatements::Increments));
    let restated = &world::rows(1, &[paid(0, 7, 900_000)])[0];
    assert_eq!(transition.apply(0, restated, super::Relation::Other), Claim::Duplicate);
    assert!(matches!(transition.change(), Some(super::Change::Observe { increment: None, .. })));
}

#[test]
fn a_row_that_is_taken_over_in_its_own_claim_keeps_its_outcome() {
    let rows = rows(0, &[paid(0, 0, 0), paid(0, 2, 500_000)]);
    let mut model = Model::new(Restatements::First);
    assert_eq!(model.claim(&rows[..1]), [Claim::Stands(Outcome::NoEvents)]);
    let held = Claim::Held(Lease { key: key(0), attempt: 1 });
    assert_eq!(model.claim(&rows), [Claim::Stands(Outcome::NoEvents), held]);
    let again = [Claim::Stands(Outcome::NoEvents), Claim::Stands(Outcome::InFlight)];
    assert_eq!(model.claim(&rows), again);
}

#[test]
fn what_was_erased_never_grows_and_gives_way_only_after_its_time() {
    let [invalid, reported] = [Outcome::Invalid, Outcome::Reported].map(|outcome| {
        move |erased| super::Standing {
            outcome,
            attempt: 1,
            observed: domain::restate::Figures::default(),
            reported: domain::restate::Figures::default(),
            wanted: None,
            odd: None,
            portion: Portion::Full,
            figures_unknown: false,
            erased,
        }
    });
    let row = rows(1, &[paid(0, 5, 500_000)]).remove(0);
    let claim = |standing| {
        let mut transition = super::Transition::of(standing, policy_of(Restatements::Increments));
        let claim = transition.apply(0, &row, super::Relation::Other);
        let grows = matches!(transition.change(), Some(super::Change::Observe { increment: Some(_), .. }));
        (matches!(claim, Claim::Held(_)), grows)
    };
    assert_eq!(claim(invalid(None)), (true, false));
    assert_eq!(claim(invalid(Some(Erasure::Retention))), (true, false));
    assert_eq!(claim(invalid(Some(Erasure::Request))), (false, false));
    assert_eq!(claim(reported(None)), (false, true));
    assert_eq!(claim(reported(Some(Erasure::Retention))), (false, false));
    assert_eq!(claim(reported(Some(Erasure::Request))), (false, false));
}
