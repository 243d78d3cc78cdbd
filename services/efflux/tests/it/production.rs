//! The services on all production backends at once, started with nothing but environment variables. Each backend has an outage in
//! turn while load goes on.
//!
//! With `make outages` each outage takes a minute; among the other tests it is a few seconds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use samples::{SampleNetwork, SampleSpec};
use serde_json::Value;

use crate::deployment::{Deployment, LONG, META, ROWS, Service, aws};
use crate::harness::{Stopwatch, World, events, spec, wait_until};

/// Which service reports which parts as missing when a backend is unavailable.
const MISSED: [(&str, usize, &[&str]); 6] = [
    ("AWS", FILTER, &["trigger-queue", "subscriptions"]),
    ("AWS", REPORTER, &["report-queue"]),
    ("MongoDB", REPORTER, &["ledger"]),
    ("ClickHouse", REPORTER, &["analytics"]),
    ("PostgreSQL", REPORTER, &["pixels", "feeds"]),
    (META, REPORTER, &["meta"]),
];

const SERVICES: [&str; 4] = ["filter-svc", "reporter-svc", "reporter-svc", "optimizer-svc"];
const FILTER: usize = 0;
const REPORTER: usize = 1;

#[test]
fn all_production_backends_at_once_and_an_outage_of_each() {
    let deployment = Deployment::new();
    let world = &deployment.world;
    let mut services = SERVICES.map(|service| deployment.start(service));

    four_dirty_networks_and_a_repeated_message(&deployment);
    for backend in ["AWS", "MongoDB", "ClickHouse", "PostgreSQL", META] {
        let began = Stopwatch::start();
        outage_of(&deployment, backend, &mut services);
        eprintln!("{backend} was unavailable, and all recovered, in {:?}", began.elapsed());
    }
    answers_get_lost(&deployment);

    wait_until(LONG, "analytics has caught up and all files reconcile", || deployment.reconciles());
    assert_eq!(world.sandbox.stats().accepted_events(), deployment.expected.get());
    for by in ["pixel", "hour"] {
        let report = world.ok(&["report", "--by", by, "--from", "yesterday", "--json"]);
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["total"]["events"], deployment.expected.get(), "{report}");
    }
    assert_eq!(deployment.optimise_once(), Some(0));
    for service in services {
        assert_eq!(service.process.terminate(), Some(0));
    }
}

#[test]
fn a_message_on_sqs_is_not_blamed_for_the_ends_of_its_processes() {
    let deployment = Deployment::new();
    let world = &deployment.world;
    let _filter = deployment.start("filter-svc");
    for round in 0..4 {
        let reporter = deployment.start("reporter-svc");
        // The ledger hangs, so that the message stays in flight.
        deployment.runtime.block_on(deployment.proxy("MongoDB").pause());
        if round == 0 {
            deployment.put();
        }
        wait_until(LONG, "the message is in flight", || {
            let status: Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
            status["queues"]["report"]["hidden"] == 1
        });
        reporter.process.kill();
        deployment.restore("MongoDB");
    }
    let _reporter = deployment.start("reporter-svc");
    deployment.all_arrive();
    wait_until(LONG, "analytics has caught up and all files reconcile", || deployment.reconciles());
    let log = std::fs::read_to_string(world.path("reporter-svc.log")).unwrap();
    assert!(log.contains("handled alone, in a process of its own"), "{log}");
    a_visitor_is_erased(&deployment);
}

