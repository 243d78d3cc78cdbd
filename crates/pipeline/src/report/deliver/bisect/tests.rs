//! The bisection against a destination that knows which events are bad.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Bisection, EventPlace, REQUESTS_PER_BAD_EVENT, Response};

const FULL: usize = 1_000;

#[derive(Debug, Default)]
struct Found {
    requests: usize,
    accepted: Vec<EventPlace>,
    bad: BTreeSet<EventPlace>,
}

/// Bisects conversions of one event each; `named` answers name the first bad event.
fn bisect(events: usize, bad: &BTreeSet<usize>, named: impl Fn(usize) -> bool) -> Found {
    let mut bisection = Bisection::new((0..events).map(|e| (e, 0)), FULL);
    let mut found = Found::default();
    loop {
        let sent = bisection.next_request();
        if sent.is_empty() {
            assert_eq!(bisection.rest().count(), 0);
            return found;
        }
        assert!(sent.len() <= FULL);
        found.requests += 1;
        let first = sent.iter().find(|(c, _)| bad.contains(c)).copied();
        let rejected = match first {
            None => {
                found.accepted.extend(&sent);
                bisection.record(sent, Response::Accepted)
            }
            Some(place) if named(found.requests) => bisection.record(sent, Response::Named(&[place])),
            Some(_) => bisection.record(sent, Response::Refused),
        };
        for place in rejected {
            assert!(found.bad.insert(place), "rejected twice");
        }
    }
}

fn check(events: usize, bad: &BTreeSet<usize>, named: impl Fn(usize) -> bool) -> Result<(), TestCaseError> {
    let found = bisect(events, bad, named);
    let rejected: BTreeSet<_> = found.bad.iter().map(|(c, _)| *c).collect();
    prop_assert_eq!(&rejected, bad);
    let accepted: BTreeSet<_> = found.accepted.iter().map(|(c, _)| *c).collect();
    prop_assert_eq!(accepted.len(), found.accepted.len(), "an event was accepted twice");
    prop_assert_eq!(accepted.len() + bad.len(), events, "an event was lost");
    let most = events.div_ceil(FULL) + REQUESTS_PER_BAD_EVENT * bad.len();
    prop_assert!(found.requests <= most, "{} requests, {} allowed", found.requests, most);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_repeated_and_few_requests_are_needed(
        events in 1_usize..2_500,
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        names in any::<u64>(),
    ) {
        let bad = chosen.iter().map(|i| i.index(events)).collect();
        check(events, &bad, |_| false)?;
        check(events, &bad, |request| names >> (request % 64) & 1 == 1)?;
    }
}

#[test]
fn one_bad_event_wherever_it_lies_and_nothing_but_bad_events() {
    for at in 0..FULL {
        check(FULL, &BTreeSet::from([at]), |_| false).unwrap();
    }
    let all = (0..FULL).collect();
    check(FULL, &all, |_| false).unwrap();
    // The groups become smaller until it sends one event at a time.
    assert!(bisect(FULL, &all, |_| false).requests < FULL + 100);
}

#[test]
fn a_sample_comes_from_all_over_and_is_another_each_turn() {
    let sample = |turn| {
        let mut bisection = Bisection::new((0..60).map(|e| (e, 0)), FULL);
        bisection.spread(6, turn);
        let sent: Vec<_> = (0..6).map(|_| bisection.next_request()).collect();
        assert!(sent.iter().all(|one| one.len() == 1));
        assert_eq!(bisection.rest().count(), 54, "nothing is lost");
        sent.into_iter().flatten().map(|(c, _)| c).collect::<Vec<_>>()
    };
    assert_eq!(sample(0), [9, 19, 29, 39, 49, 59]);
    assert_eq!(sample(3), [6, 16, 26, 36, 46, 56]);
    assert_eq!(sample(13), sample(3));
    let mut few = Bisection::new((0..2).map(|e| (e, 0)), FULL);
    few.spread(6, 5);
    assert_eq!(few.next_request().len() + few.rest().count(), 2);
}
