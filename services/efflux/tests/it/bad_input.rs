//! Input that cannot be processed is named, dead-lettered with a reason, and stops nothing else.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use samples::SampleNetwork;

use crate::harness::{World, rows, spec, wait_until};

/// The longest wait for a step that takes a moment.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ingests one file that must be refused; the reason given.
fn refusal(world: &World, file: &Path) -> String {
    let (code, receipts) = world.ingest(&[file]);
    assert_ne!(code, 0, "{receipts:?}");
    receipts[0]["refused"].as_str().unwrap_or_else(|| panic!("no reason: {receipts:?}")).to_owned()
}

#[test]
fn broken_files_are_refused_with_what_and_where() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let cases: [(&str, &[u8], &str); 4] = [
        ("truncated.bad", br#"[{"session_id":"a"},{"session"#, "byte 29: the file ends inside a value"),
        ("empty.bad", b"", "the file is empty"),
        ("html.bad", b"<html>", "not valid JSON at byte 0"),
        ("gzip.bad", &[0x1f, 0x8b, 8, 0, 1, 2, 3], "cannot be read or decompressed"),
    ];
    for (name, content, expected) in cases {
        let reason = refusal(&world, &world.file(name, content));
        assert!(reason.contains(expected), "{name}: {reason}");
        assert!(reason.contains("networks/tonic/"), "{name} names the object: {reason}");
    }
    // The receipt of a refusal is written before its message becomes a dead letter.
    wait_until(PATIENCE, "each refusal has its dead letter", || world.dead_letters().len() >= cases.len());
    let dead_letters = world.dead_letters();
    assert_eq!(dead_letters.len(), cases.len(), "{dead_letters:?}");
    assert!(dead_letters.iter().all(|letter| letter["service"] == "filter-svc"), "{dead_letters:?}");

    // Nothing else has stopped.
    let (code, receipts) = world.ingest(&[&world.sample("good.json", &spec(SampleNetwork::Sedo, 20, 3))]);
    assert_eq!(code, 0, "{receipts:?}");
    let (code, receipts) = world.ingest(&[&world.file("none.bad", "[]")]);
    assert_eq!((code, rows(&receipts, "reported")), (0, 0), "an empty array is a file with no rows");
}

#[test]
fn a_file_over_the_limit_is_refused_by_name() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let path = world.path("large.bad");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"[").unwrap();
    file.set_len(300 * 1024 * 1024).unwrap();
    let reason = refusal(&world, &path);
    assert!(reason.contains("MAX_OBJECT_BYTES"), "{reason}");
}

#[test]
fn a_missing_file_is_a_usage_error() {
    let world = World::new();
    let output = world.output(&["ingest", "--network", "tonic", "no-such-file.json"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read no-such-file.json"));
}

#[test]
fn the_network_is_that_of_the_first_row_that_names_one() {
    let world = World::new();
    let key = |content: &[u8]| {
        let path = world.file("rows.json", content);
        world.output(&["ingest", path.to_str().unwrap(), "--json"])
    };
    let named = key(br#"[{"session_id":"a"},7,{"session_id":"b","network":"sedo"}]"#);
    let printed = String::from_utf8_lossy(&named.stdout).into_owned();
    assert!(named.status.success() && printed.contains("networks/sedo/Sedo-"), "{named:?}");
    let nameless = key(br#"[{"session_id":"a"},{"session_id":"b"}]"#);
    assert!(String::from_utf8_lossy(&nameless.stderr).contains("no row names a network; give --network"));
}
