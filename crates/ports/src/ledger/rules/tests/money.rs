//! What comes of the money that a feed states, in whatever order and files it comes.

use domain::restate::Figures;
use domain::{Money, OddAmount, Outcome};
use proptest::prelude::*;

use super::model::{Model, policy_of};
use super::world::{KEYS, Stated, file, key, paid, policy, rows};
use crate::ledger::{Claim, Restatements, RowClaim, Settle};

/// Works on one key as a reporter does: takes what is due, and reports it.
fn work(model: &mut Model, number: usize) -> bool {
    let Some(entry) = model.entries.get(&key(number)) else { return false };
    match entry.standing.outcome {
        Outcome::Retry => model.claim_due(&key(number)),
        Outcome::InFlight => {}
        _ => return false,
    }
    let settlement = model.settlement(&key(number), Settle::Reported, 0).expect("an entry");
    model.settle(&settlement);
    true
}

/// The rows of a key that may be sent or wait, in the order in which they came.
fn stated(files: &[Vec<RowClaim>], number: usize) -> impl Iterator<Item = &RowClaim> {
    files.iter().flatten().filter(move |row| row.key == key(number) && row.has_events())
}

fn is_plausible(row: &RowClaim) -> bool {
    let limit = policy_of(Restatements::First).max_per_click;
    let Figures { count, revenue } = row.observed.unwrap_or_default();
    OddAmount::of(u32::try_from(count).expect("few"), revenue, limit) != Some(OddAmount::Implausible)
}

proptest! {
    #[test]
    fn what_is_reported_is_the_first_money_or_the_last(
        policy in policy(),
        files in prop::collection::vec((file(), 1..5_usize), 1..5),
        pauses in prop::collection::vec(prop::option::of(0..KEYS), 40),
    ) {
        let mut model = Model::new(policy);
        let mut pauses = pauses.into_iter();
        let cut: Vec<_> = files.iter().map(|(_, claim_rows)| *claim_rows).collect();
        let files: Vec<_> = files.iter().enumerate().map(|(object, (file, _))| rows(object, file)).collect();
        for (file, claim_rows) in files.iter().zip(cut) {
            for claim in file.chunks(claim_rows) {
                model.claim(claim);
                if let Some(Some(number)) = pauses.next() {
                    work(&mut model, number);
                }
            }
        }
        for number in 0..KEYS {
            while work(&mut model, number) {}
            let Some(entry) = model.entries.get(&key(number)) else { continue };
            let reported = entry.standing.reported;
            let money: Vec<_> = stated(&files, number).filter(|row| row.money().is_some()).collect();
            let plausible = money.iter().copied().find(|row| is_plausible(row)).and_then(RowClaim::money);
            if policy == Restatements::First {
                prop_assert_eq!(reported, plausible.unwrap_or_default(), "{:?}", entry);
            } else if plausible.is_some() && entry.standing.odd.is_none() {
                prop_assert!(reported.revenue > Money::ZERO, "{entry:?}");
            }
            let states_it = |row: &&RowClaim| row.money() == Some(reported);
            prop_assert!(reported == Figures::default() || money.iter().any(states_it), "{entry:?}");
            match entry.standing.outcome {
                Outcome::Reported if policy == Restatements::Increments => {
                    let last = stated(&files, number).filter_map(|row| row.observed).last().unwrap_or_default();
                    let is_left = last.count > reported.count && last.revenue > reported.revenue;
                    prop_assert!(!is_left, "{last:?} was stated last: {entry:?}");
                }
                Outcome::Reported => {}
                Outcome::Parked => prop_assert!(entry.standing.odd.is_some()),
                Outcome::Invalid | Outcome::NoEvents => prop_assert_eq!(stated(&files, number).count(), 0),
                outcome => prop_assert!(false, "{outcome} is not at rest"),
            }
        }
    }
}

fn claim(model: &mut Model, object: usize, stated: Stated) -> Claim {
    model.claim(&rows(object, &[stated])).remove(0)
}

const VIEW: Stated = Stated { views: true, ..paid(0, 0, 0) };

#[test]
fn the_first_money_is_never_a_duplicate() {
    for restatements in [Restatements::First, Restatements::Increments] {
        let mut model = Model::new(restatements);
        assert!(matches!(claim(&mut model, 0, VIEW), Claim::Held(_)));
        work(&mut model, 0);
        assert_eq!(claim(&mut model, 1, paid(0, 2, 900_000)), Claim::Duplicate);
        assert_eq!(model.entries[&key(0)].standing.outcome, Outcome::Retry, "{restatements:?}");
        work(&mut model, 0);
        let reported = Figures { count: 2, revenue: Money::from_micros(900_000) };
        assert_eq!(model.entries[&key(0)].standing.reported, reported);
        claim(&mut model, 2, paid(0, 3, 1_000_000));
        let is_sent = work(&mut model, 0);
        assert_eq!(is_sent, restatements == Restatements::Increments);
    }
}

#[test]
fn zero_makes_room_for_money() {
    let mut model = Model::new(Restatements::First);
    assert_eq!(claim(&mut model, 0, paid(0, 1, 0)), Claim::Stands(Outcome::Parked));
    assert!(matches!(claim(&mut model, 1, paid(0, 1, 500_000)), Claim::Held(_)));
    let left: Vec<_> = model.counted().map(|(_, outcome)| outcome).collect();
    assert_eq!(left, [Outcome::InFlight, Outcome::Invalid], "what was taken over does not wait any more");
    assert_eq!(claim(&mut model, 0, paid(0, 1, 0)), Claim::Stands(Outcome::Invalid));
}

#[test]
fn an_implausible_increment_waits_until_it_is_corrected() {
    let mut model = Model::new(Restatements::Increments);
    claim(&mut model, 0, paid(0, 1, 500_000));
    work(&mut model, 0);
    assert_eq!(claim(&mut model, 1, paid(0, 2, 90_000_000)), Claim::Duplicate);
    assert_eq!(model.entries[&key(0)].standing.odd, Some(OddAmount::Implausible));
    assert!(!work(&mut model, 0), "it waits");
    claim(&mut model, 2, paid(0, 2, 900_000));
    assert!(work(&mut model, 0), "the correction is due");
    let reported = Figures { count: 2, revenue: Money::from_micros(900_000) };
    assert_eq!(model.entries[&key(0)].standing.reported, reported);
}

#[test]
fn what_an_invalid_row_states_is_never_sent() {
    let mut model = Model::new(Restatements::Increments);
    claim(&mut model, 0, paid(0, 1, 500_000));
    // While the first is in flight.
    claim(&mut model, 1, Stated { pixel: false, ..paid(0, 3, 900_000) });
    claim(&mut model, 2, Stated { revenue: None, ..paid(0, 4, 0) });
    work(&mut model, 0);
    assert!(!work(&mut model, 0));
    let entry = model.entries[&key(0)].standing;
    assert_eq!((entry.outcome, entry.reported.count, entry.observed.count), (Outcome::Reported, 1, 3));
}
