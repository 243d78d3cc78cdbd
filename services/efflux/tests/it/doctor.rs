//! `efflux doctor` sees what is really broken, says what to do, and is content with a good system.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use samples::default_pixels;
use serde_json::Value;

use crate::deployment::{Deployment, aws, clickhouse, psql};
use crate::disk::fake_clock;
use crate::harness::World;

/// The only thing that no program can find out.
const UNKNOWABLE: &str = "another sender: Meta";

/// What a run said: its exit code, and the checks of each state.
struct Said {
    code: Option<i32>,
    checks: Vec<Value>,
}

impl Said {
    fn with(world: &World, settings: &[(&str, &str)]) -> Self {
        let mut command = world.command("efflux");
        let output = command.args(["doctor", "--json"]).envs(settings.iter().copied()).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let json: Value = serde_json::from_str(&out)
            .unwrap_or_else(|e| panic!("{e}: {out}{}", String::from_utf8_lossy(&output.stderr)));
        Self { code: output.status.code(), checks: json["checks"].as_array().unwrap().clone() }
    }

    fn of(world: &World) -> Self {
        Self::with(world, &[])
    }

    fn names(&self, state: &str) -> Vec<&str> {
        let of_state = self.checks.iter().filter(|check| check["state"] == state);
        of_state.map(|check| check["name"].as_str().unwrap()).collect()
    }

    /// That there is one finding, whose name ends so; what it says.
    fn one_finding(&self, ending: &str) -> String {
        let [name] = self.names("finding")[..] else { panic!("{ending}: {:#?}", self.checks) };
        assert!(name.ends_with(ending), "{ending}: {:#?}", self.checks);
        let check = self.checks.iter().find(|check| check["name"] == name).unwrap();
        assert!(!check["remedy"].as_str().unwrap().is_empty(), "{check}");
        check["saw"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_good_data_directory_has_no_finding_and_each_break_is_seen() {
    let world = World::new();
    let good = Said::of(&world);
    assert_eq!(good.code, Some(0), "{:#?}", good.checks);
    assert_eq!(good.names("could_not_check"), [UNKNOWABLE]);

    let said = Said::with(&world, &[("MEMORY_BUDGET", "1099511627776")]);
    assert!(said.code == Some(1) && said.one_finding("memory").contains("MEMORY_BUDGET"));
    let said = Said::with(&world, &[("META_GRAPH_VERSION", "v20.0")]);
    assert!(said.names("finding").contains(&"Graph API version"), "{:#?}", said.checks);
    let said = Said::with(&world, &[("TMPDIR", "/no/such/folder")]);
    assert!(said.one_finding("(TMPDIR)").contains("/no/such/folder"));

    fs::set_permissions(world.path("data"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(Said::of(&world).one_finding("permissions"), "755");
    fs::set_permissions(world.path("data"), Permissions::from_mode(0o700)).unwrap();

    let pixel = &default_pixels()[0];
    world.sandbox.set_tokens(pixel, &["another-token"]);
    let saw = Said::of(&world).one_finding(&format!("pixel meta:{pixel}: tokens"));
    assert!(saw.contains("190") && !saw.contains("token-of-the-test"), "{saw}");
    world.sandbox.set_tokens(pixel, &["token-of-the-test"]);

    let version = |statement: &str| {
        let db = rusqlite::Connection::open(world.path("data/ledger.db")).unwrap();
        db.execute_batch(statement).unwrap();
    };
    version("PRAGMA user_version = 99");
    assert!(Said::of(&world).one_finding("ledger.db").contains("a later version"));

    let said = Said::with(&world, &[("META_GRAPH_URL", "http://127.0.0.1:1")]);
    assert_eq!(said.code, Some(69), "what does not answer outweighs: {:#?}", said.checks);
    assert!(said.names("could_not_check").contains(&"clock: Meta"), "{:#?}", said.checks);
}

#[test]
fn a_wrong_clock_is_a_finding() {
    let world = World::new();
    let library = fake_clock();
    for (by, way) in [("+2h", "ahead of it"), ("-45m", "behind it")] {
        let said = Said::with(&world, &[("LD_PRELOAD", library.as_str()), ("FAKETIME", by)]);
        let saw = said.one_finding("clock: Meta");
        assert!(said.code == Some(1) && saw.contains(way), "{saw}");
    }
}

#[test]
fn the_table_says_what_to_do() {
    let world = World::empty(Vec::new(), Vec::new());
    let output = world.output(&["doctor"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains("it is not there") && printed.contains("efflux run"), "{printed}");
    assert!(printed.contains("checks: ") && !world.path("data").exists(), "looking makes nothing: {printed}");
}

#[test]
fn a_good_deployment_has_no_finding_and_each_break_is_seen() {
    let deployment = Deployment::new();
    let world = &deployment.world;
    let good = Said::of(world);
    assert_eq!(good.code, Some(0), "{:#?}", good.checks);
    assert_eq!(good.names("could_not_check"), [UNKNOWABLE]);

    let queue = deployment.setting("REPORT_CONVERSIONS_QUEUE_URL").to_owned();
    let attributes = |name: &str, value: &str| {
        let body = serde_json::json!({"QueueUrl": queue, "Attributes": {name: value}}).to_string();
        aws("sqs POST /", "AmazonSQS.SetQueueAttributes", &body);
    };
    attributes("VisibilityTimeout", "1");
    assert!(Said::of(world).one_finding("visibility").contains("1 s"));
    attributes("VisibilityTimeout", "60");
    attributes("MessageRetentionPeriod", "3600");
    Said::of(world).one_finding("retention");
    attributes("MessageRetentionPeriod", "864000");

    let bucket = deployment.setting("REPORT_CONVERSIONS_BUCKET");
    let set = |what: &str, xml: &str| aws(&format!("s3 PUT /{bucket}?{what}"), "", xml);
    let other = deployment.setting("TRIGGER_CONVERSION_REPORTS_QUEUE_URL").rsplit('/').next().unwrap();
    let rule = format!(
        "<NotificationConfiguration><QueueConfiguration><Id>x</Id><Queue>arn:aws:sqs:us-east-1:123456789012:{other}</Queue>\
         <Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>"
    );
    set("notification", &rule);
    let said = Said::of(world);
    assert!(said.one_finding("notifications").contains("never seen"));
    assert_eq!(said.code, Some(1));
    world.ok(&["provision"]);
    set("versioning", "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>");
    Said::of(world).one_finding("versions");
    set("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");

    clickhouse_drops(&deployment);
    psql(deployment.setting("DATABASE_URL"), "DROP TABLE efflux_turns");
    assert!(Said::of(world).one_finding("pixels: tables").contains("efflux_turns"));
    world.ok(&["migrate"]);
    assert_eq!(Said::of(world).code, Some(0));

    let said = Said::with(
        world,
        &[("MONGODB_URI", "mongodb://u:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=300")],
    );
    assert_eq!(said.code, Some(69), "{:#?}", said.checks);
    assert!(said.names("could_not_check").contains(&"ledger: MongoDB"), "{:#?}", said.checks);
    assert!(!format!("{:?}", said.checks).contains("hunter2"));
}

fn clickhouse_drops(deployment: &Deployment) {
    let address = deployment.setting("CLICKHOUSE_URL");
    let database = address.rsplit('/').next().unwrap();
    clickhouse(address, &format!("DROP VIEW {database}.report_conversions_latest"));
    let saw = Said::of(&deployment.world).one_finding("tables and views");
    assert_eq!(saw, "missing: report_conversions_latest");
    deployment.world.ok(&["migrate"]);
}
