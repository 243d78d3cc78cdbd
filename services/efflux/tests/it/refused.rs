//! A backend that cannot be used ends the start: exit code 69, within seconds, and one line that says what to do.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::Duration;

use port_tests::postgres::{Cluster, certificate};
use port_tests::service;

use crate::deployment::{Deployment, psql};
use crate::harness::{Stopwatch, World, wait_until};

/// How soon a process must know that it cannot start; a machine that runs tests is busy.
const SOON: Duration = Duration::from_secs(15);

/// Processes at once.
const AT_ONCE: usize = 4;

/// In every address that has a password; it must not be shown.
const SECRET: &str = "hunter2";

/// The fault, the service that needs the backend, its setting, and parts of the line that it must print.
struct Case(&'static str, &'static str, (&'static str, String), &'static [&'static str]);

#[test]
fn a_fault_at_the_start_is_reported_in_one_line() {
    let deployment = Deployment::new();
    let cases = [aws(&deployment), mongodb(), clickhouse(&deployment), postgres(&deployment)];
    all_are_refused(&deployment, &cases.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn a_wrong_password_or_certificate_is_reported_too() {
    let folder = tempfile::tempdir().unwrap();
    drop(certificate(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tls = ("EFFLUX_POSTGRES_TLS", folder.path().to_str().unwrap());
    let cluster = runtime.block_on(Cluster::start(&[("EFFLUX_POSTGRES_PASSWORD", "right"), tls]));
    let server = |user: &str| format!("postgresql://{user}@127.0.0.1:{}/postgres", cluster.port);
    let deployment = Deployment::with_postgres(&format!("{}?sslmode=disable", server("efflux:right")));
    let with = |user: &str, mode: &str| ("DATABASE_URL", format!("{}?sslmode={mode}", server(user)));
    let advice: &[_] = &["DATABASE_URL", "password"];
    all_are_refused(
        &deployment,
        &[
            Case("wrong password", "reporter-svc", with("efflux:hunter2", "disable"), advice),
            Case("no password", "reporter-svc", with("efflux", "disable"), advice),
            Case("unknown user", "optimizer-svc", with("stranger:hunter2", "disable"), advice),
            Case("unknown authority", "reporter-svc", with("efflux:right", "require"), &["sslrootcert"]),
        ],
    );
}

/// What each service needs when nothing may fall back to the embedded backends.
const NEEDED: [(&str, &[&str]); 3] = [
    ("filter-svc", &["TRIGGER_CONVERSION_REPORTS_QUEUE_URL", "TRIGGER_DLQ_URL"]),
    (
        "reporter-svc",
        &["REPORT_CONVERSIONS_QUEUE_URL", "REPORT_DLQ_URL", "MONGODB_URI", "CLICKHOUSE_URL", "DATABASE_URL"],
    ),
    ("optimizer-svc", &["CLICKHOUSE_URL", "DATABASE_URL"]),
];

#[test]
fn all_missing_settings_are_listed() {
    let world = World::empty(Vec::new(), Vec::new());
    for (service, needed) in NEEDED {
        let all: Vec<_> = needed.iter().map(|name| (*name, "http://127.0.0.1:1/d")).collect();
        // None is given, or all but one.
        let given = std::iter::once(Vec::new()).chain((0..all.len()).map(|missing| {
            let mut given = all.clone();
            given.remove(missing);
            given
        }));
        for given in given {
            let mut command = world.command(service);
            let output = command.env("ENVIRONMENT_LOCATION", "aws").envs(given.clone()).output().unwrap();
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(64), "{service} with {given:?}: {printed}");
            let list = printed.lines().find(|line| line.contains("ENVIRONMENT_LOCATION=aws needs")).unwrap();
            for name in needed {
                let is_given = given.iter().any(|(known, _)| known == name);
                assert_ne!(list.contains(name), is_given, "{service} with {given:?}: {printed}");
            }
        }
    }
}

fn aws(deployment: &Deployment) -> Vec<Case> {
    let url = service::url("AWS");
    const ENDPOINT: &str = "AWS_ENDPOINT_URL";
    const KEY: &str = "AWS_ACCESS_KEY_ID";
    let https = (ENDPOINT, url.replacen("http://", "https://", 1));
    let queue = deployment.setting("REPORT_CONVERSIONS_QUEUE_URL");
    let (filter, bucket) = ("filter-svc", "REPORT_CONVERSIONS_BUCKET");
    vec![
        Case("wrong host", filter, (ENDPOINT, "http://no-such-host.invalid".into()), &[ENDPOINT, "name"]),
        Case("no server", filter, (ENDPOINT, "http://127.0.0.1:1".into()), &[ENDPOINT, "is it up?"]),
        Case("no TLS", filter, https, &[ENDPOINT, "certificate"]),
        Case("expired", filter, (KEY, "ASIAEXPIRED".into()), &["expired", "AWS_SESSION_TOKEN"]),
        Case("unknown key", "reporter-svc", (KEY, "AKIAUNKNOWN".into()), &[KEY]),
        Case("no right", "reporter-svc", (KEY, "AKIADENIED".into()), &["allow sqs:"]),
        Case("no table", filter, ("SUBSCRIPTIONS_TABLE", "nosuchtable".into()), &["nosuchtable", "make it"]),
        Case("no bucket", filter, (bucket, "nosuchbucket".into()), &["nosuchbucket", "make it"]),
        Case("no bucket", "reporter-svc", (bucket, "nosuchbucket".into()), &["nosuchbucket", "make it"]),
        Case(
            "no queue",
            "reporter-svc",
            ("REPORT_CONVERSIONS_QUEUE_URL", format!("{queue}-nosuch")),
            &["-nosuch", "make it"],
        ),
    ]
}

fn mongodb() -> Vec<Case> {
    const URI: &str = "MONGODB_URI";
    let url = service::url("MONGODB");
    let host = url.split_once("://").unwrap().1.rsplit('@').next().unwrap();
    let tls = format!("{url}{}tls=true", if url.contains('?') { '&' } else { '?' });
    let at = |place: &str| (URI, format!("mongodb://me:{SECRET}@{place}"));
    let reporter = "reporter-svc";
    vec![
        Case("wrong password", reporter, at(host), &[URI, "user and password"]),
        Case("wrong host", reporter, at("no-such-host.invalid/"), &[URI, "name is not known"]),
        Case("no server", reporter, at("127.0.0.1:1/"), &[URI, "nothing listens"]),
        Case("no TLS", reporter, (URI, tls), &[URI, "check"]),
        Case(
            "no table",
            reporter,
            ("MONGODB_DATABASE", "efflux-never-migrated".to_owned()),
            &["efflux migrate"],
        ),
    ]
}

fn clickhouse(deployment: &Deployment) -> Vec<Case> {
    const URL: &str = "CLICKHOUSE_URL";
    let url = deployment.setting(URL);
    let with_user = url.replacen("://", &format!("://me:{SECRET}@"), 1);
    let https = url.replacen("http://", "https://", 1);
    let empty = format!("{}/default", url.rsplit_once('/').unwrap().0);
    let at = |host: &str| (URL, format!("http://me:{SECRET}@{host}/d"));
    vec![
        Case("wrong password", "reporter-svc", (URL, with_user), &[URL, "password"]),
        Case("wrong host", "reporter-svc", at("no-such-host.invalid"), &[URL, "check host"]),
        Case("no server", "optimizer-svc", at("127.0.0.1:1"), &[URL, "check host"]),
        Case("no TLS", "reporter-svc", (URL, https), &[URL, "TLS failed"]),
        Case("no table", "optimizer-svc", (URL, empty), &["efflux migrate"]),
    ]
}

fn postgres(deployment: &Deployment) -> Vec<Case> {
    const URL: &str = "DATABASE_URL";
    let url = deployment.setting(URL);
    let at = |host: &str| (URL, format!("postgresql://me:{SECRET}@{host}/d"));
    let empty = format!("{url}_empty");
    psql(url, &format!("CREATE DATABASE {}", empty.rsplit_once('/').unwrap().1));
    vec![
        Case("wrong host", "reporter-svc", at("no-such-host.invalid"), &[URL, "check host"]),
        Case("no server", "optimizer-svc", at("127.0.0.1:1"), &[URL, "check host"]),
        Case("no TLS", "reporter-svc", (URL, format!("{url}?sslmode=require")), &[URL, "sslmode"]),
        Case("no database", "reporter-svc", (URL, format!("{url}_none")), &[URL, "make the database"]),
        Case("no table", "reporter-svc", (URL, empty.clone()), &["efflux migrate"]),
        Case("no table", "optimizer-svc", (URL, empty), &["efflux migrate"]),
    ]
}

fn all_are_refused(deployment: &Deployment, cases: &[Case]) {
    let mut wrong = Vec::new();
    for cases in cases.chunks(AT_ONCE) {
        let trials: Vec<_> = cases.iter().map(|case| Trial::start(deployment, case)).collect();
        wrong.extend(trials.into_iter().zip(cases).filter_map(|(trial, case)| trial.failure(case)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A start that must fail.
struct Trial {
    process: Child,
    began: Stopwatch,
    stderr: std::path::PathBuf,
}

impl Trial {
    fn start(deployment: &Deployment, Case(what, service, (name, value), _): &Case) -> Self {
        let stderr = deployment.world.path(&format!("{what}-{service}-{name}"));
        let mut command = deployment.world.command(service);
        command.env(name, value).stdout(Stdio::null()).stderr(File::create(&stderr).unwrap());
        Self { process: command.spawn().unwrap(), began: Stopwatch::start(), stderr }
    }

    /// A description of the failure, if the start did not fail as it must.
    fn failure(mut self, Case(what, service, (name, value), words): &Case) -> Option<String> {
        let mut ended = None;
        wait_until(SOON * 2, "it ends", || {
            ended = self.process.try_wait().unwrap();
            ended.is_some() || self.began.elapsed() > SOON
        });
        let code = ended.and_then(|status| status.code());
        drop(self.process.kill());
        drop(self.process.wait());
        let printed = std::fs::read_to_string(&self.stderr).unwrap();
        let is_complete = printed.lines().count() == 1 && words.iter().all(|word| printed.contains(word));
        let hides_secret = !printed.contains(SECRET);
        (code != Some(69) || !is_complete || !hides_secret)
            .then(|| format!("{service}, {what}, {name}={value}: exit {code:?} and\n{printed}"))
    }
}
