//! A disk that refuses writes, syncs and reads, or loses what was not synced: no acknowledged message is lost, none is blamed, no
//! event is counted twice; the trouble is named, and work goes on by itself.

use std::fs;
use std::path::Path;

use chacha20::ChaCha8Rng;
use meta_sandbox::Action;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;

use crate::disk::{all_reported_once, put};
use crate::faulty_disk::FaultyDisk;
use crate::harness::{LONGEST, World, now_s, wait_until};
use crate::wire::{free_port, get};

/// Short waits, so that what a dead process held is soon taken up again.
const WAITS: [(&str, &str); 5] = [
    ("META_REQUEST_TIMEOUT_MS", "1000"),
    ("META_CONNECT_TIMEOUT_MS", "1000"),
    ("LEASE_SECONDS", "17"),
    ("QUEUE_VISIBILITY_SECONDS", "3"),
    ("SUBSCRIPTIONS_REFRESH_SECONDS", "1"),
];

const QUEUES: &[&str] = &["trigger-queue", "report-queue", "queue"];
const OBJECTS: &[&str] = &["blob", "spool"];

/// What fails, in which files, every how many calls, and the parts that say so: one of them.
const FAULTS: [(&str, &str, u32, &[&str]); 14] = [
    ("write-full", "ledger.db", 1, &["ledger"]),
    ("write-short", "ledger.db", 1, &["ledger"]),
    ("write-eio", "ledger.db", 1, &["ledger"]),
    ("sync-eio", "ledger.db", 1, &["ledger"]),
    ("write-eio", "queues.db", 1, QUEUES),
    ("write-short", "queues.db", 1, QUEUES),
    ("sync-eio", "queues.db", 1, QUEUES),
    ("read-eio", "queues.db", 1, QUEUES),
    ("read-eio", "directory.db", 1, &["subscriptions", "pixels"]),
    ("sync-eio", "analytics.db", 1, &["analytics"]),
    ("write-full", "/objects/", 1, OBJECTS),
    ("write-eio", "/objects/", 1, OBJECTS),
    ("sync-eio", "/objects/", 1, OBJECTS),
    ("read-eio", "/objects/", 1, OBJECTS),
];

fn world(disk: Option<&FaultyDisk>) -> World {
    let waits = WAITS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = waits.into_iter().chain(disk.map(FaultyDisk::settings).into_iter().flatten());
    let world = World::empty(Vec::new(), settings.collect());
    world.add_pixels_and_campaigns();
    world
}

fn log(world: &World) -> String {
    fs::read_to_string(world.path("efflux.log")).unwrap()
}

#[test]
fn each_fault_of_a_disk_is_named_and_work_goes_on_when_it_is_over() {
    let (disk, world) = (FaultyDisk::new(), world(None));
    let port = free_port();
    let (settings, port_text) = (disk.settings(), port.to_string());
    let mut settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.push(("PORT", &port_text));
    let running = world.start_with("efflux", &["run"], &settings);
    let mut expected = 0;
    for (number, (fault, pattern, every, parts)) in (0..).zip(FAULTS) {
        wait_until(LONGEST, "it is ready", || get(port, "/health/ready").0 == 200);
        let before = log(&world).len();
        disk.fails(fault, pattern, every);
        expected += put(&world, number);
        // Another process changes what this one must read again.
        world.ok(&["subscriptions", "add", &number.to_string()]);
        wait_until(LONGEST, &format!("{fault} of {pattern} is named"), || {
            let (status, body) = get(port, "/health/ready");
            status == 503 && parts.iter().any(|part| body.contains(part))
        });
        assert_eq!(get(port, "/health/live").0, 200, "{fault} of {pattern}: it stays up");
        wait_until(LONGEST, &format!("{fault} of {pattern} is logged"), || log(&world).len() > before);
        disk.is_well();
    }
    all_reported_once(&world, expected, FAULTS.len() as u64);
    wait_until(LONGEST, "it is ready", || get(port, "/health/ready").0 == 200);
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn a_process_that_starts_on_a_failing_disk_ends_with_its_name_and_the_next_start_is_right() {
    let disk = FaultyDisk::new();
    let world = world(Some(&disk));
    let mut expected = put(&world, 0);
    let running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "the first events are there", || world.sandbox.stats().accepted_events() > 0);
    running.kill();
    for (number, (fault, database)) in
        (1..).zip([("read-eio", "ledger.db"), ("read-eio", "queues.db"), ("write-eio", "ledger.db-wal")])
    {
        expected += put(&world, number);
        disk.fails(fault, database, 1);
        let mut running = world.start("efflux", &["run"]);
        // It may see the fault at the start and end, or later and go on.
        wait_until(LONGEST, &format!("{fault} of {database} is named"), || {
            let log = log(&world);
            log.contains("check its disk") && log.contains(database.trim_end_matches("-wal"))
        });
        if !running.is_up() {
            assert_eq!(running.ended(), Some(69), "{fault} of {database}: {}", log(&world));
        }
        disk.is_well();
    }
    let _running = world.start("efflux", &["run"]);
    all_reported_once(&world, expected, 4);
}

