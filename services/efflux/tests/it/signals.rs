//! How processes stop: the first signal lets them finish in-flight work, a second one stops them at once; neither loses anything.

use std::fs;
use std::time::Duration;

use meta_sandbox::{Action, Fault};
use samples::SampleNetwork;
use serde_json::Value;

use crate::harness::{LONGEST, Running, Stopwatch, World, events_in, spec, wait_until};

/// The time that SIGTERM leaves for in-flight work, and a little for the process's own end.
const DRAINED: Duration = Duration::from_secs(26);

/// At once, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);

const FILES: u64 = 4;
const ROWS: u64 = 400;

#[test]
fn sigterm_finishes_in_flight_work_and_takes_nothing_new() {
    for services in [&["efflux"][..], &["filter-svc", "reporter-svc"]] {
        let (world, expected) = under_load(Action::LatencyMs(1_500).always());
        let running = start_and_send(&world, services);
        let began = Stopwatch::start();
        running.iter().for_each(Running::signal);
        for process in running {
            assert_eq!(process.ended(), Some(0));
        }
        assert!(began.elapsed() < DRAINED, "{:?}", began.elapsed());
        assert_eq!(state(&world, "in_flight"), 0, "nothing is in flight any more");
        world.sandbox.clear_faults();
        let _running = world.start("efflux", &["run"]);
        all_are_reported(&world, expected);
        assert_eq!(world.events_exactly_once(), expected, "in-flight work was settled");
    }
}

#[test]
fn a_second_signal_stops_at_once_and_loses_nothing() {
    // The sandbox counts the events, and its answer comes long after both signals.
    let (world, expected) = under_load(Action::LateAnswerMs(4_000).always());
    let mut running = start_and_send(&world, &["filter-svc", "reporter-svc"]);
    let reporter = running.last_mut().unwrap();
    wait_until(LONGEST, "events have arrived", || world.sandbox.stats().accepted_events() > 0);
    reporter.signal();
    wait_until(LONGEST, "the first signal is logged", || {
        fs::read_to_string(world.path("reporter-svc.log")).unwrap().contains("finishing in-flight work")
    });
    assert!(reporter.is_up(), "it waits for the answer");
    let began = Stopwatch::start();
    reporter.signal();
    assert_eq!(running.pop().unwrap().ended(), Some(0));
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(state(&world, "in_flight") > 0, "in-flight conversions keep their lease");
    world.sandbox.clear_faults();
    let _reporter = world.start("reporter-svc", &[]);
    all_are_reported(&world, expected);
    let stats = world.sandbox.stats();
    assert!(stats.repeated_events() > 0, "events without an answer were sent again");
    assert_eq!(stats.accepted_events(), expected, "under the same ids");
}

/// Waiting files, a sandbox that delays every request, and the number of events.
fn under_load(fault: Fault) -> (World, u64) {
    let settings = [
        ("LOG_LEVEL", "info"),
        ("META_REQUEST_TIMEOUT_MS", "5000"),
        ("LEASE_SECONDS", "23"),
        ("REQUESTS_PER_PIXEL", "1"),
        ("QUEUE_VISIBILITY_SECONDS", "5"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let world = World::empty(vec![fault], settings.into());
    world.add_pixels_and_campaigns();
    let mut events = 0;
    for number in 0..FILES {
        let spec = spec(SampleNetwork::ALL[(number % 4) as usize], ROWS as usize, 300 + number);
        let path = world.sample(&format!("{number}.json"), &spec);
        world.ok(&["ingest", path.to_str().unwrap()]);
        events += events_in(&spec);
    }
    (world, events)
}

/// Starts processes, and waits until conversions are in flight.
fn start_and_send(world: &World, services: &[&str]) -> Vec<Running> {
    let args = |service| if service == "efflux" { &["run"][..] } else { &[] };
    let running = services.iter().map(|service| world.start(service, args(*service))).collect();
    wait_until(LONGEST, "conversions are in flight", || state(world, "in_flight") > 0);
    running
}

fn state(world: &World, name: &str) -> u64 {
    let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
    status["ledger"][name].as_u64().unwrap_or(0)
}

fn all_are_reported(world: &World, events: u64) {
    wait_until(LONGEST * 2, "all events have arrived", || world.sandbox.stats().accepted_events() >= events);
    wait_until(LONGEST * 2, "everything is reported", || {
        state(world, "reported") + state(world, "no_events") == FILES * ROWS
    });
}
