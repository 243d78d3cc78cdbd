//! What the commands print for programs is as `docs/schemas` says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use samples::{SampleNetwork, SampleSpec, default_pixels};
use serde_json::Value;

use crate::harness::{LONGEST, World, spec, wait_until};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn schema(name: &str) -> Value {
    let path = docs().join("schemas").join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Runs a command and compares its output with a schema; the output. It may have something to say by its exit code.
fn printed(world: &World, name: &str, args: &[&str]) -> Value {
    let output = world.output(args);
    let text = String::from_utf8(output.stdout).unwrap();
    let value: Value = serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    let validator = jsonschema::validator_for(&schema(name)).unwrap();
    let problems: Vec<_> =
        validator.iter_errors(&value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(problems.is_empty(), "{args:?} is not as docs/schemas/{name}.json says: {problems:#?}\n{text}");
    value
}

#[test]
fn every_schema_is_one_and_is_listed() {
    let listed = fs::read_to_string(docs().join("output.md")).unwrap();
    let mut schemas = 0;
    for entry in fs::read_dir(docs().join("schemas")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(jsonschema::meta::is_valid(&schema(name)), "{name}");
        assert!(listed.contains(&format!("(schemas/{name}.json)")), "docs/output.md does not list {name}");
        schemas += 1;
    }
    assert!(schemas > 10);
}

/// Something of everything: reported, invalid, parked and filtered rows, a dead letter, a held file.
fn eventful() -> (World, crate::harness::Running) {
    let world = World::new();
    world.sandbox.set_tokens(&default_pixels()[0], &["another-token"]);
    let running = world.start("efflux", &["run", "--hold-suspicious"]);
    let mixed = SampleSpec { dirty: 0.2, campaigns: 20, ..spec(SampleNetwork::Sedo, 100, 3) };
    let mixed = world.sample("mixed.json", &mixed);
    let args = ["ingest", "--wait", "--json", "--timeout", "80", mixed.to_str().unwrap()];
    let receipts = printed(&world, "ingest-wait", &args);
    assert_ne!(receipts[0]["receipt"]["report"], Value::Null);
    let half = world.file("half.json", r#"[{"session_id":"a"},{"#);
    let args = ["ingest", "--wait", "--json", "--network", "tonic", half.to_str().unwrap()];
    assert_ne!(printed(&world, "ingest-wait", &args)[0]["refused"], Value::Null);
    let sample = fs::read_to_string(world.sample("x.json", &spec(SampleNetwork::Sedo, 30, 4))).unwrap();
    let renamed = world.file("renamed.json", sample.replace("\"revenue\"", "\"Revenue\""));
    let args = ["ingest", "--wait", "--json", renamed.to_str().unwrap()];
    assert_eq!(printed(&world, "ingest-wait", &args)[0]["held"], true);
    (world, running)
}

#[test]
fn what_is_printed_for_programs_is_as_its_schema_says() {
    let (world, running) = eventful();
    wait_until(LONGEST, "analytics has caught up", || {
        printed(&world, "status", &["status", "--json"])["unexported"] == 0
    });
    let status = printed(&world, "status", &["status", "--json"]);
    for part in ["waiting", "files", "next"] {
        assert_ne!(status[part][0], Value::Null, "{part} in {status}");
    }
    for by in ["pixel", "network", "campaign", "day", "hour", "country"] {
        let report = printed(&world, "report", &["report", "--by", by, "--json", "--zone", "Europe/Berlin"]);
        assert_ne!(report["rows"][0], Value::Null, "{report}");
    }
    let dead = printed(&world, "dlq-list", &["dlq", "list", "--json"]);
    let id = dead[0]["message"].as_str().unwrap();
    printed(&world, "dlq-show", &["dlq", "show", id, "--json"]);
    printed(&world, "dlq-redrive", &["dlq", "redrive", id, "unknown", "--json"]);
    printed(&world, "dlq-redrive", &["dlq", "redrive", "--all", "--json"]);
    let held = printed(&world, "held-list", &["held", "list", "--json"]);
    let key = held[0]["key"].as_str().unwrap();
    let released = printed(&world, "held-release", &["held", "release", key, "unknown", "--json"]);
    assert_eq!((&released["released"][0], &released["not_held"][0]), (&key.into(), &"unknown".into()));
    let tokens = printed(&world, "meta-check", &["meta", "check", "--json"]);
    assert_ne!(tokens["tokens"][0], Value::Null);
    printed(&world, "pixels-list", &["pixels", "list", "--json"]);
    world.ok(&["subscriptions", "add", "7", "--country", "DE", "--min-revenue", "0.05", "--note", "x"]);
    printed(&world, "subscriptions-list", &["subscriptions", "list", "--json"]);
    world.ok(&["feeds", "set", "tonic", "--time-zone", "Europe/Berlin"]);
    printed(&world, "feeds-list", &["feeds", "list", "--json"]);
    let more = world.sample("more.json", &spec(SampleNetwork::Tonic, 5, 9));
    printed(&world, "ingest", &["ingest", "--json", more.to_str().unwrap()]);
    assert_eq!(running.terminate(), Some(0));
    printed(&world, "erase-dry-run", &["erase", "--session", "s", "--dry-run", "--json"]);
    printed(&world, "erase", &["erase", "--session", "s", "--yes", "--json"]);
    printed(&world, "erase-retention", &["erase", "--retention", "--yes", "--json"]);
}

#[test]
fn tables_are_csv_too() {
    let (world, _running) = eventful();
    for (args, header) in [
        (&["status"][..], "pixel,state,reason,conversions,unreported_revenue,"),
        (&["report"], "pixel,conversions,reported,waiting,lost,"),
        (&["dlq", "list"], "queue,dead_since,service,message,deliveries,reason\n"),
        (&["held", "list"], "held_since,rows,key,reason\n"),
        (&["meta", "check"], "pixel,token,standing,detail,trace,remedy\n"),
    ] {
        let output = world.output(&[args, &["--csv"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(header) && text.lines().count() > 1, "{args:?}: {text}");
    }
    let more = world.sample("more.json", &spec(SampleNetwork::Tonic, 5, 9));
    let output = world.output(&["ingest", "--wait", "--csv", more.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("file,outcome,reason,pixel,rows,events,revenue,currency\n"), "{text}");
    assert!(text.contains(",to_pixel,,meta:"), "{text}");
}

#[test]
fn tables_fit_the_window() {
    let (world, _running) = eventful();
    let shown = |columns: u16, command: &str| {
        let program = env!("CARGO_BIN_EXE_efflux");
        let line = format!("stty cols {columns}; {program} {command}");
        let output = world
            .settled(Command::new("script"))
            .args(["-qec", &line, "/dev/null"])
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().replace('\r', "")
    };
    for (columns, command) in [(80, "dlq list"), (200, "report"), (100, "meta check"), (80, "pixels list")] {
        let text = shown(columns, command);
        let table: Vec<_> = text.lines().filter(|line| !line.starts_with("Conversions ")).collect();
        assert!(table.iter().any(|line| line.contains('═')), "it is a table: {text}");
        let longest = table.iter().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= usize::from(columns), "{command}: {longest} of {columns}\n{text}");
    }
    let text = shown(80, "report");
    assert!(text.contains("\nreported revenue    ") && !text.contains('═'), "one below the other: {text}");
}
