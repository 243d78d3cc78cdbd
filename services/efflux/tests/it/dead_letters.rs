//! `efflux dlq`: looking at dead letters, giving them up, and putting them back with a plan first.

use serde_json::Value;

use crate::harness::{LONGEST, World, wait_until};

/// A message that failed; its id.
fn one_dead_letter(world: &World) -> String {
    let (code, _) = world.ingest(&[&world.file("half.bad", r#"[{"session_id":"a"},{"#)]);
    assert_ne!(code, 0);
    wait_until(LONGEST, "it is a dead letter", || world.dead_letters().len() == 1);
    world.dead_letters()[0]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_dead_letter_says_what_it_names_and_is_given_up_with_a_reason() {
    let world = World::new();
    let running = world.start("efflux", &["run"]);
    let id = one_dead_letter(&world);
    let shown = world.ok(&["dlq", "show", &id]);
    assert!(shown.contains("names      interpreted-events-bucket/networks/tonic/"), "{shown}");
    let json: Value = serde_json::from_str(&world.ok(&["dlq", "show", &id, "--json"])).unwrap();
    assert_eq!((&json["message"], &json["queue"]), (&id.as_str().into(), &"trigger".into()));
    assert!(json["names"][0].as_str().unwrap().starts_with("interpreted-events-bucket/"), "{json}");

    let plan = world.ok(&["dlq", "redrive", &id, "--dry-run"]);
    for part in ["To put back:", &id, "because: ", "networks/tonic/", "1 messages are processed again"] {
        assert!(plan.contains(part), "{part} is missing in\n{plan}");
    }
    assert_eq!(world.dead_letters().len(), 1, "a plan changes nothing");

    let discarded = world
        .command("efflux")
        .args(["dlq", "discard", &id, "--reason", "the feed sent it again"])
        .env("USER", "ada")
        .output()
        .unwrap();
    assert!(discarded.status.success(), "{discarded:?}");
    assert!(
        String::from_utf8_lossy(&discarded.stdout)
            .contains(&format!("{id} is discarded from the trigger queue"))
    );
    let log = String::from_utf8_lossy(&discarded.stderr).into_owned();
    for part in ["dead letter discarded", "the feed sent it again", "ada", &id, "networks/tonic/"] {
        assert!(log.contains(part), "{part} is missing in\n{log}");
    }
    assert_eq!(world.dead_letters().len(), 0);
    let again = world.output(&["dlq", "discard", &id, "--reason", "again"]);
    assert_eq!(again.status.code(), Some(1), "it is not there any more");
    assert_eq!(world.ok(&["dlq", "redrive", "--all", "--dry-run"]), "To put back:\n  nothing\n");
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn standard_input_is_ingested() {
    use std::io::Write;
    use std::process::Stdio;

    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let rows = samples::generate(&crate::harness::spec(samples::SampleNetwork::Sedo, 12, 3)).rows;
    let fed = |text: &[u8]| {
        let mut command = world.command("efflux");
        command.args(["ingest", "-", "--wait", "--json"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = fed(rows.join("\n").as_bytes());
    let receipts: Vec<Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    assert_eq!((output.status.code(), crate::harness::rows(&receipts, "reported")), (Some(0), 12));
    let nothing = fed(b"");
    assert_eq!(nothing.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&nothing.stderr).contains("standard input: the file is empty"),
        "{nothing:?}"
    );
}
