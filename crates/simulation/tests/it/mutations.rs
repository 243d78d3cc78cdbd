//! Each deliberate bug is found.

use ports::mutations::{Mutation, with};
use simulation::{Options, Report, run};

/// A bug that more seeds do not show is not found.
const SEEDS: u64 = 1_000;

fn found(mutation: Mutation) -> Option<Report> {
    with(mutation, || (0..SEEDS).map(|seed| run(seed, Options::default())).find(|r| r.broken.is_some()))
}

#[test]
fn each_deliberate_bug_is_found() {
    let mut missed = Vec::new();
    for mutation in Mutation::ALL {
        match found(mutation) {
            Some(Report { seed, broken, .. }) => println!("{mutation:?}: seed {seed}: {broken:?}"),
            None => missed.push(mutation),
        }
    }
    assert!(missed.is_empty(), "not found within {SEEDS} seeds: {missed:?}");
}
