//! Input that cannot be processed is named, dead-lettered with a reason, and stops nothing else.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use samples::{SampleNetwork, SampleSpec, campaign_ids};

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

#[test]
fn ingest_says_what_is_wrong_with_the_first_row() {
    let world = World::new();
    let refused = |args: &[&str], content: &[u8]| {
        let path = world.file("rows.json", content);
        let output = world.output(&[&["ingest", path.to_str().unwrap()][..], args].concat());
        assert!(!output.status.success(), "{args:?} {}", content.escape_ascii());
        String::from_utf8(output.stderr).unwrap()
    };
    let utf_16: Vec<u8> = "[{\"session_id\":\"a\"}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content, said) in [
        (&br#"{"data":[{"session_id":"a","network":"tonic"}],"total":1}"#[..], "jq -c '.data[]' "),
        (
            br#"[{"session_ID":"a","network":"tonic"}]"#,
            "no session_id that names a visit; its fields are: network, session_ID",
        ),
        (br#"{"session_id":"a","network":tonic}"#, "unexpected character"),
        (br#"[{"session_id":"null","network":"tonic"}]"#, "no session_id that names a visit"),
        (b"session_id,network\na,tonic\n", "it looks like CSV"),
        (&utf_16, "it looks like UTF-16; try: iconv"),
        (b"PK\x03\x04", "it is a zip archive"),
        (b"[17]", "the first row is not an object"),
        (br#"[{"session_id":"a","network":"tonik"}]"#, "unknown feed network tonik; known are tonic, sedo"),
    ] {
        let reason = refused(&[], content);
        assert!(reason.contains(said), "{}: {reason}", content.escape_ascii());
        assert!(!reason.contains(" FILE"), "the command names the file: {reason}");
    }
    let rows = br#"[{"session_id":"a"}]"#;
    assert!(refused(&["--network", "tonik"], rows).contains("unknown feed network tonik"));
    let path = world.file("rows.json", rows);
    let forced = world.ok(&["ingest", path.to_str().unwrap(), "--network", "tonik", "--force"]);
    assert!(forced.contains("networks/tonik/"), "{forced}");
}

#[test]
fn a_file_of_one_network_is_not_taken_for_another_ones() {
    let world = World::new();
    let path = world.sample("crossroads.json", &spec(SampleNetwork::Crossroads, 5, 3));
    let file = path.to_str().unwrap();
    let refused = world.output(&["ingest", file, "--network", "tonic"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(64), "{said}");
    let expected = "its rows say that they are of crossroads, not of tonic; leave out --network, or take it as tonic's with --force";
    assert!(said.contains(expected), "{said}");
    assert!(world.ok(&["ingest", file, "--network", "tonic", "--force"]).contains("networks/tonic/"));
    assert!(world.ok(&["ingest", file, "--network", "Crossroads"]).contains("networks/crossroads/"));
    // Other words for a network are not known to be another one.
    let row = br#"[{"session_id":"a","network":"Tonic Ltd"}]"#;
    let path = world.file("rows.json", row);
    assert!(world.ok(&["ingest", path.to_str().unwrap(), "--network", "tonic"]).contains("networks/tonic/"));
}

#[test]
fn a_file_that_looks_wrong_is_held_until_it_is_released() {
    let world = World::new();
    let _running = world.start("efflux", &["run", "--hold-suspicious"]);
    let good = world.sample("good.json", &spec(SampleNetwork::Sedo, 30, 3));
    let (code, receipts) = world.ingest(&[&good]);
    assert_eq!((code, &receipts[0]["held"]), (0, &false.into()), "{receipts:?}");
    let renamed = std::fs::read_to_string(world.sample("x.json", &spec(SampleNetwork::Sedo, 30, 4))).unwrap();
    let (code, receipts) =
        world.ingest(&[&world.file("renamed.json", renamed.replace("\"revenue\"", "\"Revenue\""))]);
    assert_eq!((code, &receipts[0]["held"]), (1, &true.into()), "{receipts:?}");
    assert_eq!(receipts[0]["suspicious"][0], "no row has the field revenue");
    let events = world.events_exactly_once();

    let list = world.ok(&["held", "list"]);
    let json: serde_json::Value = serde_json::from_str(&world.ok(&["held", "list", "--json"])).unwrap();
    assert!(list.contains("networks/sedo/") && list.contains("no row has the field revenue"), "{list}");
    let key = json[0]["key"].as_str().unwrap();
    let of_filter = |place: usize| {
        let status: serde_json::Value = serde_json::from_str(&world.ok(&["status", "--json"])).unwrap();
        status["files_of_filter"][place].clone()
    };
    let first = of_filter(0);
    assert_eq!((&first["state"], &first["key"]), (&"held".into(), &key.into()), "{first}");
    assert_eq!(first["why"], "no row has the field revenue", "{first}");
    let status = world.ok(&["status"]);
    assert!(status.contains("1 file held: `efflux held list`"), "{status}");
    assert!(status.contains("  held  ") && status.contains(&format!("{key}  no row has")), "{status}");
    assert!(world.ok(&["held", "release", key]).contains("is released"));
    assert_eq!(world.ok(&["held", "list"]), "");
    assert_eq!(world.output(&["held", "release", key]).status.code(), Some(1), "it is not held any more");
    wait_until(PATIENCE, "its events are sent", || world.events_exactly_once() > events);
    wait_until(PATIENCE, "it is suspicious still", || of_filter(0)["state"] == "suspicious");
    assert!(world.ok(&["status"]).contains("1 of the latest 2 files suspicious"));
}

#[test]
fn a_file_of_which_nothing_was_reported_says_so() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let shown = |name: &str, spec: &SampleSpec| {
        let file = world.sample(name, spec);
        let output = world.output(&["ingest", "--wait", file.to_str().unwrap()]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let good = spec(SampleNetwork::Tonic, 5, 7);
    let (code, said) = shown("invalid.json", &SampleSpec { pixels: vec!["4444".to_owned()], ..good.clone() });
    assert_eq!(code, Some(1), "{said}");
    for part in ["Suspicious: every row that was passed on is invalid.", "No row of it was reported."] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    let (code, said) = shown("good.json", &good);
    assert!(code == Some(0) && !said.contains("No row of it"), "{said}");
    let (_, said) = shown("again.json", &good);
    assert!(
        said.contains("duplicate") && !said.contains("No row of it"),
        "they were reported before: {said}"
    );
    let mut args =
        vec!["subscriptions".to_owned(), "add".to_owned(), "--country".to_owned(), "IS".to_owned()];
    args.extend(campaign_ids(&good));
    world.ok(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let (_, said) = shown("elsewhere.json", &spec(SampleNetwork::Tonic, 5, 8));
    assert!(
        said.contains("filtered out: other_country") && said.contains("No row of it was reported."),
        "{said}"
    );
}
