//! A process that may open too few files: a limit of the machine, and no fault of a file.

use std::fs;
use std::path::Path;

use samples::SampleNetwork;
use serde_json::Value;

use crate::harness::{LONGEST, Running, World, events_in, spec, wait_until};

/// Descriptors beyond those of a process without work: enough to start, too few for all files at once.
const SPARE: [usize; 2] = [2, 5];

/// What a process had in flight when it ended comes again soon.
const SHORT: [(&str, &str); 1] = [("QUEUE_VISIBILITY_SECONDS", "5")];

/// Each file is longer than what a spool keeps in memory: its rows are long, so that they need not be many.
const ROWS: usize = 1_000;
const NOTE_BYTES: usize = 4_000;
const FILES: u64 = 4;

#[test]
fn a_process_that_may_open_few_files_blames_none_of_those_it_cannot_open() {
    for spare in SPARE {
        let world = World::new();
        let limit = format!("--nofile={}", opened_by_an_idle_process(&world) + spare);
        let mut events = 0;
        for seed in 0..FILES {
            let spec = spec(SampleNetwork::Tonic, ROWS, 700 + seed);
            events += events_in(&spec);
            let file = world.sample(&format!("{seed}.json"), &spec);
            make_long(&file);
            world.ok(&["ingest", file.to_str().unwrap()]);
        }
        let running = world.start_within(&[&limit], "efflux", &["run"], &SHORT);
        wait_until(LONGEST, "it meets the limit", || {
            let log = fs::read_to_string(world.path("efflux.log")).unwrap();
            // SQLite has words of its own for it.
            ["Too many open files", "unable to open database file"].iter().any(|words| log.contains(words))
        });
        assert_eq!(running.terminate(), Some(0));
        let _running = world.start_with("efflux", &["run"], &SHORT);
        wait_until(LONGEST, "all events have arrived", || {
            assert_eq!(world.ok(&["dlq", "list"]), "", "no message is dead-lettered for it");
            world.sandbox.stats().accepted_events() >= events
        });
        assert_eq!(world.sandbox.stats().accepted_events(), events);
    }
}

/// Adds a long field to each row, which no one reads.
fn make_long(file: &Path) {
    let mut rows: Vec<Value> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for row in &mut rows {
        row["note"] = "n".repeat(NOTE_BYTES).into();
    }
    let text = serde_json::to_string(&rows).unwrap();
    assert!(text.len() > ports::blob::SPOOL_BYTES);
    fs::write(file, text).unwrap();
}

fn opened_by_an_idle_process(world: &World) -> usize {
    let running = world.start("efflux", &["run"]);
    let opened = |running: &Running| {
        fs::read_dir(format!("/proc/{}/fd", running.id())).map_or(0, |open| open.flatten().count())
    };
    // The databases are open when the gauges have been measured, and the number stays.
    let mut last = 0;
    wait_until(LONGEST, "the process is idle", || {
        let before = std::mem::replace(&mut last, opened(&running));
        let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
        status["queues"].is_object() && last > 20 && last == before
    });
    assert_eq!(running.terminate(), Some(0));
    last
}
