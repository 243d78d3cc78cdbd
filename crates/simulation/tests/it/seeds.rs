//! Seeds without deliberate bugs.

use std::ops::Range;

use simulation::{Options, Report, run};

/// Seeds that each test run plays; `make sim` plays more.
fn hold_every_rule(seeds: Range<u64>) {
    for report in seeds.map(|seed| run(seed, Options::default())) {
        let Report { seed, violation, .. } = report;
        assert!(violation.is_none(), "seed {seed} breaks a rule, see `make sim SEED={seed}`: {violation:?}");
    }
}

#[test]
fn the_first_hundred_hold_every_rule() {
    hold_every_rule(0..100);
}

#[test]
fn the_second_hundred_hold_every_rule() {
    hold_every_rule(100..200);
}

#[test]
fn the_third_hundred_hold_every_rule() {
    hold_every_rule(200..300);
}

#[test]
fn a_seed_is_the_same_each_time() {
    for seed in 0..25 {
        let [first, second] = [(); 2].map(|()| run(seed, Options::default()));
        assert_eq!(first, second);
        assert!(first.steps > 100, "{first:?}");
    }
}

#[test]
fn seeds_differ() {
    assert_ne!(run(1, Options::default()).hash, run(2, Options::default()).hash);
}
