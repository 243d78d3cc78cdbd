//! Plays seeds: `sim --seeds 10000`, or one seed with a trace of every step: `sim --seed 42`.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use simulation::{Options, Report, run};

/// Threads that play; each seed is played by one.
const THREADS: u64 = 2;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--seed", seed] => seed.parse().map_or_else(|_| usage(), one),
        ["--seeds", count] => count.parse().map_or_else(|_| usage(), |count| many(0, count)),
        ["--seeds", count, "--from", first] => match (count.parse(), first.parse()) {
            (Ok(count), Ok(first)) => many(first, count),
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: sim --seeds COUNT [--from FIRST] | sim --seed SEED");
    ExitCode::from(64)
}

/// One seed, with a trace of every step and the logs of the services.
fn one(seed: u64) -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().init();
    let report = run(seed, Options { trace: true });
    eprintln!("{}", summary(&report));
    if report.violation.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Seeds from `first` on; stops at the first that breaks a rule.
fn many(first: u64, count: u64) -> ExitCode {
    let next = AtomicU64::new(first);
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed - first >= count {
                        break;
                    }
                    let report = run(seed, Options::default());
                    if report.violation.is_some() {
                        failed.store(true, Ordering::Relaxed);
                        eprintln!("{}", summary(&report));
                    }
                }
            });
        }
    });
    if failed.into_inner() {
        return ExitCode::FAILURE;
    }
    eprintln!("{count} seeds from {first} on: every rule held");
    ExitCode::SUCCESS
}

/// How a run ended, and how to replay it.
fn summary(report: &Report) -> String {
    let Report { seed, hash, steps, virtual_ms, violation } = report;
    let seconds = virtual_ms / 1_000;
    match violation {
        None => format!("seed {seed}: every rule held; {steps} steps, {seconds} s, digest {hash:016x}"),
        Some(violation) => format!(
            "seed {seed} breaks a rule after {steps} steps and {seconds} s, digest {hash:016x}:\n  {violation}\n  replay it: make sim SEED={seed}"
        ),
    }
}
