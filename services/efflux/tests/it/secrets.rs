//! No program shows a password that stands in an address, whatever is wrong with the address, and however much it logs.

use std::fs::File;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::deployment::Deployment;
use crate::harness::{LONGEST, World, wait_until};

/// The password.
const SECRET: &str = "hunter2";

/// Processes at once.
const AT_ONCE: usize = 8;

const FILTER: &[&str] = &["filter-svc"];
const REPORTER: &[&str] = &["reporter-svc", "efflux run"];
const TOOL: &[&str] = &["reporter-svc", "efflux run", "efflux status", "efflux migrate"];
const DATABASES: &[&str] = &["reporter-svc", "optimizer-svc", "efflux run", "efflux migrate"];
const ALL: &[&str] = &["filter-svc", "reporter-svc", "optimizer-svc", "efflux run", "efflux status"];

/// Settings, the programs that read them, and addresses that cannot be used. Nothing listens on port 1.
const CASES: &[(&str, &[&str], &[&str])] = &[
    (
        "META_GRAPH_URL",
        REPORTER,
        &[
            "http://me:hunter2@127.0.0.1:1/",
            "http://me:12/hunter2@127.0.0.1:1/",
            "http://127.0.0.1:1/?access_token=hunter2",
            "http://127.0.0.1:1/#hunter2",
            "http://me:hunter2@[::1",
        ],
    ),
    ("META_APP_SECRET", REPORTER, &["hunter2 hunter2"]),
    (
        "NOTIFY_URL",
        &["filter-svc", "reporter-svc", "efflux run"],
        &[
            "http://me:hunter2@127.0.0.1:1/",
            "http://127.0.0.1:1/x#hunter2",
            "ftp://127.0.0.1/hunter2",
            "hunter2",
        ],
    ),
    ("NOTIFY_SECRET", REPORTER, &["hunter2 hunter2", "hunter2"]),
    (
        "AWS_ENDPOINT_URL",
        ALL,
        &[
            "http://me:hunter2@127.0.0.1:1/",
            "http://me:12/hunter2@127.0.0.1:1/",
            "ftp://me:hunter2@127.0.0.1",
        ],
    ),
    (
        "TRIGGER_CONVERSION_REPORTS_QUEUE_URL",
        FILTER,
        &["http://me:hunter2@127.0.0.1:1/q", "http://127.0.0.1:1/q?hunter2"],
    ),
    ("REPORT_CONVERSIONS_QUEUE_URL", REPORTER, &["http://me:hunter2@127.0.0.1:1/q", "me:hunter2@127.0.0.1"]),
    (
        "MONGODB_URI",
        TOOL,
        &[
            "mongodb://me:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=500",
            "mongodb+srv://me:hunter2@no-such-host.invalid/",
            "mongodb://me:12/hunter2@127.0.0.1:1/",
            "mongodb://me:hunter2/x@127.0.0.1:1/",
            "mongodb://me:12?hunter2@127.0.0.1:1/",
            "mongodb://me:a:hunter2@127.0.0.1:1/",
            "mongodb://me:hunter2@127.0.0.1:hunter2/",
            "mongodb://me:hunter2@127.0.0.1:1/?authMechanism=hunter2",
            "mongodb://127.0.0.1:1/?hunter2",
            "me:hunter2@127.0.0.1",
        ],
    ),
    (
        "CLICKHOUSE_URL",
        DATABASES,
        &[
            "http://me:hunter2@127.0.0.1:1/d",
            "http://127.0.0.1:1/d?user=me&password=hunter2",
            "http://me:12/hunter2@127.0.0.1:1/d",
            "http://me:12?hunter2@127.0.0.1:1/d",
            "http://me:hunter2@127.0.0.1:hunter2/d",
            "clickhouse://me:hunter2@127.0.0.1:1",
        ],
    ),
    (
        "DATABASE_URL",
        DATABASES,
        &[
            "postgresql://me:hunter2@127.0.0.1:1/d",
            "postgresql://me:12/hunter2@127.0.0.1:1/d",
            "postgresql://me:12?hunter2@127.0.0.1:1/d",
            "postgresql://me:hunter2@127.0.0.1:hunter2/d",
            "postgresql:///d?password=hunter2",
            "host=127.0.0.1 port=1 user=me password=hunter2 dbname=d",
            "host=127.0.0.1 password=hunter2 nonsense=hunter2",
            "mysql://me:hunter2@127.0.0.1:1/d",
        ],
    ),
];

/// Dead-letter queues, which the others need beside them.
const BESIDE: &[(&str, &str)] =
    &[("TRIGGER_DLQ_URL", "http://127.0.0.1:1/dead"), ("REPORT_DLQ_URL", "http://127.0.0.1:1/dead")];

