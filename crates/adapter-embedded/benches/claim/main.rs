//! What the ledger's calls cost beside what it already holds.
//!
//! By itself it runs small; `LEDGER_KEYS=10000,2000000 LEDGER_ROUNDS=100` compares. All ledgers take part in each round, one after
//! the other, so that what else the machine does falls on all of them alike. Bytes are what the process wrote and read through the
//! operating system, the WAL and its checkpoints included: they show no noise.

#![expect(clippy::print_stdout, reason = "this is its report")]

mod filled;
mod meter;

use std::cell::Cell;

use ports::ledger::{Claim, DueLimits, RowClaim};
use ports::{LedgerAdmin, ReportLedger};

use filled::{Filled, ROWS, holder};
use meter::{Meter, Spent};

/// Calls before those that count: caches are warm in production.
const WARM_UP: u32 = 3;

/// What is done in a round.
#[derive(Debug, Clone, Copy)]
enum Work {
    /// Conversions that are new to the ledger.
    New,
    /// Rows of a file that was read before, a random one of the whole history.
    Redelivered,
    /// Other rows, with other figures, of conversions that such a file brought.
    Restated,
    /// Rows that were brought before, each at a place of its own in the whole history: as bad as it can be.
    Scattered,
    /// Half of the rows are new, half were brought lately: a file as it is.
    Mixed,
    /// A look for due work when there is nothing.
    NothingDue,
    /// The numbers for the gauges.
    Stats,
}

impl Work {
    const ALL: [Self; 7] = [
        Self::New,
        Self::Redelivered,
        Self::Restated,
        Self::Scattered,
        Self::Mixed,
        Self::NothingDue,
        Self::Stats,
    ];

    /// What is claimed; made beforehand, it does not count.
    fn rows(self, ledger: &Filled, round: u32) -> Vec<RowClaim> {
        match self {
            Self::New => ledger.new_rows(ROWS, round),
            Self::Redelivered => ledger.redelivered(),
            Self::Restated => ledger.restated(round),
            Self::Scattered => ledger.scattered(),
            Self::Mixed => {
                let mut rows = ledger.new_rows(ROWS / 2, round);
                rows.extend(ledger.lately(ROWS / 2));
                rows
            }
            Self::NothingDue | Self::Stats => Vec::new(),
        }
    }

    fn run(self, ledger: &Filled, rows: Vec<RowClaim>) -> Spent {
        let (meter, count) = (Meter::start(), rows.len());
        match self {
            Self::NothingDue => {
                let due = ledger.wait(ledger.ledger.claim_due(&DueLimits::of(500), &holder()));
                let spent = meter.stop();
                assert_eq!(due.expect("claim_due"), []);
                spent
            }
            Self::Stats => {
                let stats = ledger.wait(ledger.ledger.stats());
                let spent = meter.stop();
                let entries: u64 = stats.expect("stats").states.iter().map(|s| s.entries).sum();
                assert!(entries >= u64::from(ledger.keys), "{entries}");
                spent
            }
            claims => {
                let answers = ledger.wait(ledger.ledger.claim(rows, &holder())).expect("claim");
                let spent = meter.stop();
                let held = answers.iter().filter(|a| matches!(a, Claim::Held(_))).count();
                let expected = match claims {
                    Self::New => count,
                    Self::Mixed => count / 2,
                    _ => 0,
                };
                assert_eq!((answers.len(), held), (count, expected));
                spent
            }
        }
    }
}

fn main() {
    let keys = asked("LEDGER_KEYS", "100,200");
    let rounds = asked("LEDGER_ROUNDS", "2")[0];
    let ledgers: Vec<Filled> = keys.iter().map(|keys| Filled::with(*keys)).collect();
    for ledger in &ledgers {
        let first = Work::New.run(ledger, Work::New.rows(ledger, u32::MAX));
        println!("first claim beside {:>9} keys {:>10.2} ms", ledger.keys, first.milliseconds());
    }
    println!(
        "{:12} {:>9} {:>10} {:>10} {:>9} {:>9} {:>7}",
        "", "keys", "median ms", "mean ms", "KiB out", "KiB in", "ratio"
    );
    let round = Cell::new(0);
    for work in Work::ALL {
        let mut spent: Vec<Vec<Spent>> = vec![Vec::new(); ledgers.len()];
        for number in 0..rounds + WARM_UP {
            round.set(round.get() + 1);
            for (ledger, spent) in ledgers.iter().zip(&mut spent) {
                let one = work.run(ledger, work.rows(ledger, round.get()));
                if number >= WARM_UP {
                    spent.push(one);
                }
            }
        }
        report(work, &keys, &spent);
    }
}

fn report(work: Work, keys: &[u32], spent: &[Vec<Spent>]) {
    let base = meter::median(&spent[0]);
    for (keys, spent) in keys.iter().zip(spent) {
        let (median, mean) = (meter::median(spent), meter::mean(spent));
        let kib = |bytes: u64| bytes / 1024;
        println!(
            "{:12} {keys:>9} {median:>10.3} {:>10.3} {:>9} {:>9} {:>7.2}",
            format!("{work:?}"),
            mean.milliseconds(),
            kib(mean.written),
            kib(mean.read),
            median / base
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark has no settings of its own")]
fn asked(name: &str, default: &str) -> Vec<u32> {
    let asked = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    asked.split(',').map(|n| n.parse().expect("numbers with commas between")).collect()
}
