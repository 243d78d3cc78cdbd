//! Killed at any moment and however often, nothing is lost, nothing is counted twice, and no message is blamed.

use std::time::Duration;

use meta_sandbox::Action;
use samples::{SampleNetwork, generate};
use serde_json::Value;

use crate::harness::{LONGEST, World, events_in, events_of, spec, wait_until};

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

#[test]
fn what_was_being_sent_when_a_process_was_killed_waits_for_a_person_who_wants_that() {
    let world = World::new();
    let spec = spec(SampleNetwork::Tonic, 20, 77);
    world.ok(&["ingest", world.sample("hold.json", &spec).to_str().unwrap()]);
    let settings =
        [("ON_UNKNOWN_OUTCOME", "hold"), ("LEASE_SECONDS", "23"), ("META_REQUEST_TIMEOUT_MS", "5000")];
    // The events are there, and the answer never comes.
    world.sandbox.add_fault(Action::LateAnswerMs(60_000).always());
    let running = world.start_with("efflux", &["run"], &settings);
    wait_until(LONGEST, "the platform has events", || world.sandbox.stats().accepted_events() > 0);
    running.kill();
    world.sandbox.clear_faults();
    assert_eq!(unknown(&status(&world)), 0, "it ended before it could say so");

    let again = world.start_with("efflux", &["run"], &settings);
    wait_until(LONGEST, "all else is reported", || {
        let status = status(&world);
        let entries = |state: &str| status["ledger"][state].as_u64().unwrap_or(0);
        let waiting = unknown(&status);
        waiting > 0 && entries("reported") + entries("no_events") + waiting == 20
    });
    assert_eq!(world.sandbox.stats().repeated_events(), 0, "nothing is sent again without a person's word");
    assert_eq!(again.terminate(), Some(0));
}

/// Conversions of which a person is to say whether they are sent again.
fn unknown(status: &Value) -> u64 {
    let causes = status["for_a_person"].as_array().unwrap().iter();
    let unknown = causes.filter(|cause| cause["reason"] == "unknown_outcome");
    unknown.map(|cause| cause["conversions"].as_u64().unwrap()).sum()
}

/// How long a process lives before it is killed: it has received files by then, and has finished none.
const LIFE: Duration = Duration::from_millis(300);

#[test]
fn a_process_that_is_killed_again_and_again_makes_no_dead_letters() {
    let world = World::new();
    let sizes = [8_000, 300, 300, 300];
    let mut events = 0;
    for (seed, (network, rows)) in (200..).zip(SampleNetwork::ALL.into_iter().zip(sizes)) {
        let spec = spec(network, rows, seed);
        events += events_in(&spec);
        world.ok(&["ingest", world.sample(&format!("{seed}.json"), &spec).to_str().unwrap()]);
    }
    let settings = [("QUEUE_VISIBILITY_SECONDS", "3")];
    for _ in 0..5 {
        let running = world.start_with("efflux", &["run"], &settings);
        let others = world.start_with("efflux", &["run"], &settings);
        live(LIFE);
        running.kill();
        others.kill();
        wait_until(LONGEST, "what was in flight comes again", || queued(&world, "hidden") == 0);
    }
    let _running = world.start_with("efflux", &["run"], &settings);
    wait_until(LONGEST * 2, "everything is reported", || {
        assert_eq!(queued(&world, "dead"), 0, "{}", world.ok(&["dlq", "list"]));
        let status = status(&world);
        let entries = |state: &str| status["ledger"][state].as_u64().unwrap_or(0);
        entries("reported") + entries("no_events") == sizes.iter().sum::<usize>() as u64
    });
    assert_eq!(world.sandbox.stats().accepted_events(), events);
    let log = std::fs::read_to_string(world.path("efflux.log")).unwrap();
    assert!(log.contains("handled alone, in a process of its own"), "what was in flight was under suspicion");
}

fn status(world: &World) -> Value {
    serde_json::from_str(&world.ok(&["status", "--json"])).unwrap()
}

/// Messages in both queues.
fn queued(world: &World, how: &str) -> u64 {
    let status = status(world);
    ["trigger", "report"].iter().map(|queue| status["queues"][queue][how].as_u64().unwrap()).sum()
}

#[expect(clippy::disallowed_methods, reason = "the process lives in real time")]
fn live(time: Duration) {
    std::thread::sleep(time);
}
