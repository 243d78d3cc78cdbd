//! The whole system on production backends, with its own names. Services reach the backends through proxies, so that each can
//! have an outage; the operator's tool reaches them directly, so that load goes on.

use std::cell::Cell;
use std::process::{Command, Output};
use std::time::Duration;

use meta_sandbox::Action;
use port_tests::proxy::Proxy;
use port_tests::service;
use samples::SampleNetwork;
use serde_json::Value;

use crate::harness::{Running, World, events_in, now_s, spec, wait_until};
use crate::wire::{exchange, free_port, get};

/// Long, because emulators on a busy machine need several attempts.
pub(crate) const LONG: Duration = Duration::from_secs(240);

/// Rows of a file.
pub(crate) const ROWS: usize = 60;

/// Of the length of the keys that the emulator refuses.
pub(crate) const ACCESS_KEY: &str = "AKIATESTING";

/// The sandbox, which can have an outage as the backends can.
pub(crate) const META: &str = "Meta";

/// Short waits, so that interrupted work is soon taken up again.
const WAITS: [(&str, &str); 6] = [
    ("QUEUE_VISIBILITY_SECONDS", "5"),
    ("META_REQUEST_TIMEOUT_MS", "8000"),
    ("META_CONNECT_TIMEOUT_MS", "1000"),
    ("LEASE_SECONDS", "27"),
    ("RETRY_FIRST_SECONDS", "1"),
    ("RETRY_LONGEST_SECONDS", "5"),
];

/// Where the backends are.
#[derive(Clone)]
struct Places {
    aws: String,
    mongodb: String,
    /// With the database.
    clickhouse: String,
    postgres: String,
}

