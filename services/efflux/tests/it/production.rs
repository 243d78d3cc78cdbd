//! The services on all production backends at once, started with nothing but environment variables, and each backend taken away in
//! turn while load goes on.
//!
//! `make outages` takes each away for a minute; among the other tests it is a few seconds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use samples::{SampleNetwork, SampleSpec};
use serde_json::Value;

use crate::deployment::{Deployment, LONG, META, ROWS, Service, aws};
use crate::harness::{Stopwatch, World, events, spec, wait_until};

/// Which service says what is missing when a backend is away.
const MISSED: [(&str, usize, &[&str]); 6] = [
    ("AWS", FILTER, &["trigger-queue", "subscriptions"]),
    ("AWS", REPORTER, &["report-queue"]),
    ("MongoDB", REPORTER, &["ledger"]),
    ("ClickHouse", REPORTER, &["analytics"]),
    ("PostgreSQL", REPORTER, &["pixels"]),
    (META, REPORTER, &["destination"]),
];

const SERVICES: [&str; 4] = ["filter-svc", "reporter-svc", "reporter-svc", "optimizer-svc"];
const FILTER: usize = 0;
const REPORTER: usize = 1;

#[test]
fn all_production_backends_at_once_and_each_away_for_a_while() {
    let deployment = Deployment::new();
    let world = &deployment.world;
    let mut services = SERVICES.map(|service| deployment.start(service));

    four_dirty_networks_and_a_message_that_comes_again(&deployment);
    for backend in ["AWS", "MongoDB", "ClickHouse", "PostgreSQL", META] {
        let began = Stopwatch::start();
        away(&deployment, backend, &mut services);
        eprintln!("{backend} was away, and all came right, in {:?}", began.elapsed());
    }
    answers_get_lost(&deployment);

    wait_until(LONG, "analytics has caught up and the books balance", || deployment.balances());
    assert_eq!(world.sandbox.stats().accepted_events(), deployment.expected.get());
    assert_eq!(deployment.optimise_once(), Some(0));
    for service in services {
        assert_eq!(service.process.terminate(), Some(0));
    }
}

fn four_dirty_networks_and_a_message_that_comes_again(deployment: &Deployment) {
    let world = &deployment.world;
    let files = SampleNetwork::ALL.map(|network| dirty_file(deployment, network));
    let (code, receipts) = world.ingest(&files.each_ref().map(PathBuf::as_path));
    assert_eq!(code, 0, "{receipts:?}");
    deployment.expected.set(events(&receipts));
    assert!(deployment.expected.get() > 0);
    assert_eq!(world.events_exactly_once(), deployment.expected.get());

    the_filters_receipt_is_found(world, &files[0]);
    send_again(deployment, &receipts[0]["receipt"]["object"]);
    let messages = || {
        let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
        let all = ["visible", "hidden", "dead"].map(|s| status["queues"]["trigger"][s].as_u64().unwrap());
        all.iter().sum::<u64>()
    };
    wait_until(LONG, "the message that came again is done", || messages() == 0);
}

/// The buckets keep versions, so that filtered files and receipts have a version in their keys.
fn the_filters_receipt_is_found(world: &World, file: &Path) {
    let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let sessions = rows.iter().filter_map(|row| row["session_id"].as_str());
    // Some sessions of a dirty file are no one's, and some are not subscribed.
    let stories = sessions.take(20).map(|session| world.output(&["explain", session]).stdout);
    let stories: Vec<_> = stories.map(|story| String::from_utf8(story).unwrap()).collect();
    assert!(stories.iter().any(|story| story.contains("filter    kept the row: ")), "{stories:?}");
}

/// Takes a backend away while files keep coming, and gives it back.
fn away(deployment: &Deployment, name: &str, services: &mut [Service; 4]) {
    deployment.put();
    deployment.take_away(name);
    let began = Stopwatch::start();
    deployment.put();
    for (_, service, parts) in MISSED.iter().filter(|(backend, ..)| *backend == name) {
        wait_until(LONG, &format!("{} says what is missing", SERVICES[*service]), || {
            parts.iter().all(|part| services[*service].misses(part))
        });
    }
    if ["ClickHouse", "PostgreSQL"].contains(&name) {
        assert_eq!(deployment.optimise_once(), Some(69), "a run for a scheduler does not wait");
    }
    wait_until(LONG, "the outage is over", || began.elapsed() >= outage());
    for (service, name) in services.iter_mut().zip(SERVICES) {
        assert!(service.process.is_up() && service.is_live(), "{name} was taken down");
    }
    deployment.give_back(name);
    wait_until(LONG, "all are ready again", || services.iter().all(Service::is_ready));
    deployment.all_arrive();
}

/// What was done must not be done twice because nobody heard of it.
fn answers_get_lost(deployment: &Deployment) {
    for way in &deployment.ways {
        deployment.runtime.block_on(way.proxy.lose_answers());
        deployment.put();
        let before = way.proxy.connections();
        wait_until(LONG, "it was asked again, in vain", || way.proxy.connections() >= before + 3);
        deployment.runtime.block_on(way.proxy.restore());
    }
    deployment.all_arrive();
}

fn dirty_file(deployment: &Deployment, network: SampleNetwork) -> PathBuf {
    let spec = SampleSpec { dirty: 0.2, restate: 0.05, ..spec(network, ROWS, 700) };
    deployment.world.sample(&format!("{network}.json"), &spec)
}

/// Puts a notification of an object into the trigger queue once more, as SQS may deliver one twice.
fn send_again(deployment: &Deployment, object: &Value) {
    let record = serde_json::json!({
        "eventName": "ObjectCreated:Put", "eventSource": "aws:s3",
        "s3": {"bucket": {"name": object["bucket"]}, "object": {"key": object["key"]}}
    });
    let body = serde_json::json!({"Records": [record]}).to_string();
    let queue = deployment.setting("TRIGGER_CONVERSION_REPORTS_QUEUE_URL");
    let message = serde_json::json!({"QueueUrl": queue, "MessageBody": body});
    aws("sqs POST /", "AmazonSQS.SendMessage", &message.to_string());
}

/// How long a backend is away is what is being tried.
#[expect(clippy::disallowed_methods, reason = "how long a run is, is said from outside the test")]
fn outage() -> Duration {
    let seconds = std::env::var("EFFLUX_TEST_OUTAGE_SECONDS").map_or(3, |text| text.parse().unwrap());
    Duration::from_secs(seconds)
}
