//! Two versions at once on one data directory, and a step back. The other version is played by what it leaves in the databases:
//! its number, and columns and words that this version does not know.

use std::fs;
use std::path::Path;

use meta_sandbox::Action;
use rusqlite::Connection;

use crate::disk::{all_reported_once, put};
use crate::harness::{LONGEST, World, wait_until};
use crate::wire::{free_port, get};

const DATABASES: [&str; 4] = ["ledger.db", "queues.db", "directory.db", "analytics.db"];

fn open(data: &Path, database: &str) -> Connection {
    let connection = Connection::open(data.join(database)).unwrap();
    connection.busy_timeout(LONGEST).unwrap();
    connection
}

/// Adds to the version that a database says it has.
fn move_version(data: &Path, database: &str, by: i64) {
    let connection = open(data, database);
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    connection.pragma_update(None, "user_version", found + by).unwrap();
}

/// Conversions that wait for their next attempt.
fn world_with_waiting_conversions() -> (World, u64) {
    let settings = [
        ("RETRY_FIRST_SECONDS", "1"),
        ("RETRY_LONGEST_SECONDS", "2"),
        ("SUBSCRIPTIONS_REFRESH_SECONDS", "1"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let world = World::empty(vec![Action::LatencyMs(100).always()], settings.into());
    world.add_pixels_and_campaigns();
    let expected = put(&world, 0) + put(&world, 1);
    (world, expected)
}

#[test]
fn a_running_process_stops_when_a_later_version_upgrades_and_goes_on_when_that_is_taken_back() {
    let (world, mut expected) = world_with_waiting_conversions();
    let (data, port) = (world.path("data"), free_port());
    let running = world.start_with("efflux", &["run"], &[("PORT", &port.to_string())]);
    wait_until(LONGEST, "the first events are there", || world.sandbox.stats().accepted_events() > 0);
    for (number, database) in (2..).zip(DATABASES) {
        open(&data, database).execute_batch(&upgrade(database)).unwrap();
        move_version(&data, database, 1);
        // Without work nothing is asked of analytics.
        let has_work = database == "analytics.db";
        if has_work {
            expected += put(&world, number);
        }
        wait_until(LONGEST, &format!("it names {database}"), || {
            let (status, body) = get(port, "/health/ready");
            let says = format!("{database} is used by another version of Efflux");
            status == 503 && (body.contains(&says) || log(&world).contains(&says))
        });
        assert_eq!(get(port, "/health/live").0, 200, "it stays up");
        let refused = world.output(&["status"]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        if database != "directory.db" {
            assert!(message.contains("was written by a later version of Efflux"), "{database}: {message}");
        }
        // A step back that leaves the later version's columns.
        move_version(&data, database, -1);
        wait_until(LONGEST, "it goes on by itself", || get(port, "/health/ready").0 == 200);
        if !has_work {
            expected += put(&world, number);
        }
    }
    all_reported_once(&world, expected, 2 + DATABASES.len() as u64);
    assert_eq!(running.terminate(), Some(0));
}

/// A column that this version does not know, in each of its tables.
fn upgrade(database: &str) -> String {
    let tables: &[&str] = match database {
        "ledger.db" => &["report_conversions", "raw_rows", "maybe_received", "attempts", "objects"],
        "queues.db" => &["messages", "dead_letters"],
        "directory.db" => &["subscriptions", "pixels", "credentials", "turns", "feeds"],
        _ => &["report_conversions"],
    };
    tables.iter().map(|table| format!("ALTER TABLE {table} ADD COLUMN hereafter TEXT DEFAULT 'x';")).collect()
}

#[test]
fn nothing_is_sent_once_a_later_version_has_the_ledger() {
    let (world, expected) = world_with_waiting_conversions();
    let (data, port) = (world.path("data"), free_port());
    let running = world.start_with("efflux", &["run"], &[("PORT", &port.to_string())]);
    wait_until(LONGEST, "the first events are there", || world.sandbox.stats().accepted_events() > 0);
    move_version(&data, "ledger.db", 1);
    wait_until(LONGEST, "it names the ledger", || {
        let (status, body) = get(port, "/health/ready");
        status == 503 && body.contains("ledger.db is used by another version of Efflux")
    });
    let (sent, refusals) =
        (|| world.sandbox.stats().accepted_events(), || log(&world).matches("cannot claim due work").count());
    // Some batches may be in flight yet.
    let mut last = (sent(), refusals());
    wait_until(LONGEST, "what was in flight has ended", || {
        if sent() != last.0 {
            last = (sent(), refusals());
        }
        refusals() > last.1 + 3
    });
    let (sent_before, refused_before) = (sent(), refusals());
    wait_until(LONGEST, "it has tried again", || refusals() > refused_before + 3);
    assert_eq!(sent(), sent_before, "it sends nothing more");
    assert_eq!(running.terminate(), Some(0), "it can be stopped");
    move_version(&data, "ledger.db", -1);
    let _running = world.start("efflux", &["run"]);
    all_reported_once(&world, expected, 2);
}

#[test]
fn an_earlier_version_does_not_start_on_a_later_one_s_data() {
    let (world, expected) = world_with_waiting_conversions();
    let data = world.path("data");
    let running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "the first events are there", || world.sandbox.stats().accepted_events() > 0);
    wait_until(LONGEST, "all databases are there", || DATABASES.iter().all(|name| data.join(name).exists()));
    running.kill();
    for database in DATABASES {
        move_version(&data, database, 1);
        let output = world.command("efflux").arg("run").output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(69), "{database}: {message}");
        let says = format!("{database} was written by a later version of Efflux; use that version");
        assert!(message.contains(&says), "{message}");
        move_version(&data, database, -1);
    }
    let _running = world.start("efflux", &["run"]);
    all_reported_once(&world, expected, 2);
}

fn log(world: &World) -> String {
    fs::read_to_string(world.path("efflux.log")).unwrap()
}
