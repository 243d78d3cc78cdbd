//! What the commands print for programs is as `docs/schemas` says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use samples::{SampleNetwork, SampleSpec, default_pixels};
use serde_json::{Value, json};

use crate::harness::{LONGEST, World, spec, wait_until};
use crate::meta::fed;

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
    as_its_schema_says(name, args, world.output(args))
}

fn as_its_schema_says(name: &str, args: &[&str], output: Output) -> Value {
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
    printed(&world, "doctor", &["doctor", "--json"]);
    let reported = explained_and_tried_again(&world);
    changed(&world);
    wait_until(LONGEST, "what was put back has failed again", || !world.dead_letters().is_empty());
    let dead = printed(&world, "dlq-list", &["dlq", "list", "--json"]);
    let id = dead[0]["message"].as_str().unwrap();
    let args = ["dlq", "discard", id, "unknown", "--reason", "x", "--json"];
    let discarded = printed(&world, "dlq-discard", &args);
    let expected = json!({"discarded": [{"queue": "trigger", "message": id}], "not_found": ["unknown"]});
    assert_eq!(discarded, expected);
    of_feeds(&world);
    let more = world.sample("more.json", &spec(SampleNetwork::Tonic, 5, 9));
    printed(&world, "ingest", &["ingest", "--json", more.to_str().unwrap()]);
    assert_eq!(running.terminate(), Some(0));
    let [session, keyword] = ["session", "keyword"].map(|name| reported[name].as_str().unwrap());
    printed(&world, "erase-dry-run", &["erase", "--session", session, "--dry-run", "--json"]);
    printed(&world, "erase", &["erase", "--session", session, "--yes", "--json"]);
    let erased = printed(&world, "explain", &["explain", session, keyword, "--json"]);
    let erased = &erased["conversions"][0];
    assert!(erased["session"].is_null() && erased["erased"].is_string(), "{erased}");
    printed(&world, "erase-retention", &["erase", "--retention", "--yes", "--json"]);
}

/// The histories of all kinds of rows, their events, and a second attempt; a conversion with a keyword that is reported.
fn explained_and_tried_again(world: &World) -> Value {
    let file = world.path("mixed.json");
    let preview = printed(world, "meta-preview", &["meta", "preview", "--json", file.to_str().unwrap()]);
    let rows = preview.as_array().unwrap();
    for part in ["events", "findings", "user_data"] {
        assert!(rows.iter().any(|row| row[part][0].is_object()), "{part} in {preview}");
    }
    let explained: Vec<_> = rows[..30]
        .iter()
        .filter_map(|row| row["session"].as_str())
        .map(|session| printed(world, "explain", &["explain", session, "--json"]))
        .collect();
    for part in
        ["/conversions/0/attempts/0/answer", "/conversions/0/findings/0", "/rows_without_conversion/0"]
    {
        let has = |history: &Value| history.pointer(part).is_some_and(Value::is_object);
        assert!(explained.iter().any(has), "{part}");
    }
    let session = explained.iter().find_map(|history| history["conversions"][0]["session"].as_str()).unwrap();
    let other = printed(world, "explain", &["explain", session, "no such keyword", "--json"]);
    assert_ne!(other["other_keywords"], json!([]));
    let plan = printed(world, "retry", &["retry", "--status", "parked", "--dry-run", "--json"]);
    assert!(plan["groups"][0].is_object() && plan["pixels"][0].is_object() && plan["result"].is_null());
    let done = printed(world, "retry", &["retry", "--status", "parked", "--yes", "--json"]);
    assert!(done["result"].is_object(), "{done}");
    let args = ["meta", "hash", "em", "--json"];
    let digest = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
    let hashed = fed(world, &args, format!("a@mail.example\n\n{digest}\n").as_bytes());
    let hashed = as_its_schema_says("meta-hash", &args, hashed);
    assert_eq!((&hashed[1]["line"], &hashed[1]["omitted"]), (&2.into(), &"empty".into()));
    assert_eq!((&hashed[2]["sha256"], &hashed[0]["normalised"]), (&digest.into(), &"a@mail.example".into()));
    assert_eq!(printed(world, "meta-hash", &args), json!([]), "without input");
    let mut conversions = explained.iter().map(|history| &history["conversions"][0]);
    let is_named = |c: &&Value| c["outcome"] == "reported" && c["keyword"].is_string();
    conversions.find(is_named).unwrap().clone()
}