/// Every sync is honest, but some fail. What was not synced is gone, in part or whole.
#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let seed = u64::try_from(now_s()).unwrap();
    eprintln!("storage: seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let disk = FaultyDisk::new();
    let world = world(Some(&disk));
    world.sandbox.add_fault(Action::LatencyMs(50).always());
    let (mut expected, mut files) = (0, 0);
    for round in 0..6 {
        for _ in 0..2 {
            expected += put(&world, files);
            files += 1;
        }
        let more = world.sandbox.stats().accepted_events() + rng.random_range(1..60);
        let running = world.start("efflux", &["run"]);
        if round % 2 == 1 {
            disk.fails("sync-eio", ["ledger.db", "queues.db", ".db"][round / 2], 3);
        }
        wait_until(LONGEST, "some more events", || world.sandbox.stats().accepted_events() >= more);
        disk.is_well();
        running.kill();
        disk.cut_power(&world.path("data"), Some(&mut rng));
        is_sound(&world.path("data"));
    }
    let running = world.start("efflux", &["run"]);
    all_reported_once(&world, expected, files);
    assert_eq!(running.terminate(), Some(0));
}

/// What the failed sync left in the log looks sound to the next process, and is not on the disk.
#[test]
fn what_is_written_after_a_failed_sync_and_a_restart_survives_a_power_cut() {
    let disk = FaultyDisk::new();
    let world = world(Some(&disk));
    let first = put(&world, 0);
    let running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "the first file is there", || world.sandbox.stats().accepted_events() >= first);
    disk.fails("sync-eio", ".db-wal", 1);
    // Each attempt to write leaves its pages behind the last durable ones.
    wait_until(LONGEST, "a sync has failed", || log(&world).contains("check its disk"));
    running.kill();
    disk.is_well();
    let second = put(&world, 1);
    let running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "the second file is there", || {
        world.sandbox.stats().accepted_events() >= first + second
    });
    running.kill();
    disk.cut_power(&world.path("data"), None);
    is_sound(&world.path("data"));
    let running = world.start("efflux", &["run"]);
    all_reported_once(&world, first + second, 2);
    assert_eq!(running.terminate(), Some(0));
}

/// A disk that lies takes back all since its last honest sync. The files that came in since must come again; nothing else changes.
#[test]
fn syncs_that_were_lost_take_back_a_moment_and_no_event_counts_twice() {
    let disk = FaultyDisk::new();
    let world = world(Some(&disk));
    let mut expected = put(&world, 0) + put(&world, 1);
    let running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "the first events are there", || world.sandbox.stats().accepted_events() > 0);
    disk.fails("sync-lost", "/data/", 1);
    expected += put(&world, 2);
    wait_until(LONGEST, "all events have arrived", || world.sandbox.stats().accepted_events() >= expected);
    running.kill();
    disk.cut_power(&world.path("data"), None);
    disk.is_well();
    is_sound(&world.path("data"));
    world.ok(&["ingest", world.path("2.json").to_str().unwrap()]);
    let running = world.start("efflux", &["run"]);
    all_reported_once(&world, expected, 3);
    assert_eq!(running.terminate(), Some(0));
}

/// Each database as the next process finds it, in a copy: looking at it writes its log back.
fn is_sound(data: &Path) {
    let copy = tempfile::tempdir().unwrap();
    for name in ["queues", "ledger", "directory", "analytics"] {
        for end in ["db", "db-wal"] {
            let file = format!("{name}.{end}");
            if data.join(&file).exists() {
                fs::copy(data.join(&file), copy.path().join(&file)).unwrap();
            }
        }
        let database = Connection::open(copy.path().join(format!("{name}.db"))).unwrap();
        let answer: String = database.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
        assert_eq!(answer, "ok", "{name}.db");
    }
}
