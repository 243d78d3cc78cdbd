//! Faults that begin while services run: credentials expire, tables and buckets are deleted, certificates change. Services stay up
//! and report the fault. The work waits, and continues by itself when the operator has fixed the cause.
//!
//! MongoDB's emulator has no passwords and no TLS, so a refused ledger is tested at the start only.

use port_tests::postgres::{Cluster, certificate};

use crate::deployment::{ACCESS_KEY, Deployment, LONG, Service, aws, clickhouse, psql};
use crate::harness::wait_until;

/// Closes all other connections to a database, since changes of users and certificates affect new connections only.
const DISCONNECT: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";

#[test]
fn services_wait_for_a_fault_in_aws_to_be_fixed() {
    let deployment = Deployment::new();
    let mut services = ["filter-svc", "reporter-svc"].map(|service| deployment.start(service));
    let [filter, reporter] = &mut services;

    // A bucket must be empty to be deleted, so nothing may be filtered before.
    let proxy = deployment.proxy("AWS");
    deployment.runtime.block_on(proxy.refuse());
    deployment.put();
    aws(&format!("s3 DELETE /{}", deployment.setting("REPORT_CONVERSIONS_BUCKET")), "", "");
    deployment.runtime.block_on(proxy.restore());
    wait_until(LONG, "the filter reports the missing bucket", || filter.says("the bucket does not exist"));
    deployment.world.ok(&["provision"]);
    all_recover(&deployment, &[filter, reporter]);

    let table = format!("{{\"TableName\": \"{}\"}}", deployment.setting("SUBSCRIPTIONS_TABLE"));
    aws("dynamodb POST /", "DynamoDB_20120810.DeleteTable", &table);
    is_reported(filter, "subscriptions");
    // The last good copy stays in use.
    deployment.put();
    deployment.all_arrive();
    deployment.world.ok(&["provision"]);
    deployment.world.add_campaigns();
    all_recover(&deployment, &[filter, reporter]);

    deployment.put();
    deployment.runtime.block_on(proxy.replace(ACCESS_KEY, "ASIAEXPIRED"));
    deployment.put();
    is_reported(filter, "trigger-queue");
    is_reported(reporter, "report-queue");
    deployment.runtime.block_on(proxy.restore());
    all_recover(&deployment, &[filter, reporter]);
    all_reconcile(&deployment, services);
}

#[test]
fn services_wait_for_a_fault_in_a_database_to_be_fixed() {
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
    let mut trial = |fault: &str, part: &str, inject: &dyn Fn(), fix: &dyn Fn()| {
        eprintln!("{fault}");
        deployment.put();
        inject();
        deployment.put();
        is_reported(reporter, part);
        fix();
        all_recover(&deployment, &[filter, reporter]);
    };

    let url = deployment.setting("CLICKHOUSE_URL");
    let (server, table) = url.rsplit_once('/').unwrap();
    let table = format!("{table}.report_conversions");
    let detach = || clickhouse(server, &format!("DETACH TABLE {table}"));
    trial("no table in ClickHouse", "analytics", &detach, &|| {
        clickhouse(server, &format!("ATTACH TABLE {table}"));
    });
    let proxy = deployment.proxy("ClickHouse");
    let user = || deployment.runtime.block_on(proxy.replace("user: default", "user: nobody!"));
    trial("a user that is unknown to ClickHouse", "analytics", &user, &|| {
        deployment.runtime.block_on(proxy.restore());
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
    all_reconcile(&deployment, services);
}

fn is_reported(service: &mut Service, part: &str) {
    wait_until(LONG, &format!("the service reports {part} as missing"), || service.misses(part));
    assert!(service.process.is_up() && service.is_live(), "a fault of {part} ended the service");
}

fn all_recover(deployment: &Deployment, services: &[&mut Service; 2]) {
    wait_until(LONG, "both are ready again", || services.iter().all(|service| service.is_ready()));
    deployment.all_arrive();
}

fn all_reconcile(deployment: &Deployment, services: [Service; 2]) {
    wait_until(LONG, "analytics has caught up and all files reconcile", || deployment.reconciles());
    assert_eq!(deployment.world.sandbox.stats().accepted_events(), deployment.expected.get());
    for service in services {
        assert_eq!(service.process.terminate(), Some(0));
    }
}
