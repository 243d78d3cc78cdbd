//! A disk that is full, read-only or damaged, and a clock that is wrong: a clear error, and no wrong outcome.
//!
//! Each test that mounts a file system runs itself again in its own mount namespace, so that no mount stays behind.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use meta_sandbox::{Action, ErrorAnswer};
use samples::SampleNetwork;
use serde_json::Value;

use crate::harness::{LONGEST, World, events_in, spec, wait_until};
use crate::wire::{free_port, get};

/// Short waits, so that interrupted work is soon taken up again.
const WAITS: [(&str, &str); 3] =
    [("META_REQUEST_TIMEOUT_MS", "1000"), ("META_CONNECT_TIMEOUT_MS", "1000"), ("LEASE_SECONDS", "17")];

/// Marks the inner run.
const INSIDE: &str = "EFFLUX_TEST_OWN_MOUNTS";

#[test]
fn a_full_disk_stops_the_work_and_loses_nothing() {
    if !inside("disk::a_full_disk_stops_the_work_and_loses_nothing") {
        return;
    }
    let waits = WAITS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let world = World::empty(vec![Action::LatencyMs(200).always()], waits.into());
    // Room for the write-ahead logs, which are written back when they have 32 MB: on a smaller disk they alone would fill it.
    let disk = Disk::new(&world, "96m");
    world.add_pixels_and_campaigns();
    let expected: u64 = (0..6).map(|number| put(&world, number)).sum();
    let port = free_port();
    let running = world.start_with("efflux", &["run"], &[("PORT", &port.to_string())]);
    wait_until(LONGEST, "the first events are there", || world.sandbox.stats().accepted_events() > 0);
    disk.fill();
    wait_until(LONGEST, "it reports the full disk", || {
        let (status, body) = get(port, "/health/ready");
        status == 503 && body.contains("no room")
    });
    assert_eq!(get(port, "/health/live").0, 200, "it stays up");
    let refused = world.output(&["ingest", world.path("0.json").to_str().unwrap()]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains("no room"), "{message}");
    disk.empty();
    all_reported_once(&world, expected, 6);
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn a_full_folder_for_temporary_files_is_not_the_file_s_fault() {
    if !inside("disk::a_full_folder_for_temporary_files_is_not_the_file_s_fault") {
        return;
    }
    let world = World::new();
    let folder = world.path("tmp");
    let disk = Disk::at(folder.clone(), "64k");
    let port = free_port();
    let settings = [("TMPDIR", folder.to_str().unwrap()), ("PORT", &port.to_string())];
    let running = world.start_with("efflux", &["run"], &settings);
    // What is kept of it does not fit into memory that a spool may use.
    let spec = spec(SampleNetwork::Crossroads, 6_000, 930);
    let path = world.sample("large.json", &spec);
    assert!(fs::metadata(&path).unwrap().len() > 4 << 20);
    world.ok(&["ingest", path.to_str().unwrap()]);
    wait_until(LONGEST, "it names the folder", || {
        let (status, body) = get(port, "/health/ready");
        status == 503 && body.contains("spool") && body.contains("TMPDIR")
    });
    disk.remount("size=64m");
    let expected = events_in(&spec);
    wait_until(LONGEST, "all events have arrived", || world.sandbox.stats().accepted_events() >= expected);
    assert_eq!(world.ok(&["dlq", "list"]), "", "no message is dead-lettered for it");
    assert_eq!(world.sandbox.stats().accepted_events(), expected);
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn a_read_only_disk_ends_the_start() {
    if !inside("disk::a_read_only_disk_ends_the_start") {
        return;
    }
    let world = World::empty(Vec::new(), Vec::new());
    let disk = Disk::new(&world, "96m");
    world.add_pixels_and_campaigns();
    let expected = put(&world, 0);
    disk.remount("ro");
    for service in ["efflux", "filter-svc", "reporter-svc"] {
        let mut command = world.command(service);
        if service == "efflux" {
            command.arg("run");
        }
        let output = command.output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(69), "{service}: {message}");
        assert!(message.contains("read-only") || message.contains("Read-only"), "{service}: {message}");
    }
    disk.remount("rw");
    let _running = world.start("efflux", &["run"]);
    all_reported_once(&world, expected, 1);
}

#[test]
fn a_damaged_ledger_is_named_and_nothing_is_sent_past_it() {
    let world = World::new();
    let first = put(&world, 0);
    let running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "the first file is reported", || done(&world, 1));
    assert_eq!(running.terminate(), Some(0));
    let ledger = world.path("data").join("ledger.db");
    let good = fs::read(&ledger).unwrap();
    let mut damaged = good.clone();
    damaged[4_096..].fill(0x5a);
    fs::write(&ledger, damaged).unwrap();

    let second = put(&world, 1);
    // It may see the damage at the start and end, or later and go on.
    let running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "the damage is named", || {
        fs::read_to_string(world.path("efflux.log")).unwrap().contains("is damaged")
    });
    running.kill();
    assert_eq!(world.sandbox.stats().accepted_events(), first, "nothing is sent without a ledger");

    fs::write(&ledger, good).unwrap();
    let _running = world.start("efflux", &["run"]);
    all_reported_once(&world, first + second, 2);
    assert_eq!(world.ok(&["dlq", "list"]).matches("ledger").count(), 0, "no message is dead-lettered for it");
}

