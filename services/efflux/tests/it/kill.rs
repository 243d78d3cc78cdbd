//! Killed at any moment, nothing is lost and nothing is counted twice.

use samples::{SampleNetwork, generate};
use serde_json::Value;

use crate::harness::{LONGEST, World, events_of, spec, wait_until};

#[test]
fn a_killed_process_ends_with_each_event_accepted_once() {
    let world = World::new();
    let (mut expected_rows, mut expected_events) = (0, 0);
    for seed in 0..20_u64 {
        let network = SampleNetwork::ALL[(seed % 4) as usize];
        let spec = spec(network, 200, 100 + seed);
        expected_events += generate(&spec).rows.iter().map(|row| events_of(row)).sum::<u64>();
        let file = world.sample(&format!("{seed}.json"), &spec);
        world.ok(&["ingest", file.to_str().unwrap()]);
        expected_rows += 200;
    }
    // Kill it a few times, each time after it has made some progress.
    for more in [50, 400, 900] {
        let running = world.start("efflux", &["run"]);
        wait_until(LONGEST, "more events", || world.sandbox.stats().accepted_events() >= more);
        running.kill();
    }
    let _running = world.start("efflux", &["run"]);
    wait_until(LONGEST, "everything is reported", || {
        let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
        let entries = |state: &str| status["ledger"][state].as_u64().unwrap_or(0);
        entries("reported") + entries("no_events") == expected_rows
    });
    // Events that were sent but not settled are sent again: the sandbox knows their ids and counts each once.
    assert_eq!(world.sandbox.stats().accepted_events(), expected_events);
}
