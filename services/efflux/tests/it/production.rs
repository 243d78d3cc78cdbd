//! The three services on all production backends at once, started with nothing but environment variables, and each backend taken
//! away in turn while load goes on.
//!
//! `make outages` takes each away for a minute; among the other tests it is a few seconds.

use std::path::PathBuf;
use std::time::Duration;

use port_tests::proxy::Proxy;
use port_tests::service;
use samples::{SampleNetwork, SampleSpec, generate};
use serde_json::Value;

use crate::harness::{Running, World, events, events_of, exchange, free_port, get, now_s, spec, wait_until};

/// Everything may have to be asked several times over emulators on a busy machine.
const LONG: Duration = Duration::from_secs(240);

const SERVICES: [&str; 4] = ["filter-svc", "reporter-svc", "reporter-svc", "optimizer-svc"];

/// Files of each phase, in rows.
const ROWS: usize = 60;

/// The backends behind proxies.
struct Backends {
    runtime: tokio::runtime::Runtime,
    proxies: Vec<Backend>,
    settings: Vec<(String, String)>,
}

struct Backend {
    name: &'static str,
    proxy: Proxy,
    /// A service that cannot do without it, by its place in [`SERVICES`], and the part that it says is missing.
    missed_by: (usize, &'static str),
}

impl Backends {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // Servers outlive a test: every name is new.
        let unique = format!("{}-{}", now_s(), std::process::id());
        let mut proxies = Vec::new();
        let mut through = |name: &'static str, missed_by| {
            let (proxy, url) = runtime.block_on(Proxy::to_url(&service::url(name)));
            proxies.push(Backend { name, proxy, missed_by });
            url
        };
        let aws = through("AWS", (0, "trigger-queue"));
        let mongodb = through("MONGODB", (1, "ledger"));
        let clickhouse = through("CLICKHOUSE", (1, "analytics"));
        let postgres = through("POSTGRES", (1, "pixels"));
        let queue = |name: &str| format!("{aws}/123456789012/{name}-{unique}");
        let settings = [
            ("ENVIRONMENT_LOCATION", "aws".to_owned()),
            ("AWS_ENDPOINT_URL", aws.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("TRIGGER_CONVERSION_REPORTS_QUEUE_URL", queue("trigger")),
            ("TRIGGER_DLQ_URL", format!("{}-dlq", queue("trigger"))),
            ("REPORT_CONVERSIONS_QUEUE_URL", queue("report")),
            ("REPORT_DLQ_URL", format!("{}-dlq", queue("report"))),
            ("INTERPRETED_EVENTS_BUCKET", format!("interpreted-{unique}")),
            ("REPORT_CONVERSIONS_BUCKET", format!("filtered-{unique}")),
            ("SUBSCRIPTIONS_TABLE", format!("subscriptions-{unique}")),
            ("MONGODB_URI", mongodb),
            ("MONGODB_DATABASE", format!("efflux-{unique}")),
            ("CLICKHOUSE_URL", format!("{clickhouse}/{}", clickhouse_database(&unique))),
            ("DATABASE_URL", postgres_database(&postgres, &unique)),
            ("QUEUE_VISIBILITY_SECONDS", "10".to_owned()),
            ("META_REQUEST_TIMEOUT_MS", "2000".to_owned()),
            ("META_CONNECT_TIMEOUT_MS", "1000".to_owned()),
            ("LEASE_SECONDS", "20".to_owned()),
            ("RETRY_FIRST_SECONDS", "1".to_owned()),
            ("RETRY_LONGEST_SECONDS", "5".to_owned()),
        ];
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { runtime, proxies, settings }
    }
}

/// A database of the test's own, made on the server itself.
fn clickhouse_database(unique: &str) -> String {
    let name = format!("efflux_{}", unique.replace('-', "_"));
    let server = service::url("CLICKHOUSE");
    let (status, answer) = exchange(host_of(&server), "POST", "/", "", &format!("CREATE DATABASE {name}"));
    assert_eq!(status, 200, "{answer}");
    name
}

fn postgres_database(url: &str, unique: &str) -> String {
    let name = format!("efflux_{}", unique.replace('-', "_"));
    let made = std::process::Command::new("psql")
        .args([&service::url("POSTGRES"), "-qc", &format!("CREATE DATABASE {name}")])
        .output()
        .expect("psql comes with PostgreSQL");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (server, _) = url.rsplit_once('/').expect("an address with a database");
    format!("{server}/{name}")
}

