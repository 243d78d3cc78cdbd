//! Hours at a steady load, with faults: memory, descriptors, write-ahead logs and disk per conversion do not grow.
//!
//! `make soak MINUTES=60` runs it; it is not among the other tests.

use std::fs;
use std::path::Path;
use std::time::Duration;

use meta_sandbox::{Action, ErrorAnswer, Fault, Matcher};
use samples::{SampleNetwork, SampleSpec};
use serde_json::Value;

use crate::harness::{LONGEST, Running, Stopwatch, World, spec, wait_until};

const SERVICES: [&str; 3] = ["filter-svc", "reporter-svc", "optimizer-svc"];

/// A file comes every so often, with so many rows: enough to fill the caches of the databases in the first half of half an hour.
const PAUSE: Duration = Duration::from_millis(400);
const ROWS: usize = 120;

/// Short waits, so that few conversions are open at any time.
const WAITS: [(&str, &str); 2] = [("RETRY_FIRST_SECONDS", "1"), ("RETRY_LONGEST_SECONDS", "10")];

/// Measurements of a run. The first half warms up.
const SAMPLES: u32 = 120;

/// What may grow between the middle and the end of a run: caches still fill, and the index of the ledger has three bytes a key.
const MEMORY_SHARE: f64 = 0.08;
const DESCRIPTORS: f64 = 4.0;
const WAL_BYTES: f64 = 8.0 * 1024.0 * 1024.0;
const DISK_SHARE: f64 = 0.10;

/// The state of the system at one moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    minutes: f64,
    memory: f64,
    descriptors: f64,
    wal: f64,
    disk_per_conversion: f64,
}

#[test]
fn nothing_grows_at_a_steady_load() {
    let Some(minutes) = minutes() else {
        eprintln!("not run: it takes as long as `make soak` says");
        return;
    };
    let world = World::with_faults(faults());
    let running: Vec<_> = SERVICES.iter().map(|service| world.start_with(service, &[], &WAITS)).collect();
    let (clock, mut samples, mut files) = (Stopwatch::start(), Vec::new(), 0_u64);
    while clock.elapsed() < minutes {
        let spec = SampleSpec { ..spec(SampleNetwork::ALL[(files % 4) as usize], ROWS, files) };
        world.ok(&["ingest", world.sample("next.json", &spec).to_str().unwrap()]);
        files += 1;
        if clock.elapsed() >= minutes * u32::try_from(samples.len()).unwrap() / SAMPLES {
            samples.push(Sample::take(&world, &running, clock.elapsed(), files * ROWS as u64));
        }
        pause(PAUSE);
    }
    print(&samples);
    wait_until(LONGEST, "all conversions are reported", || {
        let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
        let entries = |state: &str| status["ledger"][state].as_u64().unwrap_or(0);
        entries("reported") + entries("no_events") == files * ROWS as u64
    });
    for process in running {
        assert_eq!(process.terminate(), Some(0));
    }
    assert_flat(&samples);
}

fn assert_flat(samples: &[Sample]) {
    let half = &samples[samples.len() / 2..];
    let [memory, descriptors, wal, disk] = [
        growth(half, |s| s.memory),
        growth(half, |s| s.descriptors),
        growth(half, |s| s.wal),
        growth(half, |s| s.disk_per_conversion),
    ];
    eprintln!("growth over the second half, by its slope:");
    eprintln!(
        "  memory {memory:.0} bytes, descriptors {descriptors:.1}, logs {wal:.0} bytes, disk {disk:.1} bytes a conversion"
    );
    let first = half[0];
    assert!(memory <= first.memory * MEMORY_SHARE, "memory grows: {memory} bytes");
    assert!(descriptors <= DESCRIPTORS, "descriptors grow: {descriptors}");
    assert!(wal <= WAL_BYTES, "write-ahead logs grow: {wal} bytes");
    assert!(disk <= first.disk_per_conversion * DISK_SHARE, "disk grows: {disk} bytes a conversion");
}

/// How much a figure grows from the first sample to the last, along the line that fits them all best.
fn growth(samples: &[Sample], figure: impl Fn(&Sample) -> f64) -> f64 {
    let n = samples.len() as f64;
    let mean_x = samples.iter().map(|s| s.minutes).sum::<f64>() / n;
    let mean_y = samples.iter().map(&figure).sum::<f64>() / n;
    let covariance: f64 = samples.iter().map(|s| (s.minutes - mean_x) * (figure(s) - mean_y)).sum();
    let variance: f64 = samples.iter().map(|s| (s.minutes - mean_x).powi(2)).sum();
    let time = samples.last().map_or(0.0, |last| last.minutes - samples[0].minutes);
    if variance > 0.0 { covariance / variance * time } else { 0.0 }
}

impl Sample {
    fn take(world: &World, running: &[Running], at: Duration, conversions: u64) -> Self {
        let data = world.path("data");
        Self {
            minutes: at.as_secs_f64() / 60.0,
            memory: running.iter().map(resident_bytes).sum(),
            descriptors: running.iter().map(descriptors).sum(),
            wal: bytes(&data, |name| name.ends_with("-wal")),
            disk_per_conversion: bytes(&data, |name| !name.ends_with("-wal") && !name.ends_with("-shm"))
                / conversions as f64,
        }
    }
}

fn resident_bytes(process: &Running) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}

fn descriptors(process: &Running) -> f64 {
    fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap().count() as f64
}

/// The bytes of the files below a folder whose names are wanted. Files may vanish meanwhile.
fn bytes(folder: &Path, wanted: impl Fn(&str) -> bool + Copy) -> f64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0.0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes(&entry.path(), wanted),
        Ok(metadata) if wanted(&entry.file_name().to_string_lossy()) => metadata.len() as f64,
        _ => 0.0,
    };
    entries.flatten().map(size).sum()
}

fn print(samples: &[Sample]) {
    eprintln!(
        "{:>8} {:>12} {:>12} {:>12} {:>18}",
        "minutes", "memory", "descriptors", "logs", "disk/conversion"
    );
    for s in samples {
        eprintln!(
            "{:>8.1} {:>12.0} {:>12.0} {:>12.0} {:>18.0}",
            s.minutes, s.memory, s.descriptors, s.wal, s.disk_per_conversion
        );
    }
}

/// Connections that break, errors that pass, rate limiting and late answers, all at low rates.
fn faults() -> Vec<Fault> {
    let share = |share, action| Fault { matcher: Matcher { share, seed: 1, ..Matcher::default() }, action };
    vec![
        share(0.02, Action::ResetBeforeAccepting),
        share(0.02, Action::ResetAfterAccepting),
        share(0.03, Action::Error(ErrorAnswer::default())),
        share(0.02, Action::LateAnswerMs(1_500)),
    ]
}

#[expect(clippy::disallowed_methods, reason = "the length of a run is set from outside the test")]
fn minutes() -> Option<Duration> {
    let minutes: u64 = std::env::var("EFFLUX_TEST_SOAK_MINUTES").ok()?.parse().unwrap();
    Some(Duration::from_secs(minutes * 60))
}

/// The load is steady in real time.
#[expect(clippy::disallowed_methods, reason = "the processes live in real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
