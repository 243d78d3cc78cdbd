//! Two filters and two reporters, killed again and again in the middle of their work, against a sandbox with faults. One file among
//! theirs is large, and one ends every process that filters it: it would become longer than a limit of the system lets a process
//! write. Only that one may become a dead letter, however often the processes are killed.
//!
//! `make chaos` runs it long and with the defaults of all settings; among the other tests it is short and has shorter waits. How they
//! are killed follows from the seed that it prints.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use chacha20::ChaCha8Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use meta_sandbox::{Action, ErrorAnswer, Fault, Matcher};
use rand::{RngExt, SeedableRng};
use samples::{SampleNetwork, generate};
use serde_json::Value;

use crate::harness::{Running, World, events_of, now_s, spec, wait_until};

/// From the last kill to the end: with its defaults a conversion may wait a quarter of an hour between two attempts.
const LONGEST_END: Duration = Duration::from_secs(1_800);

const SERVICES: [&str; 4] = ["filter-svc", "filter-svc", "reporter-svc", "reporter-svc"];

/// Short waits, so that another process soon takes over from a killed one.
const SHORT: [(&str, &str); 6] = [
    ("META_REQUEST_TIMEOUT_MS", "1000"),
    ("META_CONNECT_TIMEOUT_MS", "1000"),
    ("LEASE_SECONDS", "17"),
    ("QUEUE_VISIBILITY_SECONDS", "4"),
    ("RETRY_FIRST_SECONDS", "1"),
    ("RETRY_LONGEST_SECONDS", "4"),
];

/// What the harness shortens, at its default.
const DEFAULTS: [(&str, &str); 2] = [("LEASE_SECONDS", "120"), ("PIXELS_REFRESH_SECONDS", "5")];

/// Memory and lengths of files that a process may have. What is over the first makes an allocation fail, which aborts the process;
/// what is over the second ends it by SIGXFSZ.
const LIMITS: [&str; 2] = ["--data=536870912", "--fsize=67108864"];

const ROWS: usize = 30;

/// Rows of the large file; its filtered file does not fit into memory that a spool may use.
const MANY_ROWS: usize = 6_000;

/// Rows of the deadly file and bytes of each: together more than a file may have.
const DEADLY_ROWS: usize = 1_600;
const DEADLY_ROW_BYTES: usize = 48_000;

