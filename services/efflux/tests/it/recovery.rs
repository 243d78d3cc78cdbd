//! What was right at the start may become wrong: credentials expire, tables and buckets go, certificates change. Services stay up and
//! say so, the work waits, and goes on by itself when the operator has fixed it.
//!
//! MongoDB's emulator knows no passwords and no TLS: what a ledger does that is refused is tried at the start alone.

use port_tests::postgres::{Cluster, certificate};

use crate::deployment::{ACCESS_KEY, Deployment, LONG, Service, aws, clickhouse, psql};
use crate::harness::wait_until;

/// Closes the others' connections to a database: what is known of them counts for new ones.
const DISCONNECT: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";

#[test]
fn what_becomes_wrong_in_aws_is_waited_for() {
    let deployment = Deployment::new();
    let mut services = ["filter-svc", "reporter-svc"].map(|service| deployment.start(service));
    let [filter, reporter] = &mut services;

    // The bucket must be empty to go, so nothing is filtered before it is gone.
    let way = deployment.way("AWS");
    deployment.runtime.block_on(way.refuse());
    deployment.put();
    aws(&format!("s3 DELETE /{}", deployment.setting("REPORT_CONVERSIONS_BUCKET")), "", "");
    deployment.runtime.block_on(way.restore());
    wait_until(LONG, "the bucket is missing, it says", || filter.says("the bucket does not exist"));
    deployment.world.ok(&["provision"]);
    all_is_right(&deployment, &[filter, reporter]);

    let table = format!("{{\"TableName\": \"{}\"}}", deployment.setting("SUBSCRIPTIONS_TABLE"));
    aws("dynamodb POST /", "DynamoDB_20120810.DeleteTable", &table);
    is_said(filter, "subscriptions");
    // The last good copy stays in use.
    deployment.put();
    deployment.all_arrive();
    deployment.world.ok(&["provision"]);
    deployment.world.add_campaigns();
    all_is_right(&deployment, &[filter, reporter]);

    deployment.put();
    deployment.runtime.block_on(way.replace(ACCESS_KEY, "ASIAEXPIRED"));
    deployment.put();
    is_said(filter, "trigger-queue");
    is_said(reporter, "report-queue");
    deployment.runtime.block_on(way.restore());
    all_is_right(&deployment, &[filter, reporter]);
    at_an_end(&deployment, services);
}

#[test]
fn what_becomes_wrong_in_a_database_is_waited_for() {
    let (good, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = certificate(good.path());
    drop(certificate(other.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tls = ("EFFLUX_POSTGRES_TLS", good.path().to_str().unwrap());
    let cluster = runtime.block_on(Cluster::start(&[("EFFLUX_POSTGRES_PASSWORD", "right"), tls]));
    let server =
        |pairs: &str| format!("postgresql://efflux:right@localhost:{}/postgres?{pairs}", cluster.port);
    let mut deployment = Deployment::with_postgres(&server("sslmode=disable"));
    let database = deployment.setting("DATABASE_URL").to_owned();
    // Not through the proxy: the certificate is for the server's name.
    let trusted = format!("sslmode=require&sslrootcert={}", authority.display());
    let with_tls = database.replace("sslmode=disable", &trusted);
    deployment.readdress("DATABASE_URL", |_| with_tls.clone());
    deployment.readdress("CLICKHOUSE_URL", |url| url.replacen("://", "://default@", 1));
    let mut services = ["filter-svc", "reporter-svc"].map(|service| deployment.start(service));
    let [filter, reporter] = &mut services;
    let mut trial = |what: &str, part: &str, spoil: &dyn Fn(), fix: &dyn Fn()| {
        eprintln!("{what}");
        deployment.put();
        spoil();
        deployment.put();
        is_said(reporter, part);
        fix();
        all_is_right(&deployment, &[filter, reporter]);
    };

    let url = deployment.setting("CLICKHOUSE_URL");
    let (server, table) = url.rsplit_once('/').unwrap();
    let table = format!("{table}.report_conversions");
    let detach = || clickhouse(server, &format!("DETACH TABLE {table}"));
    trial("no table in ClickHouse", "analytics", &detach, &|| {
        clickhouse(server, &format!("ATTACH TABLE {table}"));
    });
    let way = deployment.way("ClickHouse");
    let user = || deployment.runtime.block_on(way.replace("user: default", "user: nobody!"));
    trial("a user that ClickHouse does not know", "analytics", &user, &|| {
        deployment.runtime.block_on(way.restore());
    });

    let rename = |from: &str, to: &str| psql(&database, &format!("ALTER TABLE {from} RENAME TO {to}"));
    trial("no table in PostgreSQL", "pixels", &|| rename("pixels", "gone"), &|| rename("gone", "pixels"));
    let password = |old: &str, new: &str| {
        let with_old = database.replace(":right@", &format!(":{old}@"));
        psql(&with_old, &format!("ALTER ROLE efflux PASSWORD '{new}'"));
        psql(&with_old.replace(&format!(":{old}@"), &format!(":{new}@")), DISCONNECT);
    };
    trial("a wrong password", "pixels", &|| password("right", "other"), &|| password("other", "right"));
    let show = |folder: &tempfile::TempDir| {
        cluster.put_certificate(folder.path());
        psql(&database, "SELECT pg_reload_conf()");
        psql(&database, DISCONNECT);
    };
    trial("a certificate that is not trusted", "pixels", &|| show(&other), &|| show(&good));
    at_an_end(&deployment, services);
}

fn is_said(service: &mut Service, part: &str) {
    wait_until(LONG, &format!("{part} is missing, it says"), || service.misses(part));
    assert!(service.process.is_up() && service.is_live(), "{part} took the service down");
}

fn all_is_right(deployment: &Deployment, services: &[&mut Service; 2]) {
    wait_until(LONG, "both are ready again", || services.iter().all(|service| service.is_ready()));
    deployment.all_arrive();
}

fn at_an_end(deployment: &Deployment, services: [Service; 2]) {
    wait_until(LONG, "analytics has caught up and the books balance", || deployment.balances());
    assert_eq!(deployment.world.sandbox.stats().accepted_events(), deployment.expected.get());
    for service in services {
        assert_eq!(service.process.terminate(), Some(0));
    }
}
