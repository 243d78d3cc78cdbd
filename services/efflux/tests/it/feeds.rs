//! `efflux feeds`: a feed's click times without an offset from UTC are read by its own clocks.

use domain::UnixSeconds;
use meta_sandbox::EventFilter;
use samples::{SampleNetwork, generate};
use serde_json::{Value, json};

use crate::harness::{World, now_s, rows, spec};

/// The offset of Tokyo, which has the same one all year.
const TOKYO: i64 = 9 * 3_600;

/// A file with one row of a session, clicked at a time of Tokyo's clocks that names no zone.
fn file(session: &str, clicked_at: i64) -> String {
    let mut row: Value = serde_json::from_str(&generate(&spec(SampleNetwork::Tonic, 1, 21)).rows[0]).unwrap();
    let shown = UnixSeconds(clicked_at + TOKYO).millis().rfc3339();
    row["session_id"] = json!(session);
    row["click_timestamp"] = json!(shown.replace('T', " ").trim_end_matches(".000Z"));
    json!([row]).to_string()
}

#[test]
fn what_is_set_is_printed_and_wrong_words_are_refused() {
    let world = World::new();
    assert_eq!(
        world.ok(&["feeds", "set", "Tonic", "--time-zone", "europe/berlin"]),
        "tonic added: time-zone Europe/Berlin\n"
    );
    let set = |zone| world.ok(&["feeds", "set", "tonic", "--time-zone", zone]);
    assert_eq!(set("Europe/Berlin"), "tonic there already, nothing changed\n");
    assert_eq!(set("UTC"), "tonic changed: time-zone Europe/Berlin -> UTC\n");
    assert_eq!(world.ok(&["feeds", "list", "--csv"]).replace('\r', ""), "network,time_zone\ntonic,UTC\n");
    for (args, said) in [
        (&["feeds", "set", "tonic", "--time-zone", "Berlin"][..], "such as Europe/Berlin"),
        (&["feeds", "set", "tonic"], "--time-zone"),
        (&["feeds", "set", "system1", "--time-zone", "UTC"], "--force"),
    ] {
        let output = world.output(args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(64) && error.contains(said), "{args:?}: {error}");
    }
    world.ok(&["feeds", "set", "system1", "--time-zone", "UTC", "--force"]);
    assert_eq!(world.ok(&["feeds", "remove", "Tonic"]), "tonic removed\n");
    assert_eq!(world.output(&["feeds", "remove", "tonic"]).status.code(), Some(1));
    assert_eq!(world.ok(&["feeds", "list", "--csv"]).replace('\r', ""), "network,time_zone\nsystem1,UTC\n");
}

#[test]
fn a_time_without_a_zone_is_reported_at_the_instant_of_its_feed_s_clocks() {
    let world = World::new();
    let clicked_at = now_s() - 120;
    let (without, with) =
        (world.file("a.json", file("without", clicked_at)), world.file("b.json", file("with", clicked_at)));
    let _running = world.start("efflux", &["run"]);
    let (_, receipts) = world.ingest(&[&without]);
    assert_eq!(rows(&receipts, "invalid"), 1, "{receipts:?}");
    let history = world.ok(&["explain", "without"]);
    assert!(history.contains("a time without a zone, and none was set for its feed"), "{history}");

    // What runs reads it before the next file.
    world.ok(&["feeds", "set", "tonic", "--time-zone", "Asia/Tokyo"]);
    let (_, receipts) = world.ingest(&[&with]);
    assert_eq!(rows(&receipts, "reported"), 1, "{receipts:?}");
    let events = world.sandbox.events(&EventFilter::all());
    assert!(!events.is_empty());
    assert!(events.iter().all(|event| event.event_time == clicked_at), "{events:?}");

    let preview = world.ok(&["meta", "preview", with.to_str().unwrap(), "--json"]);
    let preview: Value = serde_json::from_str(&preview).unwrap();
    assert_eq!(preview[0]["events"][0]["event_time"], clicked_at, "{preview}");
    let plan = world.ok(&["retry", "--status", "invalid", "--dry-run", "--json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["conversions"], 1, "the zone counts for the first row by now: {plan}");
    let history = world.ok(&["explain", "without"]);
    assert!(
        history.contains("a time without a zone, and none was set for its feed"),
        "as it was judged: {history}"
    );
}