#[test]
fn killed_at_random_nothing_is_lost_and_nothing_counts_twice() {
    let (kills, files) = (size("EFFLUX_TEST_CHAOS_KILLS", 12), size("EFFLUX_TEST_CHAOS_FILES", 24));
    let seed = size("EFFLUX_TEST_CHAOS_SEED", u64::try_from(now_s()).unwrap());
    eprintln!("chaos: {kills} kills, {files} files, EFFLUX_TEST_CHAOS_SEED={seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let world = World::with_faults(faults(seed));
    let settings: &[_] = if size("EFFLUX_TEST_CHAOS_DEFAULTS", 0) == 0 { &SHORT } else { &DEFAULTS };
    let mut services = Services::start(&world, settings);
    let mut expected = Expected::default();
    expected.add(&world, files, MANY_ROWS, &mut rng);
    add_deadly(&world);
    for step in 0..kills.max(files) {
        if step < files {
            expected.add(&world, step, ROWS, &mut rng);
        }
        if step < kills {
            pause(rng.random_range(50..900));
            services.kill_one(&mut rng);
        }
    }
    wait_until(LONGEST_END, "every file has a receipt and nothing is open, but one dead letter", || {
        services.start_again();
        asked(&world, expected.objects).is_some_and(|status| expected.is_done(&status))
    });
    expected.check(&world);
    eprintln!("chaos: {} processes were ended by the deadly file", services.ended);
    services.stop();
    let reason = world.ok(&["dlq", "list"]);
    assert!(reason.contains("ended 3 times without a result") && reason.contains("SIGXFSZ"), "{reason}");
}

#[test]
fn a_deadly_file_costs_one_process_and_no_neighbour() {
    let world = World::new();
    let mut services = Services::start(&world, &SHORT);
    let mut expected = Expected::default();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    add_deadly(&world);
    (0..8).for_each(|number| expected.add(&world, number, ROWS, &mut rng));
    wait_until(LONGEST_END, "all but the deadly file is reported", || {
        services.start_again();
        asked(&world, expected.objects).is_some_and(|status| expected.is_done(&status))
    });
    expected.check(&world);
    assert_eq!(services.ended, 1, "the first attempt is in company, all others have a process of their own");
    services.stop();
}

/// What must be true at the end, from the rows alone.
#[derive(Default)]
struct Expected {
    objects: u64,
    rows: u64,
    conversions: u64,
    events: u64,
    /// Value of the Purchases by pixel, in millionths.
    micros: BTreeMap<String, i128>,
}

impl Expected {
    /// Ingests a file, every fourth twice: what comes again is a duplicate.
    fn add(&mut self, world: &World, number: u64, rows: usize, rng: &mut ChaCha8Rng) {
        let network = SampleNetwork::ALL[(number % 4) as usize];
        let spec = spec(network, rows, rng.random());
        let path = world.sample(&format!("{number}.json"), &spec);
        let times = if number % 4 == 3 { 2 } else { 1 };
        for _ in 0..times {
            world.ok(&["ingest", path.to_str().unwrap()]);
        }
        self.objects += times;
        self.rows += times * rows as u64;
        self.conversions += rows as u64;
        for row in &generate(&spec).rows {
            self.events += events_of(row);
            let row: Value = serde_json::from_str(row).unwrap();
            if row["conversions"].as_u64() > Some(0) {
                let pixel = row["pixel_id"].as_str().unwrap().to_owned();
                *self.micros.entry(pixel).or_default() += micros(&row["revenue"].to_string());
            }
        }
    }

    fn is_done(&self, status: &Value) -> bool {
        let entries = |state: &str| status["ledger"][state].as_u64().unwrap_or(0);
        status["files"].as_array().unwrap().len() as u64 == self.objects
            && entries("reported") + entries("no_events") == self.conversions
            && status["queues"]["trigger"]["dead"] == 1
    }

    fn check(&self, world: &World) {
        let status = status(world, self.objects);
        let queues = &status["queues"];
        assert_eq!(
            (queues["trigger"]["dead"].as_u64(), queues["report"]["dead"].as_u64()),
            (Some(1), Some(0)),
            "{}",
            world.ok(&["dlq", "list"])
        );
        let mut rows = 0;
        for file in status["files"].as_array().unwrap() {
            let receipt = &file["receipt"];
            let outcomes = receipt["outcomes"].as_array().unwrap();
            let sum: u64 = outcomes.iter().map(|o| o["rows"].as_u64().unwrap()).sum();
            assert_eq!((receipt["rows_in"].as_u64(), receipt["complete"].as_bool()), (Some(sum), Some(true)));
            rows += sum;
        }
        assert_eq!(rows, self.rows, "rows in the receipts");
        let stats = world.sandbox.stats();
        eprintln!("chaos: {} events, {} resent under their ids", self.events, stats.repeated_events());
        assert_eq!(stats.accepted_events(), self.events, "different events that the sandbox has");
        for (pixel, expected) in &self.micros {
            let value = stats.pixels[pixel].names["Purchase"].value["USD"].to_string();
            assert_eq!(micros(&value), *expected, "value of the Purchases of pixel {pixel}");
        }
    }
}

/// Answers that are lost after acceptance, connections that break before, errors that pass, and rate limiting.
fn faults(seed: u64) -> Vec<Fault> {
    let share = |share, action| Fault { matcher: Matcher { share, seed, ..Matcher::default() }, action };
    let rate_limited = ErrorAnswer { status: 429, code: 4, is_transient: true, ..ErrorAnswer::default() };
    vec![
        share(0.06, Action::ResetBeforeAccepting),
        share(0.06, Action::ResetAfterAccepting),
        share(0.05, Action::Error(ErrorAnswer::default())),
        share(
            0.01,
            Action::Error(ErrorAnswer {
                headers: [("Retry-After".to_owned(), "1".to_owned())].into(),
                ..rate_limited
            }),
        ),
        share(0.02, Action::LateAnswerMs(1_500)),
    ]
}

/// A file whose rows are all kept. Packed it is small; what is kept of it is longer than a process may write.
fn add_deadly(world: &World) {
    let spec = spec(SampleNetwork::Tonic, DEADLY_ROWS, 7);
    let rows = generate(&spec).rows.into_iter().map(|row| {
        let padding = DEADLY_ROW_BYTES - row.len();
        row.replacen('{', &format!("{{\"padding\": \"{}\", ", "x".repeat(padding)), 1)
    });
    let text = format!("[{}]", rows.collect::<Vec<_>>().join(","));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    let path = world.file("deadly.json", packed.finish().unwrap());
    world.ok(&["ingest", path.to_str().unwrap(), "--network", "tonic"]);
}

/// The services, as a supervisor keeps them up.
struct Services<'w> {
    world: &'w World,
    settings: &'w [(&'w str, &'w str)],
    running: Vec<Running>,
    /// Processes that ended by themselves.
    ended: usize,
}

impl<'w> Services<'w> {
    fn start(world: &'w World, settings: &'w [(&'w str, &'w str)]) -> Self {
        let mut services = Self { world, settings, running: Vec::new(), ended: 0 };
        services.running = SERVICES.iter().map(|service| services.start_one(service)).collect();
        services
    }

    fn start_one(&self, service: &str) -> Running {
        self.world.start_within(&LIMITS, service, &[], self.settings)
    }

    fn kill_one(&mut self, rng: &mut ChaCha8Rng) {
        self.start_again();
        let victim = rng.random_range(0..SERVICES.len());
        let fresh = self.start_one(SERVICES[victim]);
        std::mem::replace(&mut self.running[victim], fresh).kill();
    }

    fn start_again(&mut self) {
        for (place, service) in SERVICES.iter().enumerate() {
            if !self.running[place].is_up() {
                self.running[place] = self.start_one(service);
                self.ended += 1;
            }
        }
    }

    fn stop(self) {
        for process in self.running {
            assert_eq!(process.terminate(), Some(0));
        }
    }
}

fn status(world: &World, files: u64) -> Value {
    asked(world, files).expect("every part can be asked")
}

/// The status; `None` while a part cannot be asked, for example a database that a killed process had open.
fn asked(world: &World, files: u64) -> Option<Value> {
    const UNAVAILABLE: i32 = 69;
    let output = world.output(&["status", "--json", "--files", &(files + 1).to_string()]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | UNAVAILABLE)), "{}: {error}", output.status);
    output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
}

/// Decimal text in millionths, exactly.
fn micros(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{fraction:0<6}");
    assert_eq!(digits.len(), 6, "more than six decimals: {text}");
    whole.parse::<i128>().unwrap() * 1_000_000 + digits.parse::<i128>().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the length of a run is set from outside the test")]
fn size(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Lets the processes run for a random time: the test varies the moment of the kill.
#[expect(clippy::disallowed_methods, reason = "the processes live in real time")]
fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
