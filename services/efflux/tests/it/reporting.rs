//! Files are ingested, events are sent, and all files reconcile.

use std::collections::BTreeMap;

use samples::{Defect, SampleNetwork, SampleSpec, default_pixels, generate};
use serde_json::Value;

use crate::harness::{LONGEST, World, events, rows, rows_because, spec, wait_until};

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

#[test]
fn a_file_whose_restatement_is_still_to_be_sent_is_open() {
    let world = World::patient();
    let running = world.start("efflux", &["run"]);
    let mut row: Value = serde_json::from_str(&generate(&spec(SampleNetwork::Tonic, 1, 8)).rows[0]).unwrap();
    let mut stated = |conversions: u64, revenue: &str| {
        row["conversions"] = conversions.into();
        row["revenue"] = revenue.into();
        world.file(&format!("{conversions}.json"), format!("[{row}]"))
    };
    let (first, second) = (stated(1, "1.00"), stated(2, "3.00"));
    assert_eq!(world.ingest(&[&first]).0, 0);
    let sent = world.events_exactly_once();

    // The pixel's token is refused now, so the second click waits.
    default_pixels().iter().for_each(|pixel| world.sandbox.set_tokens(pixel, &["another-token"]));
    let (code, receipts) = world.ingest(&[&second]);
    assert_eq!((rows(&receipts, "duplicate"), &receipts[0]["balances"]), (1, &true.into()), "{receipts:?}");
    assert_eq!((code, &receipts[0]["open_duplicates"]), (1, &1.into()), "{receipts:?}");
    let again = ["ingest", "--wait", second.to_str().unwrap()];
    let output = world.output(&again);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("1 of its duplicates") && !said.contains("none is open"), "{said}");

    default_pixels().iter().for_each(|pixel| world.sandbox.set_tokens(pixel, &["token-of-the-test"]));
    world.ok(&["retry", "--status", "parked", "--yes"]);
    wait_until(LONGEST, "the second click is sent", || world.events_exactly_once() == sent + 1);
    let (code, receipts) = world.ingest(&[&second]);
    assert_eq!((code, &receipts[0]["open_duplicates"]), (0, &0.into()), "{receipts:?}");
    assert!(world.ok(&again).contains("Reconciled: every row has an outcome, and none is open."));
    assert_eq!(running.terminate(), Some(0));
}

/// While a restatement is on its way, `--wait` waits for it.
#[test]
fn a_restatement_that_is_on_its_way_is_waited_for() {
    let world = World::patient();
    let _running = world.start("efflux", &["run"]);
    let row: Value = serde_json::from_str(&generate(&spec(SampleNetwork::Tonic, 1, 8)).rows[0]).unwrap();
    let stated = |clicks: u64| {
        let mut row = row.clone();
        row["conversions"] = clicks.into();
        row["revenue"] = clicks.into();
        world.file(&format!("{clicks}.json"), format!("[{row}]"))
    };
    assert_eq!(world.ingest(&[&stated(1)]).0, 0);
    for clicks in 2..5 {
        let sent = world.events_exactly_once();
        let (code, receipts) = world.ingest(&[&stated(clicks)]);
        assert_eq!((code, rows(&receipts, "duplicate")), (0, 1), "{receipts:?}");
        assert_eq!(world.events_exactly_once(), sent + 1, "it was sent before the receipt was printed");
    }
}