struct Trial {
    what: String,
    printed: std::path::PathBuf,
    process: Child,
}

impl Trial {
    fn start(world: &World, number: usize, (program, name, value): (&str, &str, &str)) -> Self {
        let printed = world.path(&format!("printed-{number}"));
        let (binary, args) = program.split_once(' ').map_or((program, None), |(b, a)| (b, Some(a)));
        let mut command = world.command(binary);
        command.args(args).env("LOG_LEVEL", "trace").envs(BESIDE.iter().copied()).env(name, value);
        let out = File::create(&printed).unwrap();
        command.stdout(Stdio::from(out.try_clone().unwrap())).stderr(out);
        Self { what: format!("{program} with {name}={value}"), printed, process: command.spawn().unwrap() }
    }

    /// What is wrong with how it ended.
    fn failure(mut self) -> Option<String> {
        let mut code = None;
        wait_until(LONGEST, &self.what, || {
            code = self.process.try_wait().unwrap().and_then(|status| status.code());
            code.is_some()
        });
        let printed = std::fs::read_to_string(&self.printed).unwrap();
        let is_refused = matches!(code, Some(64 | 69));
        (!is_refused || printed.contains(SECRET))
            .then(|| format!("{}: exit {code:?} and\n{printed}", self.what))
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn no_program_shows_a_password_of_an_address() {
    let world = World::empty(Vec::new(), Vec::new());
    let trials: Vec<_> = CASES
        .iter()
        .flat_map(|(name, programs, values)| {
            programs.iter().flat_map(move |program| values.iter().map(move |value| (*program, *name, *value)))
        })
        .collect();
    let mut wrong = Vec::new();
    for (round, trials) in trials.chunks(AT_ONCE).enumerate() {
        let running: Vec<_> = trials
            .iter()
            .enumerate()
            .map(|(at, trial)| Trial::start(&world, round * AT_ONCE + at, *trial))
            .collect();
        wrong.extend(running.into_iter().filter_map(Trial::failure));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_driver_logs_what_it_is_given() {
    let deployment = Deployment::new();
    let world = &deployment.world;
    let tokens = world.file("hidden.txt", SECRET);
    let mut command = world.command("efflux");
    command.args(["pixels", "add", "9990", "--tokens", tokens.to_str().unwrap()]).env("LOG_LEVEL", "trace");
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !printed.contains(SECRET), "{printed}");

    let services = ["filter-svc", "reporter-svc"];
    let running = services.map(|service| world.start_with(service, &[], &[("LOG_LEVEL", "trace")]));
    deployment.put();
    deployment.all_arrive();
    for process in running {
        assert_eq!(process.terminate(), Some(0));
    }
    let rows: Value = serde_json::from_slice(&std::fs::read(world.path("clean-0.json")).unwrap()).unwrap();
    let personal = rows
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| ["ip", "user_agent", "ts_click_id"].map(|name| &row[name]));
    let mut hidden: Vec<_> = personal.filter_map(Value::as_str).filter(|text| text.len() > 5).collect();
    hidden.push("token-of-the-test");
    for service in services {
        let log = std::fs::read_to_string(world.path(&format!("{service}.log"))).unwrap();
        for text in &hidden {
            let line = log.lines().find(|line| line.contains(text));
            assert!(line.is_none(), "{service} logs `{text}`: {line:?}");
        }
    }
}

#[test]
fn in_aws_an_address_over_plain_text_ends_the_start() {
    let world = World::empty(Vec::new(), Vec::new());
    let start = |allowed: &str| {
        let addresses = [
            ("ENVIRONMENT_LOCATION", "aws"),
            ("META_GRAPH_URL", "http://127.0.0.1:1/"),
            ("REPORT_CONVERSIONS_QUEUE_URL", "https://127.0.0.1:1/q"),
            ("REPORT_DLQ_URL", "https://127.0.0.1:1/dead"),
            ("MONGODB_URI", "mongodb://me:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=500"),
            ("CLICKHOUSE_URL", "http://me:hunter2@127.0.0.1:1/d"),
            ("DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/d?sslmode=disable"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
        ];
        let mut command = world.command("reporter-svc");
        let output = command.envs(addresses).env("ALLOW_PLAINTEXT", allowed).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, printed) = start("false");
    assert_eq!(code, Some(64), "{printed}");
    for name in ["META_GRAPH_URL", "MONGODB_URI", "CLICKHOUSE_URL", "DATABASE_URL", "AWS_ENDPOINT_URL"] {
        assert!(printed.contains(&format!("{name}: with ENVIRONMENT_LOCATION=aws")), "{name}: {printed}");
    }
    assert!(!printed.contains(SECRET), "{printed}");
    let (code, printed) = start("true");
    assert_eq!(code, Some(69), "it looks for the backends: {printed}");
}