#[test]
fn all_production_backends_at_once_and_each_away_for_a_while() {
    let backends = Backends::new();
    let world = World::empty(Vec::new(), backends.settings.clone());
    world.ok(&["provision"]);
    world.ok(&["migrate"]);
    world.ok(&["migrate"]);
    world.add_pixels_and_campaigns();
    let ports: Vec<_> = SERVICES.iter().map(|_| free_port()).collect();
    let running: Vec<Running> = SERVICES
        .iter()
        .zip(&ports)
        .map(|(service, port)| world.start_with(service, &[], &[("PORT", &port.to_string())]))
        .collect();

    // Four networks, dirty files.
    let files: Vec<_> = (0..4).map(|i| dirty_file(&world, i)).collect();
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let (code, receipts) = world.ingest(&files);
    assert_eq!(code, 0, "{receipts:?}");
    let mut expected = events(&receipts);
    assert_eq!(world.events_exactly_once(), expected);

    // A message that comes again.
    let object = receipts[0]["object"].as_str().expect("the object's name").to_owned();
    send_again(&backends.settings, &object);

    let seconds = seconds();
    for (number, backend) in backends.proxies.iter().enumerate() {
        eprintln!("{} is away for {seconds} s", backend.name);
        let (file, more) = clean_file(&world, 10 + number as u64);
        // What reads the file itself needs the backend: it is put just before.
        world.ok(&["ingest", file.to_str().unwrap()]);
        backends.runtime.block_on(backend.proxy.refuse());
        let (missed_by, part) = backend.missed_by;
        wait_until(LONG, "the service says what is missing", || {
            let (status, body) = get(ports[missed_by], "/health/ready");
            status == 503 && body.contains(part)
        });
        pause(seconds);
        let alive = get(ports[missed_by], "/health/live");
        assert_eq!(alive.0, 200, "{} took {} down", backend.name, SERVICES[missed_by]);
        backends.runtime.block_on(backend.proxy.restore());
        wait_until(LONG, "the service is ready again", || get(ports[missed_by], "/health/ready").0 == 200);
        expected += more;
        wait_until(LONG, "what came meanwhile is reported", || {
            world.sandbox.stats().accepted_events() == expected
        });
    }
    // Answers that get lost on the way: what was done must not be done twice.
    for backend in &backends.proxies {
        backends.runtime.block_on(backend.proxy.lose_answers());
        pause(2);
        backends.runtime.block_on(backend.proxy.restore());
    }
    let (last, more) = clean_file(&world, 99);
    let (code, receipts) = world.ingest(&[&last]);
    assert_eq!(code, 0, "{receipts:?}");
    expected += more;
    assert_eq!(world.sandbox.stats().accepted_events(), expected);
    wait_until(LONG, "analytics has caught up and the books balance", || balanced(&world));
    for process in running {
        assert_eq!(process.terminate(), Some(0));
    }
}

/// A sample of one of the four networks in turn, with defects.
fn dirty_file(world: &World, number: u64) -> PathBuf {
    let network = SampleNetwork::ALL[(number % 4) as usize];
    let spec = SampleSpec { dirty: 0.2, restate: 0.05, ..spec(network, ROWS, 700 + number) };
    world.sample(&format!("{number}.json"), &spec)
}

/// A sample without defects, and the events that its rows stand for.
fn clean_file(world: &World, number: u64) -> (PathBuf, u64) {
    let spec = spec(SampleNetwork::ALL[(number % 4) as usize], ROWS, 700 + number);
    let events = generate(&spec).rows.iter().map(|row| events_of(row)).sum();
    (world.sample(&format!("{number}.json"), &spec), events)
}

/// Everything is at an end, analytics shows each conversion, and each object's rows add up.
fn balanced(world: &World) -> bool {
    let status: Value = serde_json::from_str(&world.ok(&["status", "--json", "--files", "100"])).unwrap();
    let ledger = status["ledger"].as_object().unwrap();
    let entries: u64 = ledger.values().map(|n| n.as_u64().unwrap()).sum();
    let open = ["in_flight", "retry", "parked"].iter().any(|s| ledger.get(*s).is_some_and(|n| n != 0));
    let books = status["files"].as_array().unwrap().iter().all(|file| {
        let receipt = &file["receipt"];
        let outcomes = receipt["outcomes"].as_array().unwrap();
        receipt["rows_in"] == outcomes.iter().map(|o| o["rows"].as_u64().unwrap()).sum::<u64>()
    });
    let dead: u64 = ["trigger", "report"].iter().map(|q| status["queues"][q]["dead"].as_u64().unwrap()).sum();
    assert_eq!(dead, 0, "a backend's trouble is no message's fault");
    !open && books && status["analytics"] == entries && status["unexported"] == 0
}

/// Puts a notification of an object into the trigger queue once more, as SQS may deliver one twice.
fn send_again(settings: &[(String, String)], object: &str) {
    let setting = |name: &str| settings.iter().find(|(n, _)| n == name).unwrap().1.as_str();
    let (bucket, key) = object.split_once('/').expect("bucket and key");
    let record = serde_json::json!({
        "eventName": "ObjectCreated:Put", "eventSource": "aws:s3",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key}}
    });
    let body = serde_json::json!({"Records": [record]}).to_string();
    let message = serde_json::json!({
        "QueueUrl": setting("TRIGGER_CONVERSION_REPORTS_QUEUE_URL"), "MessageBody": body
    });
    let headers = "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n\
        Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0\r\n";
    let server = service::url("AWS");
    let (status, answer) = exchange(host_of(&server), "POST", "/", headers, &message.to_string());
    assert_eq!(status, 200, "{answer}");
}

fn host_of(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().expect("a host")
}

#[expect(clippy::disallowed_methods, reason = "how long a run is, is said from outside the test")]
fn seconds() -> u64 {
    std::env::var("EFFLUX_TEST_OUTAGE_SECONDS").map_or(4, |text| text.parse().unwrap())
}

/// How long a backend is away is what is being tried.
#[expect(clippy::disallowed_methods, reason = "the processes live in real time")]
fn pause(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}