#[test]
fn a_damaged_entry_is_named_and_counted_and_harms_no_other() {
    let waits: Vec<_> = [("RETRY_FIRST_SECONDS", "1"), ("RETRY_LONGEST_SECONDS", "5")].into();
    let waits = waits.into_iter().chain(WAITS).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let refusal = ErrorAnswer { status: 503, code: 2, ..ErrorAnswer::default() };
    let world = World::empty(vec![Action::Error(refusal).always()], waits.collect());
    world.add_pixels_and_campaigns();
    put(&world, 0);
    let status = || -> Value { serde_json::from_str(&world.ok(&["status", "--json"])).unwrap() };
    let entries = |state: &str| status()["ledger"][state].as_u64().unwrap_or(0);
    let running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "all rows wait", || entries("retry") + entries("no_events") == 100);
    assert_eq!(running.terminate(), Some(0));
    let waiting = entries("retry") + entries("in_flight");
    let ledger = rusqlite::Connection::open(world.path("data").join("ledger.db")).unwrap();
    let damage = "UPDATE report_conversions SET attempt = -9
        WHERE id = (SELECT min(id) FROM report_conversions WHERE state = 'retry')
        RETURNING lower(hex(key)), session_id";
    let (key, session): (String, String) =
        ledger.query_one(damage, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();

    world.sandbox.clear_faults();
    let port = free_port();
    let running = world.start_with("efflux", &["run"], &[("PORT", &port.to_string())]);
    wait_until(LONGEST, "all others are reported", || entries("reported") == waiting - 1);
    let log = fs::read_to_string(world.path("efflux.log")).unwrap();
    assert!(log.contains(&key) && log.contains("is damaged and was set aside"), "{log}");
    let group = status()["for_a_person"][0].clone();
    assert_eq!((&group["reason"], &group["conversions"]), (&"damaged".into(), &1.into()), "{group}");
    let counted = |entries: &str| {
        let metrics = get(port, "/metrics").1;
        let mut lines = metrics.lines().filter(|line| line.starts_with("efflux_damaged_entries"));
        lines.any(|line| line.rsplit(' ').next() == Some(entries))
    };
    wait_until(LONGEST, "it is counted", || counted("1"));
    // What cannot be read is erased all the same.
    world.ok(&["erase", "--session", &session, "--yes"]);
    let text = "SELECT count(*) FROM raw_rows WHERE raw LIKE ?";
    let left: i64 = ledger.query_one(text, [format!("%{session}%")], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "its text is erased");
    wait_until(LONGEST, "none is left", || counted("0"));
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn a_clock_that_is_wrong_for_a_while_changes_no_outcome() {
    let world = World::with_faults(vec![Action::LatencyMs(100).always()]);
    let shift = world.file("clock", "+0");
    let (library, port) = (fake_clock(), free_port().to_string());
    let running = world.start_with("efflux", &["run"], &clock_of(&shift, &library, &port));
    let mut expected: u64 = (0..3).map(|number| put(&world, number)).sum();
    wait_until(LONGEST, "the first events are there", || world.sandbox.stats().accepted_events() > 0);
    // Two hours behind, then nine days ahead: more than any row may be old.
    for (seconds, number) in [("-7200", 3), ("+777600", 4)] {
        fs::write(&shift, seconds).unwrap();
        expected += put(&world, number);
        wait_until(LONGEST, "it says that the clock is wrong", || {
            let (status, body) = get(port.parse().unwrap(), "/health/ready");
            status == 503 && body.contains("this machine's clock")
        });
        fs::write(&shift, "+0").unwrap();
        wait_until(LONGEST, "it goes on by itself", || get(port.parse().unwrap(), "/health/ready").0 == 200);
    }
    expected += put(&world, 5);
    all_reported_once(&world, expected, 6);
    assert_eq!(running.terminate(), Some(0));
}

/// It hears from no platform, so it believes its clock.
#[test]
fn what_a_process_with_a_wrong_clock_put_off_is_reported_by_the_next() {
    let world = World::new();
    let expected = put(&world, 0);
    let shift = world.file("clock", "+18000");
    let (library, port) = (fake_clock(), free_port().to_string());
    let mut settings = clock_of(&shift, &library, &port).to_vec();
    settings.extend([("META_GRAPH_URL", "http://127.0.0.1:9"), WAITS[0], WAITS[1]]);
    let running = world.start_with("efflux", &["run"], &settings);
    wait_until(LONGEST, "it has claimed the rows", || {
        let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
        ["in_flight", "retry"].iter().any(|state| status["ledger"][state].as_u64() > Some(0))
    });
    running.kill();
    let running = world.start("efflux", &["run"]);
    all_reported_once(&world, expected, 1);
    assert_eq!(running.terminate(), Some(0));
}

/// It is handled by a process of its own, which must ask for the time, too.
#[test]
fn a_message_that_is_handled_alone_is_not_judged_by_a_wrong_clock() {
    let world = World::new();
    put(&world, 0);
    let filter = world.start("filter-svc", &[]);
    let status = || serde_json::from_str::<Value>(&world.ok(&["status", "--json"])).unwrap();
    wait_until(LONGEST, "it is filtered", || status()["queues"]["report"]["visible"] == 1);
    assert_eq!(filter.terminate(), Some(0));
    // As if a process that had it was killed.
    let queues = rusqlite::Connection::open(world.path("data/queues.db")).unwrap();
    assert_eq!(queues.execute("UPDATE messages SET receive_count = 1", []).unwrap(), 1);
    let shift = world.file("clock", "+777600");
    let (library, port) = (fake_clock(), free_port().to_string());
    let reporter = world.start_with("reporter-svc", &[], &clock_of(&shift, &library, &port));
    wait_until(LONGEST, "the message was handled alone and released", || {
        let log = fs::read_to_string(world.path("reporter-svc.log")).unwrap();
        log.contains("it is handled alone") && log.contains("message released")
    });
    let ledger = status()["ledger"].clone();
    assert_eq!(ledger, serde_json::json!({}), "no row was judged nine days too late");
    assert_eq!(reporter.terminate(), Some(0));
}

/// Settings that give a process the time that a file says, as a difference in seconds.
fn clock_of<'s>(shift: &'s Path, library: &'s str, port: &'s str) -> [(&'s str, &'s str); 5] {
    [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", shift.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("PORT", port),
    ]
}