impl Places {
    /// Only the environment says where things are; `unique` is part of every name.
    fn settings(&self, unique: &str) -> Vec<(String, String)> {
        let queue = |name: &str| format!("{}/123456789012/{name}-{unique}", self.aws);
        let own = [
            ("ENVIRONMENT_LOCATION", "aws".to_owned()),
            ("ALLOW_PLAINTEXT", "true".to_owned()),
            ("AWS_ENDPOINT_URL", self.aws.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("TRIGGER_CONVERSION_REPORTS_QUEUE_URL", queue("trigger")),
            ("TRIGGER_DLQ_URL", format!("{}-dlq", queue("trigger"))),
            ("REPORT_CONVERSIONS_QUEUE_URL", queue("report")),
            ("REPORT_DLQ_URL", format!("{}-dlq", queue("report"))),
            ("INTERPRETED_EVENTS_BUCKET", format!("interpreted-{unique}")),
            ("REPORT_CONVERSIONS_BUCKET", format!("filtered-{unique}")),
            ("SUBSCRIPTIONS_TABLE", format!("subscriptions-{unique}")),
            ("SUBSCRIPTIONS_REFRESH_SECONDS", "1".to_owned()),
            ("MONGODB_URI", self.mongodb.clone()),
            ("MONGODB_DATABASE", format!("efflux-{unique}")),
            ("CLICKHOUSE_URL", self.clickhouse.clone()),
            ("DATABASE_URL", self.postgres.clone()),
        ];
        let waits = WAITS.map(|(name, value)| (name, value.to_owned()));
        own.into_iter().chain(waits).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// The proxy before a backend.
pub(crate) struct BackendProxy {
    pub(crate) name: &'static str,
    pub(crate) proxy: Proxy,
}

pub(crate) struct Deployment {
    pub(crate) world: World,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) proxies: Vec<BackendProxy>,
    direct: Vec<(String, String)>,
    of_services: Vec<(String, String)>,
    /// Files so far; each has other rows.
    files: Cell<u64>,
    /// The events of their rows.
    pub(crate) expected: Cell<u64>,
}

impl Deployment {
    /// On the test servers, with all that a deployment needs.
    pub(crate) fn new() -> Self {
        Self::with_postgres(&service::url("POSTGRES"))
    }

    /// With another PostgreSQL server.
    pub(crate) fn with_postgres(server: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // Servers outlive a test: every name is new.
        let unique = format!("{}-{:x}", now_s(), rand::random::<u32>());
        let direct = Places {
            aws: service::url("AWS"),
            mongodb: service::url("MONGODB"),
            clickhouse: clickhouse_database(&unique),
            postgres: postgres_database(server, &unique),
        };
        let mut proxies = Vec::new();
        let mut through = |name, url: &str| {
            let (proxy, url) = runtime.block_on(Proxy::to_url(url));
            proxies.push(BackendProxy { name, proxy });
            url
        };
        let proxied = Places {
            aws: through("AWS", &direct.aws),
            mongodb: through("MongoDB", &direct.mongodb),
            clickhouse: through("ClickHouse", &direct.clickhouse),
            postgres: through("PostgreSQL", &direct.postgres),
        };
        let (direct, of_services) = (direct.settings(&unique), proxied.settings(&unique));
        let world = World::empty(Vec::new(), direct.clone());
        let files = Cell::new(0);
        let this = Self { world, runtime, proxies, direct, of_services, files, expected: Cell::new(0) };
        this.world.ok(&["provision"]);
        // As the templates make them.
        for bucket in ["INTERPRETED_EVENTS_BUCKET", "REPORT_CONVERSIONS_BUCKET"] {
            let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
            aws(&format!("s3 PUT /{}?versioning", this.setting(bucket)), "", versions);
        }
        this.world.ok(&["migrate"]);
        this.world.add_pixels_and_campaigns();
        this
    }

    /// The direct address of a backend.
    pub(crate) fn setting(&self, name: &str) -> &str {
        &self.direct.iter().find(|(known, _)| known == name).unwrap().1
    }

    pub(crate) fn proxy(&self, name: &str) -> &Proxy {
        &self.proxies.iter().find(|p| p.name == name).unwrap().proxy
    }

    /// Gives services another address of a backend.
    pub(crate) fn readdress(&mut self, name: &str, change: impl Fn(&str) -> String) {
        let setting = self.of_services.iter_mut().find(|(known, _)| known == name).unwrap();
        setting.1 = change(&setting.1);
    }

    /// Makes a backend unavailable for the services.
    pub(crate) fn make_unavailable(&self, name: &str) {
        if name == META {
            return self.world.sandbox.add_fault(Action::ResetBeforeAccepting.always());
        }
        self.runtime.block_on(self.proxy(name).refuse());
    }

    /// Makes it available again.
    pub(crate) fn restore(&self, name: &str) {
        if name == META {
            return self.world.sandbox.clear_faults();
        }
        self.runtime.block_on(self.proxy(name).restore());
    }

    /// One run of the optimizer, as a job scheduler starts it; its exit code.
    pub(crate) fn optimise_once(&self) -> Option<i32> {
        let mut command = self.world.command("optimizer-svc");
        command.arg("--once").envs(self.of_services.iter().map(|(name, value)| (name, value)));
        let output = command.output().unwrap();
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        output.status.code()
    }

    /// A command of the operator that works on the backends behind the proxies.
    pub(crate) fn behind_proxies(&self, args: &[&str]) -> Output {
        let settings = self.of_services.iter().map(|(name, value)| (name, value));
        self.world.command("efflux").args(args).envs(settings).output().unwrap()
    }

    /// A service on the backends behind the proxies.
    pub(crate) fn start(&self, service: &str) -> Service {
        let port = free_port();
        let text = port.to_string();
        let settings = self.of_services.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let settings: Vec<_> = settings.chain([("PORT", text.as_str())]).collect();
        let service = Service { process: self.world.start_with(service, &[], &settings), port };
        wait_until(LONG, "it is up and ready", || service.is_ready());
        service
    }

    /// Puts a file without defects; its events are expected from now on.
    pub(crate) fn put(&self) {
        let number = self.files.replace(self.files.get() + 1);
        let spec = spec(SampleNetwork::ALL[(number % 4) as usize], ROWS, 7_000 + number);
        let file = self.world.sample(&format!("clean-{number}.json"), &spec);
        self.world.ok(&["ingest", file.to_str().unwrap()]);
        self.expected.set(self.expected.get() + events_in(&spec));
    }

    /// Waits until the sandbox has exactly the expected number of events.
    pub(crate) fn all_arrive(&self) {
        wait_until(LONG, "the files are reported", || {
            self.world.sandbox.stats().accepted_events() == self.expected.get()
        });
    }

    /// Whether nothing is open, analytics shows each conversion, and each file reconciles.
    pub(crate) fn reconciles(&self) -> bool {
        let status = self.world.ok(&["status", "--json", "--files", "1000"]);
        let status: Value = serde_json::from_str(&status).unwrap();
        let ledger = status["ledger"].as_object().unwrap();
        let entries: u64 = ledger.values().map(|n| n.as_u64().unwrap()).sum();
        let open = ["in_flight", "retry", "parked"].iter().any(|s| ledger.get(*s).is_some_and(|n| n != 0));
        let dead = |queue: &str| status["queues"][queue]["dead"].as_u64().unwrap();
        assert_eq!(dead("trigger") + dead("report"), 0, "an outage of a backend dead-letters no message");
        let files = status["files"].as_array().unwrap();
        !open && files.iter().all(adds_up) && status["analytics"] == entries && status["unexported"] == 0
    }
}

fn adds_up(file: &Value) -> bool {
    let receipt = &file["receipt"];
    let outcomes = receipt["outcomes"].as_array().unwrap();
    receipt["complete"] == true
        && receipt["rows_in"] == outcomes.iter().map(|o| o["rows"].as_u64().unwrap()).sum::<u64>()
}

/// A service and the port of its health pages.
pub(crate) struct Service {
    pub(crate) process: Running,
    port: u16,
}

impl Service {
    pub(crate) fn is_ready(&self) -> bool {
        get(self.port, "/health/ready").0 == 200
    }

    pub(crate) fn is_live(&self) -> bool {
        get(self.port, "/health/live").0 == 200
    }

    /// Whether it reports this part as missing.
    pub(crate) fn misses(&self, part: &str) -> bool {
        self.says(&format!("\"{part}\":"))
    }

    /// Whether it is not ready, with this text.
    pub(crate) fn says(&self, words: &str) -> bool {
        let (status, body) = get(self.port, "/health/ready");
        status == 503 && body.contains(words)
    }
}

/// Makes a database for one test on the server; its address.
fn clickhouse_database(unique: &str) -> String {
    let name = format!("efflux_{}", unique.replace('-', "_"));
    let server = service::url("CLICKHOUSE");
    clickhouse(&server, &format!("CREATE DATABASE {name}"));
    format!("{server}/{name}")
}

/// Runs a statement on a server.
pub(crate) fn clickhouse(server: &str, statement: &str) {
    let host = server.split_once("://").unwrap().1.split('/').next().unwrap();
    let host = host.rsplit('@').next().unwrap();
    let (status, answer) = exchange(host, "POST", "/", "", statement);
    assert_eq!(status, 200, "{answer}");
}

fn postgres_database(server: &str, unique: &str) -> String {
    let name = format!("efflux_{}", unique.replace('-', "_"));
    psql(server, &format!("CREATE DATABASE {name}"));
    let (start, rest) = server.rsplit_once('/').expect("an address with a database");
    let pairs = rest.split_once('?').map_or(String::new(), |(_, pairs)| format!("?{pairs}"));
    format!("{start}/{name}{pairs}")
}

/// Runs a statement on a server.
pub(crate) fn psql(server: &str, statement: &str) {
    let done =
        Command::new("psql").args([server, "--quiet", "--output=/dev/null", "--command", statement]).output();
    let done = done.expect("psql comes with PostgreSQL");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Asks an AWS service, by `service method path`.
pub(crate) fn aws(what: &str, target: &str, body: &str) {
    let [name, method, path] = what.split(' ').collect::<Vec<_>>()[..] else { panic!("{what}") };
    let target = if target.is_empty() { String::new() } else { format!("X-Amz-Target: {target}\r\n") };
    let headers = format!(
        "Content-Type: application/x-amz-json-1.0\r\n{target}Authorization: AWS4-HMAC-SHA256 \
         Credential={ACCESS_KEY}/20260101/us-east-1/{name}/aws4_request, SignedHeaders=host, Signature=0\r\n"
    );
    let server = service::url("AWS");
    let host = server.split_once("://").unwrap().1.trim_end_matches('/');
    let (status, answer) = exchange(host, method, path, &headers, body);
    assert!((200..300).contains(&status), "{what}: {answer}");
}