/// Feeds, with what has changed; and the way of notices.
fn of_feeds(world: &World) {
    let set = ["feeds", "set", "tonic", "--time-zone", "Europe/Berlin", "--json"];
    let added = printed(world, "feeds-set", &set);
    let expected = json!({"network": "tonic", "time_zone": "Europe/Berlin"});
    assert_eq!(
        (&added["change"], &added["before"], &added["after"]),
        (&"added".into(), &Value::Null, &expected)
    );
    assert_eq!(printed(world, "feeds-set", &set)["change"], "unchanged");
    assert_eq!(printed(world, "feeds-list", &["feeds", "list", "--json"]), json!([expected]));
    let remove = ["feeds", "remove", "tonic", "--json"];
    assert_eq!(printed(world, "feeds-remove", &remove), json!({"removed": "tonic"}));
    assert_eq!(printed(world, "feeds-remove", &remove), json!({"removed": null}));
    assert_eq!(world.output(&remove).status.code(), Some(1));
}

/// Pixels and campaigns, with what has changed.
fn changed(world: &World) {
    let tokens = world.file("new.txt", "EAAB0123456789012345wxyz\n");
    let add = ["pixels", "add", "4444", "--json"];
    let added = printed(world, "pixels-add", &add);
    assert_eq!((&added["change"], &added["before"]), (&"added".into(), &Value::Null));
    let args = [&add[..], &["--tokens", tokens.to_str().unwrap()]].concat();
    let changed = printed(world, "pixels-add", &args);
    assert_eq!((&changed["change"], &changed["before"]), (&"changed".into(), &added["after"]));
    assert_eq!(printed(world, "pixels-add", &add)["change"], "unchanged");
    printed(world, "pixels-list", &["pixels", "list", "--json"]);
    let refused = world.output(&["pixels", "remove", &default_pixels()[0], "--json"]);
    assert!(!refused.status.success() && refused.stdout.is_empty(), "conversions wait for it: {refused:?}");
    let removed = printed(world, "pixels-remove", &["pixels", "remove", "4444", "--json"]);
    assert_eq!(removed, json!({"removed": "meta:4444"}));

    let add =
        ["subscriptions", "add", "7", "--country", "DE", "--min-revenue", "0.05", "--note", "x", "--json"];
    let added = printed(world, "subscriptions-add", &add);
    assert_eq!((&added[0]["change"], &added[0]["after"]["min_revenue"]), (&"added".into(), &"0.05".into()));
    assert_eq!(printed(world, "subscriptions-add", &add)[0]["change"], "unchanged");
    let changed = printed(world, "subscriptions-add", &["subscriptions", "add", "7", "--disabled", "--json"]);
    assert_eq!((&changed[0]["change"], &changed[0]["before"]), (&"changed".into(), &added[0]["after"]));
    printed(world, "subscriptions-list", &["subscriptions", "list", "--json"]);
    let removed = printed(world, "subscriptions-remove", &["subscriptions", "remove", "7", "8", "--json"]);
    assert_eq!(removed, json!({"removed": ["7"], "not_subscribed": ["8"]}));
}

#[test]
fn what_prepares_and_tries_is_as_its_schema_says() {
    let world = World::empty(Vec::new(), Vec::new());
    let done = printed(&world, "migrate", &["migrate", "--json"]);
    assert_ne!(done["done"][0], Value::Null);
    let (receiver, _runtime) = crate::notices::receiver(&[200]);
    let output =
        world.command("efflux").args(["notify", "test", "--json"]).env("NOTIFY_URL", receiver.url()).output();
    let tried = as_its_schema_says("notify-test", &["notify", "test", "--json"], output.unwrap());
    assert_eq!(tried, json!({"signed": false}));
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
        (&["pixels", "list"], "platform,pixel,name,tokens\n"),
    ] {
        // What is reported is exported to analytics a little later.
        wait_until(LONGEST, &format!("{args:?} has rows"), || {
            let text = String::from_utf8(world.output(&[args, &["--csv"]].concat()).stdout).unwrap();
            assert!(text.starts_with(header), "{args:?}: {text}");
            text.lines().count() > 1
        });
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
    let more = world.sample("more.json", &spec(SampleNetwork::Tonic, 5, 9));
    for (command, first) in
        [("report".to_owned(), "\nreported revenue    "), ("status".to_owned(), "\nunreported revenue   ")]
    {
        let text = shown(80, &command);
        assert!(text.contains(first) && !text.contains('═'), "one below the other: {text}");
    }
    for command in ["held list".to_owned(), format!("ingest --wait {}", more.display())] {
        let text = shown(80, &command);
        let is_of_table = |line: &&str| line.contains(['═', '─', '╌']) || line.starts_with(' ');
        let longest = text.lines().filter(is_of_table).map(|line| line.chars().count()).max();
        assert!(
            longest.is_some_and(|longest| (10..=80).contains(&longest)),
            "{command}: {longest:?}\n{text}"
        );
    }
}