/// Ingests a sample; how many events its rows have.
pub(crate) fn put(world: &World, number: u64) -> u64 {
    let spec = spec(SampleNetwork::ALL[(number % 4) as usize], 100, 900 + number);
    let path = world.sample(&format!("{number}.json"), &spec);
    world.ok(&["ingest", path.to_str().unwrap()]);
    events_in(&spec)
}

fn done(world: &World, files: u64) -> bool {
    let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
    let entries = |state: &str| status["ledger"][state].as_u64().unwrap_or(0);
    let dead: u64 = ["trigger", "report"].iter().map(|q| status["queues"][q]["dead"].as_u64().unwrap()).sum();
    assert_eq!(dead, 0, "no message is dead-lettered for it");
    entries("reported") + entries("no_events") == files * 100
}

pub(crate) fn all_reported_once(world: &World, events: u64, files: u64) {
    let longest = Duration::from_secs(180);
    wait_until(longest, "all events have arrived", || world.sandbox.stats().accepted_events() >= events);
    wait_until(longest, "everything is reported", || done(world, files));
    assert_eq!(world.sandbox.stats().accepted_events(), events);
}

/// A file system for one test, mounted as the data directory.
struct Disk(std::path::PathBuf);

impl Disk {
    fn new(world: &World, size: &str) -> Self {
        Self::at(world.path("data"), size)
    }

    fn at(folder: std::path::PathBuf, size: &str) -> Self {
        fs::create_dir(&folder).unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], &folder);
        Self(folder)
    }

    fn remount(&self, how: &str) {
        mount(&["-o", &format!("remount,{how}")], &self.0);
    }

    /// Fills the disk.
    fn fill(&self) {
        use std::io::Write;
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        for block in [65_536, 4_096, 1] {
            let bytes = vec![0; block];
            while filler.write_all(&bytes).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

fn mount(arguments: &[&str], at: &Path) {
    let output = Command::new("mount").args(arguments).arg(at).output().unwrap();
    assert!(output.status.success(), "mount {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Whether this is the inner run. The outer run starts it in its own mount namespace, and expects it to pass.
#[expect(clippy::disallowed_methods, reason = "the environment marks the inner run")]
fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "--propagation", "private"]);
    let output = command
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare, of util-linux, is needed");
    let output_text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output_text.contains("1 passed"), "{output_text}");
    false
}

/// Debian's package faketime: a library that shows a process another time.
pub(crate) fn fake_clock() -> String {
    let folders = fs::read_dir("/usr/lib").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let found =
        folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    let found = found.expect("install the package faketime, as `make services-up` does");
    found.to_str().unwrap().to_owned()
}
