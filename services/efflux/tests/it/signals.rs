//! How processes stop: the first signal lets them finish in-flight work, a second one stops them at once; neither loses anything.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use meta_sandbox::{Action, Fault};
use samples::SampleNetwork;
use serde_json::Value;

use crate::harness::{LONGEST, Running, Stopwatch, World, events_in, spec, wait_until};
use crate::wire::{free_port, get};

/// The time that SIGTERM leaves for in-flight work, and a little for the process's own end.
const DRAINED: Duration = Duration::from_secs(26);

/// At once, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);

/// The end of a process without in-flight work, whatever clients of its HTTP surface do.
const STOPPED: Duration = Duration::from_secs(2);

/// More than the HTTP surface has places.
const HOSTILE: usize = 150;

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

#[test]
fn clients_of_the_http_surface_hold_up_neither_probes_nor_the_end() {
    let world = World::new();
    let port = free_port();
    let text = port.to_string();
    let running = world.start_with("filter-svc", &[], &[("PORT", text.as_str())]);
    wait_until(LONGEST, "it is up", || get(port, "/health/live").0 == 200);
    let _hostile: Vec<_> = (0..HOSTILE).map(|client| besiege(port, client)).collect();
    for path in ["/health/live", "/health/ready"] {
        let began = Stopwatch::start();
        assert_eq!(get(port, path).0, 200);
        assert!(began.elapsed() < AT_ONCE, "{path} took {:?}", began.elapsed());
    }
    let began = Stopwatch::start();
    assert_eq!(running.terminate(), Some(0));
    assert!(began.elapsed() < STOPPED, "{:?}", began.elapsed());
}

/// A client that pipelines requests until it is stopped and never reads; each third sends its request in drops, each third says nothing.
fn besiege(port: u16, client: usize) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut writing = stream.try_clone().unwrap();
    let (text, pause): (&[u8], _) = match client % 3 {
        0 => (b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", Duration::from_millis(1)),
        1 => (b"GET /", Duration::from_millis(100)),
        _ => return stream,
    };
    std::thread::spawn(move || {
        while writing.write_all(text).is_ok() {
            std::thread::park_timeout(pause);
        }
    });
    stream
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
