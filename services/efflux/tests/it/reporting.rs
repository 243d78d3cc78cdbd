//! Files are ingested, events are sent, and all files reconcile.

use std::collections::BTreeMap;

use samples::{Defect, SampleNetwork, SampleSpec, generate};

use crate::harness::{World, events, rows, rows_because, spec};

#[test]
fn the_demo_succeeds() {
    let world = World::patient();
    let out = world.ok(&["demo"]);
    for word in [
        "tonic",
        "crossroads",
        "sedo",
        "airfind",
        "meta:111000000000001",
        "tiktok:C0EXAMPLETIKTOK00001",
        "events of tiktok exactly once",
        "campaign not subscribed",
        "All files reconcile.",
    ] {
        assert!(out.contains(word), "`{word}` is missing in\n{out}");
    }
}

#[test]
fn a_repeated_file_sends_nothing_again() {
    let world = World::patient();
    let running = world.start("efflux", &["run"]);
    let file = world.sample("a.json", &spec(SampleNetwork::Crossroads, 300, 1));
    let (code, first) = world.ingest(&[&file]);
    assert_eq!(code, 0, "{first:?}");
    let sent = world.events_exactly_once();
    assert_eq!(events(&first), sent);
    assert_eq!(rows(&first, "reported") + rows(&first, "no_events"), 300);

    let (code, second) = world.ingest(&[&file]);
    assert_eq!(code, 0);
    assert_eq!(rows(&second, "duplicate"), 300);
    assert_eq!(world.events_exactly_once(), sent);
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn repeated_rows_of_one_file_are_one_conversion() {
    let world = World::patient();
    let _running = world.start("efflux", &["run"]);
    let row = &generate(&spec(SampleNetwork::Tonic, 1, 7)).rows[0];
    let file = world.file("same.json", format!("[{row},{row},\n{row}]"));
    let (code, receipts) = world.ingest(&[&file]);
    assert_eq!(code, 0, "{receipts:?}");
    assert_eq!((rows(&receipts, "reported"), rows(&receipts, "duplicate")), (1, 2));
    assert_eq!(world.events_exactly_once(), events(&receipts));
}

#[test]
fn each_defect_has_the_expected_outcome() {
    let world = World::patient();
    let _running = world.start("efflux", &["run"]);
    let networks = SampleNetwork::ALL;
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    let mut files = Vec::new();
    let (mut total, mut duplicates) = (0, 0);
    for (seed, network) in (10..).zip(networks) {
        let spec = SampleSpec { dirty: 0.2, restate: 0.05, ..spec(network, 400, seed) };
        let sample = generate(&spec);
        total += sample.rows.len() as u64;
        for truth in &sample.truth {
            match expected_outcome(truth.defect) {
                Expected::Invalid(reason) => *expected.entry(reason).or_default() += 1,
                Expected::Duplicate => duplicates += 1,
                Expected::FilteredOut => *expected.entry("no_campaign").or_default() += 1,
                Expected::Good => {}
            }
        }
        files.push(world.sample(&format!("{network}.json"), &spec));
    }
    let paths: Vec<_> = files.iter().map(std::path::PathBuf::as_path).collect();
    let (code, receipts) = world.ingest(&paths);
    assert_eq!(code, 0, "{receipts:?}");

    let filtered: u64 = receipts
        .iter()
        .map(|r| r["receipt"]["filter"]["filtered_out"]["no_campaign"].as_u64().unwrap_or(0))
        .sum();
    assert_eq!(filtered, expected.remove("no_campaign").unwrap_or(0));
    for (reason, rows) in expected {
        assert_eq!(rows_because(&receipts, "invalid", reason), rows, "{reason}");
    }
    assert_eq!(rows(&receipts, "duplicate"), duplicates);
    let ended: u64 =
        ["reported", "duplicate", "invalid", "no_events"].iter().map(|o| rows(&receipts, o)).sum();
    assert_eq!(ended + filtered, total);
    assert_eq!(world.events_exactly_once(), events(&receipts));
}

enum Expected {
    Good,
    Invalid(&'static str),
    Duplicate,
    FilteredOut,
}

fn expected_outcome(defect: Defect) -> Expected {
    match defect.name() {
        "unknown_pixel" => Expected::Invalid("invalid_pixel"),
        "older_than_7_days" => Expected::Invalid("older_than_7_days"),
        "empty_click_id" | "null_click_id" => Expected::Invalid("missing_click_id"),
        "missing_session" | "timestamp_junk" | "not_an_object" => Expected::Invalid("malformed"),
        "future_click" => Expected::Invalid("future_click"),
        "negative_revenue" => Expected::Invalid("negative_amount"),
        "duplicate_in_file" | "restatement" => Expected::Duplicate,
        "unexpanded_macro" => Expected::FilteredOut,
        _ => Expected::Good,
    }
}
