//! How commands end: 64 for a wrong word, 66 for a file that is not there, 69 for what cannot be reached, 74 for what cannot be written.

use std::net::TcpListener;
use std::process::Stdio;

use crate::harness::World;

/// A command that must fail, how it ends, and what it says.
struct Case(&'static [&'static str], i32, &'static str);

const WRONG: &[Case] = &[
    Case(&["nonsense"], 64, "unrecognized subcommand"),
    Case(&["status", "--nonsense"], 64, "unexpected argument"),
    Case(&["status", "--files", "many"], 64, "invalid value"),
    Case(&["explain"], 64, "SESSION"),
    Case(&["explain", "s", "--files", "-1"], 64, "unexpected argument"),
    Case(&["retry"], 64, "--status"),
    Case(&["retry", "--status", "lost"], 64, "parked, rejected, expired, invalid, no_events, retry"),
    Case(&["retry", "--status", "reported"], 64, "not sent again"),
    Case(&["retry", "--status", "parked", "--since", "tuesday"], 64, "`tuesday` is not a time"),
    Case(&["retry", "--status", "parked", "--pixel", "a b"], 64, "--pixel `a b`"),
    Case(&["retry", "--status", "parked", "--reason", "no_working_credentials"], 64, "there is none at all"),
    Case(&["retry", "--status", "parked", "--json"], 64, "--yes"),
    Case(&["meta", "hash", "zz"], 64, "external_id"),
    Case(&["meta", "preview", "no-such-file.json"], 66, "cannot read no-such-file.json"),
    Case(&["sample", "--network", "tonik"], 64, "tonic, crossroads, sedo and airfind"),
    Case(&["sample", "--network", "tonic", "--dirty", "5"], 64, "--dirty must be between 0 and 1"),
    Case(&["sample", "--network", "tonic", "--restate", "-1"], 64, "unexpected argument"),
    Case(
        &["sample", "--network", "tonic", "--out", "no/such/folder/a.json"],
        74,
        "cannot write no/such/folder",
    ),
    Case(&["ingest"], 64, "FILES"),
    Case(&["ingest", "no-such-file.json"], 66, "cannot read no-such-file.json"),
    Case(&["ingest", "--network", "tonic", "no-such-file.json"], 66, "cannot read no-such-file.json"),
    Case(&["ingest", "-", "-"], 64, "standard input"),
    Case(&["subscriptions", "add", "1", "--country", "XX"], 64, "no country"),
    Case(&["pixels", "add", "111000000000009", "--source", "myspace"], 64, "unknown platform"),
    Case(&["pixels", "add", "111000000000009", "--tokens", "no-such-file"], 66, "cannot read no-such-file"),
    Case(&["dlq", "discard", "some-id"], 64, "--reason"),
    Case(&["dlq", "discard", "some-id", "--reason", " "], 64, "--reason is empty"),
    Case(&["dlq", "list", "--queue", "other"], 64, "trigger, report"),
    Case(&["dlq", "redrive"], 64, "<IDS>"),
    Case(&["held", "release"], 64, "<KEYS>"),
    Case(&["erase"], 64, "--session"),
    Case(&["erase", "--retention", "--dry-run"], 64, "--retention has no dry run"),
    Case(&["sandbox", "--listen", "nowhere"], 64, "invalid value"),
];

#[test]
fn every_wrong_word_and_missing_file_has_its_exit_code() {
    let world = World::new();
    let mut wrong = Vec::new();
    for Case(args, code, part) in WRONG {
        let output = world.output(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() != Some(*code) || !said.contains(part) {
            wrong
                .push(format!("{args:?}: exit {:?}, not {code} with `{part}`\n{said}", output.status.code()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn wrong_settings_are_refused_and_misspelt_ones_warned_of() {
    let world = World::new();
    for (name, value, part) in [
        ("LOGGING_ENVIRONMENT", "prod", "one of production, development is needed, not `prod`"),
        ("META_GRAPH_URL", "http://user:hunter2@127.0.0.1:1", "META_GRAPH_URL"),
        ("PORT", "many", "PORT"),
    ] {
        for program in ["efflux", "filter-svc"] {
            // filter-svc does not send anything.
            if (program, name) == ("filter-svc", "META_GRAPH_URL") {
                continue;
            }
            let mut command = world.command(program);
            if program == "efflux" {
                command.args(["meta", "check"]);
            }
            let output = command.env(name, value).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(64), "{program} {name}: {said}");
            assert!(said.contains(part) && !said.contains("hunter2"), "{program} {name}: {said}");
        }
    }
    let misspelt =
        world.command("efflux").args(["status"]).env("META_GRAPH_VERSON", "v25.0").output().unwrap();
    let said = String::from_utf8_lossy(&misspelt.stderr).into_owned();
    assert!(misspelt.status.success() && said.contains("is META_GRAPH_VERSION meant?"), "{said}");
}

#[test]
fn what_cannot_be_reached_is_69_and_what_cannot_be_written_74() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    let running = world.command("efflux").arg("run").env("PORT", &port).output().unwrap();
    let said = String::from_utf8_lossy(&running.stderr).into_owned();
    assert_eq!(running.status.code(), Some(69), "{said}");
    assert!(said.contains("cannot listen on") && said.contains("PORT"), "{said}");
    let sandbox = world.output(&["sandbox", "--listen", &address.to_string()]);
    assert_eq!(sandbox.status.code(), Some(69), "{sandbox:?}");

    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let rows = world.file("rows.json", r#"[{"session_id":"a"}]"#);
    let rows = rows.to_str().unwrap();
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["explain", "no-such-session"],
        &["explain", "no-such-session", "--json"],
        &["retry", "--status", "parked", "--dry-run"],
        &["pixels", "list"],
        &["sample", "--network", "tonic", "--rows", "5"],
        &["meta", "preview", rows],
        &["dlq", "list", "--json"],
        &["dlq", "redrive", "--all", "--dry-run"],
        &["report"],
        &["held", "list", "--json"],
        &["feeds", "list", "--csv"],
        &["doctor"],
        &["ingest", "--network", "tonic", rows],
        &["ingest", "--network", "tonic", "--wait", "--timeout", "0", rows],
    ] {
        let output = world.command("efflux").args(args).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(74), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Root may open any file, so a folder stands in its place.
#[test]
fn a_database_that_cannot_be_opened_is_named_with_its_folder_and_setting() {
    let world = World::new();
    let database = world.path("data/directory.db");
    std::fs::remove_file(&database).unwrap();
    std::fs::create_dir(&database).unwrap();
    let output = world.output(&["pixels", "list"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains(database.to_str().unwrap()) && said.contains("EFFLUX_DATA_DIR"), "{said}");
}