/// From MongoDB and ClickHouse at once; the buckets keep versions, so their files are named.
fn a_visitor_is_erased(deployment: &Deployment) {
    let world = &deployment.world;
    let rows: Vec<Value> =
        serde_json::from_slice(&std::fs::read(world.path("clean-0.json")).unwrap()).unwrap();
    let session = rows[0]["session_id"].as_str().unwrap();
    let erase = || {
        let output = world.output(&["erase", "--session", session, "--yes", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let record = erase();
    assert_eq!(record["ledger"]["conversions"], 1, "{record}");
    assert!(record["analytics"]["states"].as_u64().unwrap() > 0, "{record}");
    let left: Vec<_> = ["INTERPRETED_EVENTS_BUCKET", "REPORT_CONVERSIONS_BUCKET"]
        .into_iter()
        .filter(|bucket| record["files"]["left"].to_string().contains(deployment.setting(bucket)))
        .collect();
    assert_eq!((left.len(), &record["complete"]), (2, &Value::Bool(false)), "{record}");
    let again = erase();
    assert_eq!((&again["ledger"]["conversions"], &again["analytics"]["states"]), (&0.into(), &0.into()));
    wait_until(LONG, "the files reconcile as before", || deployment.reconciles());
}

fn four_dirty_networks_and_a_repeated_message(deployment: &Deployment) {
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
    wait_until(LONG, "the repeated message is processed", || messages() == 0);
}

/// The buckets keep versions, so that filtered files and receipts have a version in their keys.
fn the_filters_receipt_is_found(world: &World, file: &Path) {
    let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let sessions = rows.iter().filter_map(|row| row["session_id"].as_str());
    // Some rows of a dirty file have no session, and some are not subscribed.
    let histories = sessions.take(20).map(|session| world.output(&["explain", session]).stdout);
    let histories: Vec<_> = histories.map(|history| String::from_utf8(history).unwrap()).collect();
    assert!(histories.iter().any(|history| history.contains("filter    kept the row: ")), "{histories:?}");
}

/// Makes a backend unavailable while files keep coming, and restores it.
fn outage_of(deployment: &Deployment, name: &str, services: &mut [Service; 4]) {
    deployment.put();
    deployment.make_unavailable(name);
    let began = Stopwatch::start();
    deployment.put();
    for (_, service, parts) in MISSED.iter().filter(|(backend, ..)| *backend == name) {
        wait_until(LONG, &format!("{} reports what is missing", SERVICES[*service]), || {
            parts.iter().all(|part| services[*service].misses(part))
        });
    }
    status_goes_on_without(deployment, name);
    if ["ClickHouse", "PostgreSQL"].contains(&name) {
        assert_eq!(deployment.optimise_once(), Some(69), "a run with --once does not wait");
    }
    wait_until(LONG, "the outage is over", || began.elapsed() >= outage());
    for (service, name) in services.iter_mut().zip(SERVICES) {
        assert!(service.process.is_up() && service.is_live(), "{name} ended");
    }
    deployment.restore(name);
    wait_until(LONG, "all are ready again", || services.iter().all(Service::is_ready));
    deployment.all_arrive();
}

/// What `efflux status` calls a backend that it asks.
const ASKED: [(&str, &str); 3] =
    [("AWS", "trigger queue"), ("MongoDB", "ledger"), ("ClickHouse", "analytics")];

/// Status names the backend that is unavailable, and has everything of the others.
fn status_goes_on_without(deployment: &Deployment, name: &str) {
    let Some((_, part)) = ASKED.into_iter().find(|(backend, _)| *backend == name) else { return };
    let output = deployment.behind_proxies(&["status", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains(&format!("the {part} could not be asked")), "{said}");
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["unavailable"][0]["part"], part, "{status}");
    for (backend, known) in [("AWS", "file_counts"), ("MongoDB", "ledger"), ("ClickHouse", "analytics")] {
        assert_eq!(status[known].is_null(), backend == name, "{known} of {status}");
    }
}

/// A request whose answer is lost is sent again, and must not count twice.
fn answers_get_lost(deployment: &Deployment) {
    for backend in &deployment.proxies {
        deployment.runtime.block_on(backend.proxy.lose_answers());
        deployment.put();
        let before = backend.proxy.connections();
        wait_until(LONG, "the request was repeated, in vain", || backend.proxy.connections() >= before + 3);
        deployment.runtime.block_on(backend.proxy.restore());
    }
    deployment.all_arrive();
}

fn dirty_file(deployment: &Deployment, network: SampleNetwork) -> PathBuf {
    let spec = SampleSpec { dirty: 0.2, restate: 0.05, ..spec(network, ROWS, 700) };
    deployment.world.sample(&format!("{network}.json"), &spec)
}

/// Puts a notification of an object into the trigger queue again, as SQS may deliver one twice.
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

/// The length of an outage.
#[expect(clippy::disallowed_methods, reason = "the length of an outage is set from outside the test")]
fn outage() -> Duration {
    let seconds = std::env::var("EFFLUX_TEST_OUTAGE_SECONDS").map_or(3, |text| text.parse().unwrap());
    Duration::from_secs(seconds)
}
