//! Data directories that earlier versions wrote (the workspace's folder `fixtures`), used by the programs of today.
//!
//! Their clock is two hours after the first of its files arrived, so that waiting conversions may still be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use port_tests::golden::{self, Kind};
use rusqlite::Connection;
use serde_json::Value;

use crate::disk::fake_clock;
use crate::harness::{LONGEST, Running, World, now_s, rows, wait_until};
use crate::wire::{free_port, get};

/// The pixel that had no token, and the files that arrived.
const WITHOUT_TOKEN: &str = "111000000000003";
const FILES: [&str; 7] = ["tonic-1", "crossroads-1", "sedo-1", "tonic-2", "airfind-1", "sedo-2", "airfind-2"];

/// The earlier version's data, and a sandbox whose clock agrees with it.
struct Earlier {
    kind: Kind,
    world: World,
    sandbox: u16,
    _sandbox: Running,
}

impl Earlier {
    fn restored(kind: Kind) -> Self {
        let sandbox = free_port();
        let shift = golden::AFTERWARDS.0 / 1000 - now_s();
        let settings = [
            ("LD_PRELOAD", fake_clock()),
            ("FAKETIME", format!("{shift:+}")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("META_GRAPH_URL", format!("http://127.0.0.1:{sandbox}")),
            ("RESTATEMENTS", "increments".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        let world = World::empty(Vec::new(), settings.into());
        copy(&golden::path(kind, "data"), &world.path("data"));
        let listen = format!("127.0.0.1:{sandbox}");
        let process = world.start("efflux", &["sandbox", "--listen", &listen]);
        wait_until(LONGEST, "the sandbox is there", || get(sandbox, "/_sandbox/health").0 == 200);
        Self { kind, world, sandbox, _sandbox: process }
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.world.ok(&["status", "--json", "--files", "100"])).unwrap()
    }

    /// Pixel, name and id of each event that the sandbox has, and how often it arrived.
    fn sent(&self) -> BTreeSet<String> {
        let (status, answer) = get(self.sandbox, "/_sandbox/ids");
        assert_eq!(status, 200, "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.lines().map(str::to_owned).collect()
    }

    fn entries(&self, outcome: &str) -> u64 {
        self.status()["ledger"][outcome].as_u64().unwrap_or(0)
    }

    /// Gives the pixel without a token one, and waits until its conversions are sent.
    fn go_on(&self) -> Running {
        let tokens = self.world.file("tokens.txt", "invented-token-1\n");
        self.world.ok(&["pixels", "add", WITHOUT_TOKEN, "--tokens", tokens.to_str().unwrap()]);
        let running = self.world.start("efflux", &["run"]);
        wait_until(LONGEST, "nothing waits but for the operator", || self.is_done());
        running
    }

    fn is_done(&self) -> bool {
        let status = self.status();
        let waits = |queue: &str| ["visible", "hidden"].iter().any(|s| status["queues"][queue][s] != 0);
        let entries = |outcome: &str| status["ledger"][outcome].as_u64().unwrap_or(0);
        let open = entries("in_flight") + entries("retry") + entries("parked");
        open == 1 && status["unexported"] == 0 && !waits("trigger") && !waits("report")
    }
}

/// Databases from their SQL, everything else as it is.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            let database = Connection::open(target.with_extension("db")).unwrap();
            database.execute_batch(&fs::read_to_string(&path).unwrap()).unwrap();
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn waiting_conversions_of_set_1_are_sent_with_the_same_event_ids() {
    waiting_conversions_are_sent(&Earlier::restored(Kind::Embedded(1)));
}

#[test]
fn waiting_conversions_of_set_2_are_sent_with_the_same_event_ids() {
    waiting_conversions_are_sent(&Earlier::restored(Kind::Embedded(2)));
}

#[test]
fn waiting_conversions_of_set_3_are_sent_with_the_same_event_ids() {
    waiting_conversions_are_sent(&Earlier::restored(Kind::Embedded(3)));
}

fn waiting_conversions_are_sent(earlier: &Earlier) {
    let running = earlier.go_on();
    let expected = golden::text(earlier.kind, "sent-afterwards.tsv");
    let expected: BTreeSet<_> = expected.lines().map(str::to_owned).collect();
    assert!(expected.len() > 10);
    assert_eq!(earlier.sent(), expected);
    assert_eq!(earlier.entries("parked"), 1, "it waits for the operator");

    let plan = earlier.world.ok(&["retry", "--status", "parked", "--reason", "unknown_outcome", "--yes"]);
    assert!(plan.contains("1 conversions are due now."), "{plan}");
    wait_until(LONGEST, "the operator's conversion is sent", || {
        earlier.entries("parked") == 0 && earlier.entries("retry") == 0
    });
    wait_until(LONGEST, "it is reported", || earlier.entries("in_flight") == 0);
    let silent = golden::text(earlier.kind, "sent.tsv");
    let again: BTreeSet<_> = earlier.sent().difference(&expected).cloned().collect();
    assert_eq!(again.len(), 3, "{again:?}");
    assert!(
        again.iter().all(|event| silent.contains(event)),
        "the ids are those of the first attempt: {again:?}"
    );
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn the_same_files_under_other_keys_are_all_duplicates() {
    golden::EMBEDDED
        .into_iter()
        .for_each(|kind| files_under_other_keys_are_duplicates(&Earlier::restored(kind)));
}

fn files_under_other_keys_are_duplicates(earlier: &Earlier) {
    let _running = earlier.go_on();
    let (sent, before) = (earlier.sent(), earlier.status()["ledger"].clone());
    let files = FILES.map(|name| golden::interpreted_file(&format!("{name}.json")));
    let mut args = vec!["ingest", "--wait", "--json", "--timeout", "80", "--account", "another"];
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    let output = earlier.world.output(&args);
    let receipts: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    // Conversions that waited for a person do so still.
    let open: u64 = receipts.iter().map(|receipt| receipt["open_duplicates"].as_u64().unwrap()).sum();
    assert_eq!((output.status.code(), open > 0), (Some(1), true), "{receipts:?}");
    let kept = receipts.iter().map(|r| r["receipt"]["filter"]["kept"].as_u64().unwrap()).sum::<u64>();
    assert_eq!((receipts.len(), rows(&receipts, "duplicate")), (FILES.len(), kept), "{receipts:?}");
    assert!(kept > 30);
    assert_eq!(earlier.status()["ledger"], before);
    assert_eq!(earlier.sent(), sent, "nothing is sent for them");
}

#[test]
fn explain_shows_each_conversion_and_the_files_reconcile() {
    golden::EMBEDDED.into_iter().for_each(|kind| each_conversion_is_explained(&Earlier::restored(kind)));
}

/// Leaves out what the earlier version did not say yet.
fn keep_what_was_said(now: &mut Value, before: &Value) {
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => {
            now.retain(|name, _| before.contains_key(name));
            now.iter_mut().for_each(|(name, now)| keep_what_was_said(now, &before[name]));
        }
        (Value::Array(now), Value::Array(before)) => {
            now.iter_mut().zip(before).for_each(|(now, before)| keep_what_was_said(now, before));
        }
        _ => {}
    }
}

fn each_conversion_is_explained(earlier: &Earlier) {
    let (mut status, mut before) = (earlier.status(), golden::status(earlier.kind));
    let undecided =
        serde_json::json!([{ "reason": "unknown_outcome", "conversions": 1, "unreported": "0.25" }]);
    assert_eq!(status.as_object_mut().unwrap().remove("for_a_person"), Some(undecided.clone()));
    // The earliest versions did not show it.
    let shown = before.as_object_mut().unwrap().remove("for_a_person");
    assert!(shown.is_none_or(|shown| shown == undecided));
    for status in [&mut status, &mut before] {
        for queue in ["trigger", "report"] {
            status["queues"][queue].as_object_mut().unwrap().remove("oldest_seconds");
        }
        // An hour later the last seven days are others, and so is the advice.
        status.as_object_mut().unwrap().remove("next");
        status.get_mut("money").and_then(Value::as_object_mut).map(|money| money.remove("since"));
    }
    keep_what_was_said(&mut status, &before);
    assert_eq!(without_pixels(status), without_pixels(before));
    for conversion in golden::conversions(earlier.kind) {
        let text = |name: &str| conversion[name].as_str().unwrap_or_default().to_owned();
        let history = earlier.world.ok(&["explain", &text("session")]);
        let now = history
            .lines()
            .find(|line| line.trim_start().starts_with("now  "))
            .unwrap_or_else(|| panic!("{history}"));
        assert!(now.contains(&text("outcome")), "{conversion}\n{history}");
        assert!(history.contains(&text("reason")), "{conversion}\n{history}");
        let attempts = history.lines().filter(|line| line.trim_start().starts_with("attempt ")).count();
        assert_eq!(attempts, conversion["attempts"].as_array().unwrap().len(), "{conversion}\n{history}");
    }
    let running = earlier.go_on();
    let status = earlier.status();
    for file in status["files"].as_array().unwrap() {
        let receipt = &file["receipt"];
        let rows: u64 =
            receipt["outcomes"].as_array().unwrap().iter().map(|count| count["rows"].as_u64().unwrap()).sum();
        assert!(receipt["complete"] == true && receipt["rows_in"] == rows, "{file}");
    }
    let entries: u64 = status["ledger"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(status["analytics"], entries, "analytics shows each conversion once");
    assert_eq!(running.terminate(), Some(0));
}

/// The output of `efflux status` without the pixels, whose names may change, and without the order of files of one moment.
fn without_pixels(mut status: Value) -> (Value, BTreeMap<String, Value>) {
    let files = status.as_object_mut().unwrap().remove("files").unwrap();
    let mut receipts = BTreeMap::new();
    for mut file in files.as_array().unwrap().clone() {
        file["receipt"].as_object_mut().unwrap().remove("pixels");
        receipts.insert(file["object"].to_string(), file["receipt"].clone());
    }
    (status, receipts)
}
