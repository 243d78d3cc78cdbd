//! Seeds without deliberate bugs.

use simulation::{Options, Report, run};

/// Seeds that each test run plays; `make sim` plays more.
const SEEDS: u64 = 300;

/// Threads that play them.
const THREADS: u64 = 2;

fn broken(first: u64) -> Option<Report> {
    let seeds = (first..SEEDS).step_by(usize::try_from(THREADS).expect("two"));
    seeds.map(|seed| run(seed, Options::default())).find(|report| report.broken.is_some())
}

#[test]
fn every_rule_holds() {
    let players: Vec<_> = (0..THREADS).map(|first| std::thread::spawn(move || broken(first))).collect();
    for player in players {
        if let Some(report) = player.join().expect("no panic") {
            panic!("seed {} breaks a rule, see `make sim SEED={0}`: {:?}", report.seed, report.broken);
        }
    }
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
