//! Personal data ends: at a visitor's wish at once, otherwise when its time is over. Then no byte of the data folder tells it.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use samples::{SampleNetwork, generate};
use serde_json::{Value, json};

use crate::disk::fake_clock;
use crate::harness::{World, rows, spec};

/// What is personal in rows of samples.
const PERSONAL: [&str; 7] =
    ["session_id", "ip", "user_agent", "ts_click_id", "external_id", "em", "keyword_clicked"];

/// The least length of a value that is not in a file by chance.
const LONG: usize = 8;

fn parsed(rows: &[String]) -> Vec<Value> {
    rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

/// A file in which each row has an e-mail address and an id of its own.
fn with_people(world: &World, name: &str, seed: u64, count: usize) -> (std::path::PathBuf, Vec<Value>) {
    let mut rows = parsed(&generate(&spec(SampleNetwork::Tonic, count, seed)).rows);
    for (number, row) in rows.iter_mut().enumerate() {
        row["em"] = json!(format!("person.{seed}.{number}@example.com"));
        row["external_id"] = json!(format!("customer-{seed}-{number}"));
    }
    (world.file(name, Value::from(rows.clone()).to_string()), rows)
}

/// The personal values of rows, if they are long enough not to be there by chance.
fn personal(rows: &[Value]) -> Vec<String> {
    let values = rows.iter().flat_map(|row| PERSONAL.map(|name| row[name].as_str().unwrap_or_default()));
    let mut values: Vec<_> = values.filter(|value| value.len() >= LONG).map(str::to_owned).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Which of the values are in any file of the data folder: databases, logs, shared memory, objects, whatever there is.
fn named(world: &World, values: &[String]) -> Vec<String> {
    // By their beginnings, so that each file is looked through once.
    let mut beginnings: HashMap<&[u8], Vec<&String>> = HashMap::new();
    values.iter().for_each(|value| beginnings.entry(&value.as_bytes()[..LONG]).or_default().push(value));
    let mut named = BTreeSet::new();
    for file in files(&world.path("data")) {
        let bytes = fs::read(&file).unwrap();
        for (at, part) in bytes.windows(LONG).enumerate() {
            for value in beginnings.get(part).into_iter().flatten() {
                if bytes[at..].starts_with(value.as_bytes()) {
                    named.insert(format!("{value} in {}", file.display()));
                }
            }
        }
    }
    named.into_iter().collect()
}

/// Runs a command so many days later.
fn later(world: &World, days: u32, args: &[&str]) -> String {
    let mut command = world.command("efflux");
    command.args(args).env("LD_PRELOAD", fake_clock()).env("FAKETIME", format!("+{days}d"));
    let output = command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").output().unwrap();
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "efflux {args:?}: {}\n{out}\n{err}", output.status);
    out
}

fn status(world: &World) -> Value {
    serde_json::from_str(&world.ok(&["status", "--json"])).unwrap()
}

#[test]
fn when_its_time_is_over_no_byte_tells_it() {
    let world = World::patient();
    let running = world.start("efflux", &["run"]);
    let (file, people) = with_people(&world, "a.json", 11, 40);
    let (more, others) = with_people(&world, "b.json", 12, 25);
    // A session without a click id, a row without a session, and a file that is no JSON.
    let mut odd = parsed(&generate(&spec(SampleNetwork::Tonic, 2, 13)).rows);
    odd[0]["ts_click_id"] = json!("");
    odd[1]["session_id"] = json!("");
    odd[1]["em"] = json!("nobody.known@example.com");
    let odd_file = world.file("c.json", Value::from(odd.clone()).to_string());
    let (code, receipts) = world.ingest(&[&file, &more, &odd_file]);
    // A file of nothing but invalid rows looks wrong.
    assert_eq!((code, rows(&receipts, "invalid")), (1, 2), "{receipts:?}");
    let (code, _) = world.ingest(&[&world.file("d.bad", r#"[{"em":"of.a.bad.file@example.com"}"#)]);
    assert_eq!(code, 1);
    let events = world.events_exactly_once();
    assert_eq!(running.terminate(), Some(0));

    let mut values = personal(&[people, others, odd].concat());
    values.push("of.a.bad.file@example.com".to_owned());
    let before = status(&world)["ledger"].clone();
    let is_there = named(&world, &values);
    assert!(
        values.iter().all(|value| is_there.iter().any(|named| named.starts_with(value.as_str()))),
        "all is there"
    );
    later(&world, 29, &["erase", "--retention", "--yes"]);
    assert_eq!(named(&world, &values).len(), is_there.len(), "it is too early");
    let record: Value =
        serde_json::from_str(&later(&world, 38, &["erase", "--retention", "--yes", "--json"])).unwrap();
    assert_eq!(
        (&record["ledger"]["conversions"], &record["ledger"]["ended"]),
        (&json!(67), &json!(0)),
        "{record}"
    );
    assert_eq!(named(&world, &values), [""; 0]);

    // The books are as before, and rows that come again are known.
    assert_eq!(status(&world)["ledger"], before);
    let running = world.start("efflux", &["run"]);
    let (code, receipts) = world.ingest(&[&file]);
    assert_eq!((code, rows(&receipts, "duplicate")), (0, 40), "{receipts:?}");
    assert_eq!(world.events_exactly_once(), events);
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn a_visitor_is_erased_at_once_beside_running_services() {
    let world = World::patient();
    let _running = world.start("efflux", &["run"]);
    let (file, people) = with_people(&world, "a.json", 21, 30);
    let (code, _) = world.ingest(&[&file]);
    assert_eq!(code, 0);
    let events = world.events_exactly_once();
    let text = |row: usize, name: &str| people[row][name].as_str().unwrap().to_owned();
    let (session, keyword) = (text(7, "session_id"), text(7, "keyword_clicked"));

    // It asks, and says what it found without changing anything.
    assert!(!world.output(&["erase", "--session", &session]).status.success());
    assert!(!world.output(&["erase"]).status.success());
    let found: Value =
        serde_json::from_str(&world.ok(&["erase", "--session", &session, "--dry-run", "--json"])).unwrap();
    assert_eq!(
        (found["conversions"].as_array().unwrap().len(), found["files"].as_array().unwrap().len()),
        (1, 2)
    );
    assert!(world.ok(&["explain", &session]).contains("now       reported"));

    let theirs = |row: usize| {
        let names = ["session_id", "ts_click_id", "external_id", "em"];
        names.map(|name| text(row, name)).to_vec()
    };
    let record = |args: &[&str]| -> Value { serde_json::from_str(&world.ok(args)).unwrap() };
    let erased = record(&["erase", "--session", &session, "--yes", "--json"]);
    assert_eq!(named(&world, &theirs(7)), [""; 0]);
    assert_eq!(
        (&erased["complete"], &erased["ledger"]["conversions"]),
        (&json!(true), &json!(1)),
        "{erased}"
    );
    assert_eq!(erased["files"]["rewritten"].as_array().unwrap().len(), 2, "{erased}");
    assert!(!erased.to_string().contains(&session), "the record names nobody");
    assert!(!named(&world, &theirs(8)).is_empty(), "others stay");

    let id = text(9, "external_id");
    let erased = record(&["erase", "--external-id", &id, "--yes", "--json"]);
    assert_eq!(
        (&erased["complete"], &erased["ledger"]["conversions"]),
        (&json!(true), &json!(1)),
        "{erased}"
    );
    assert_eq!(named(&world, &theirs(9)), [""; 0]);
    assert!(
        record(&["erase", "--external-id", &id, "--yes", "--json"])["complete"].as_bool().unwrap(),
        "again is harmless"
    );

    let history = world.ok(&["explain", &session, &keyword]);
    assert!(history.contains("erased    its text was erased by `efflux erase` at "), "{history}");
    assert!(history.contains("now       reported"), "{history}");
    // The notification of the rewritten file comes again, and its rows too.
    let (code, receipts) =
        world.ingest(&[&world.file("again.json", Value::from(people.clone()).to_string())]);
    assert_eq!((code, rows(&receipts, "duplicate")), (0, 30), "{receipts:?}");
    assert_eq!(world.events_exactly_once(), events);

    let object = receipts[0]["receipt"]["object"]["key"].as_str().unwrap();
    let erased = record(&["erase", "--file", object, "--yes", "--json"]);
    assert_eq!(erased["files"]["removed"].as_array().unwrap().len(), 2, "{erased}");
}
