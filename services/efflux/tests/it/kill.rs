//! Killed at any moment, nothing is lost and nothing is counted twice.

use std::time::Duration;

use samples::SampleNetwork;
use serde_json::Value;

use crate::harness::{LONGEST, World, now_s, spec};

#[test]
fn a_killed_process_ends_with_each_event_accepted_once() {
    let world = World::new();
    let mut expected_rows = 0;
    for seed in 0..20_u64 {
        let network = SampleNetwork::ALL[(seed % 4) as usize];
        let file = world.sample(&format!("{seed}.json"), &spec(network, 200, 100 + seed));
        world.ok(&["ingest", file.to_str().unwrap()]);
        expected_rows += 200;
    }
    // Kill it a few times, each time after it has got a little further.
    for more in [50, 400, 900] {
        let running = world.start("efflux", &["run"]);
        wait_until(|| world.sandbox.stats().accepted_events() >= more);
        running.kill();
    }
    let _running = world.start("efflux", &["run"]);
    wait_until(|| {
        let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
        let entries = |state: &str| status["ledger"][state].as_u64().unwrap_or(0);
        entries("reported") + entries("no_events") == expected_rows
    });
    // Events that were sent and not settled went out again: the sandbox knows them by their ids.
    let stats = world.sandbox.stats();
    let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
    let booked: u64 = status["files"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|f| f["receipt"]["pixels"].as_array().unwrap())
        .map(|p| p["events"].as_u64().unwrap())
        .sum();
    // The status shows the latest ten files; all twenty must add up to what the sandbox has.
    assert!(booked <= stats.accepted_events());
    assert_eq!(
        status["files"].as_array().unwrap().iter().filter(|f| f["receipt"]["complete"] != true).count(),
        0
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test of real processes looks again in real time, with a deadline"
)]
fn wait_until(done: impl Fn() -> bool) {
    let give_up = now_s() + LONGEST.as_secs() as i64;
    while !done() {
        assert!(now_s() < give_up, "still not done after {LONGEST:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
