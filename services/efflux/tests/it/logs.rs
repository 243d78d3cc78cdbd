//! The log of one file, as production writes it.

use std::process::Command;

use serde_json::Value;

use crate::harness::{LONGEST, World, spec, wait_until};
use samples::SampleNetwork;

/// Messages of one file, in the order of their lines.
const FILTERED: &[&str] = &["message received", "file filtered", "message acknowledged"];
const TAKEN_IN: &[&str] =
    &["message received", "object read", "rows claimed", "file taken in", "message acknowledged"];
const SENT: &[&str] = &["the destination answered a request", "conversions settled"];

/// A field of a line or of one of the spans around it.
fn field<'l>(line: &'l Value, name: &str) -> Option<&'l Value> {
    let spans = line["spans"].as_array().into_iter().flatten();
    spans.chain([line]).find_map(|fields| fields.get(name))
}

fn has(line: &Value, name: &str, text: &str) -> bool {
    field(line, name).and_then(Value::as_str) == Some(text)
}

fn messages<'l>(lines: impl Iterator<Item = &'l Value>) -> Vec<&'l str> {
    lines.filter_map(|line| line["message"].as_str()).collect()
}

/// Reports one file; the log of it.
fn log_of_one_file(world: &World) -> String {
    let settings = [("LOG_LEVEL", "debug"), ("LOGGING_ENVIRONMENT", "production")];
    let running = world.start_with("efflux", &["run"], &settings);
    let file = world.sample("a.json", &spec(SampleNetwork::Tonic, 20, 1));
    assert_eq!(world.ingest(&[&file]).0, 0);
    let log = || std::fs::read_to_string(world.path("efflux.log")).unwrap();
    wait_until(LONGEST, "both messages are acknowledged", || log().matches(FILTERED[2]).count() == 2);
    assert_eq!(running.terminate(), Some(0));
    log()
}

#[test]
fn the_lines_of_a_file_name_its_message_and_object_and_those_of_a_batch_its_pixel() {
    let world = World::new();
    let log = log_of_one_file(&world);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The time of the first refresh of pixels is random.
    let of_pipeline = |line: &&Value| {
        let target = line["target"].as_str().unwrap_or_default();
        target.starts_with("pipeline") && !target.ends_with("::refresh")
    };
    let ours = || lines.iter().filter(of_pipeline);

    for (queue, expected) in [("trigger-queue", FILTERED), ("report-queue", TAKEN_IN)] {
        let of_message = || ours().filter(|line| has(line, "queue", queue));
        assert_eq!(messages(of_message()), expected, "{log}");
        let id = field(of_message().next().unwrap(), "message.id").unwrap();
        assert!(of_message().all(|line| field(line, "message.id") == Some(id)), "{log}");
        let of_worker =
            |line: &&Value| line["target"].as_str().is_some_and(|t| t.starts_with("pipeline::worker"));
        let inside = of_message().filter(|line| !of_worker(line));
        let objects: Vec<_> = inside.map(|line| field(line, "object").and_then(Value::as_str)).collect();
        assert_eq!(objects.len(), expected.len() - 2);
        assert!(objects.iter().all(|o| o.is_some_and(|o| o.ends_with(".json")) && *o == objects[0]), "{log}");
    }

    for message in SENT {
        assert!(ours().any(|line| line["message"] == *message), "{message}: {log}");
    }
    let sending = |line: &&Value| line["target"].as_str().is_some_and(|t| t.contains("::deliver"));
    for line in ours().filter(sending) {
        assert!(field(line, "pixel").is_some_and(Value::is_string), "{line}");
        assert!(field(line, "batch").is_some_and(|events| events.as_u64() > Some(0)), "{line}");
    }
}

#[test]
fn the_log_holds_no_rows_and_no_tokens() {
    let world = World::new();
    let log = log_of_one_file(&world);
    assert!(!log.contains("token-of-the-test"), "{log}");
    let sample: Value =
        serde_json::from_str(&std::fs::read_to_string(world.path("a.json")).unwrap()).unwrap();
    for row in sample.as_array().unwrap() {
        for name in ["session_id", "ip", "user_agent"] {
            let Some(value) = row[name].as_str().filter(|value| !value.is_empty()) else { continue };
            assert!(!log.contains(value), "{name} {value}: {log}");
        }
    }
}

#[test]
fn a_warning_names_its_message_at_every_level() {
    let world = World::new();
    let settings = [("LOG_LEVEL", "warn"), ("LOGGING_ENVIRONMENT", "production")];
    let running = world.start_with("efflux", &["run"], &settings);
    let file = world.file("a.bad", "[{");
    assert_eq!(world.ingest(&[&file]).0, 1);
    let log = || std::fs::read_to_string(world.path("efflux.log")).unwrap();
    wait_until(LONGEST, "it is a dead letter", || log().contains("dead-letter queue"));
    assert_eq!(running.terminate(), Some(0));
    let lines: Vec<Value> = log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["level"] == "ERROR").unwrap();
    assert!(field(line, "message.id").is_some_and(Value::is_string) && line["reason"].is_string(), "{line}");
}

/// On a terminal a log has colours, unless `NO_COLOR` is set.
#[test]
fn no_color_is_respected_on_a_terminal() {
    let world = World::new();
    let shown = |settings: &[(&str, &str)]| {
        let mut command = world.settled(Command::new("script"));
        command.args(["-qec", &format!("{} status", env!("CARGO_BIN_EXE_efflux")), "/dev/null"]);
        // A misspelt setting is warned of.
        command.env("PATH", "/usr/bin:/bin").env("TERM", "xterm-256color").env("META_GRAPH_VERSON", "v25.0");
        let output = command.envs(settings.iter().copied()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let coloured = shown(&[]);
    assert!(coloured.contains("META_GRAPH_VERSION meant") && coloured.contains("\u{1b}["), "{coloured:?}");
    let plain = shown(&[("NO_COLOR", "1")]);
    assert!(plain.contains("META_GRAPH_VERSION meant") && !plain.contains('\u{1b}'), "{plain:?}");
}
