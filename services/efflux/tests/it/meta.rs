//! `efflux meta`, against the sandbox.

use std::io::Write;
use std::process::{Output, Stdio};
use std::time::Duration;

use samples::{SampleNetwork, default_pixels};
use serde_json::Value;

use crate::harness::{LONGEST, World, spec, wait_until};
use crate::wire::free_port;

/// Runs a command that reads standard input.
pub(crate) fn fed(world: &World, args: &[&str], input: &[u8]) -> Output {
    let mut command = world.command("efflux");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn hashed(world: &World, args: &[&str], input: &str) -> String {
    let output = fed(world, &[&["meta", "hash"], args].concat(), input.as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn values_are_hashed_line_by_line() {
    let world = World::new();
    let out = hashed(&world, &["ct"], "New York\r\n\n12345\nParis");
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0], "newyork\t350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5");
    assert_eq!(lines[1..3], ["omitted\tempty", "omitted\tmalformed"]);
    assert_eq!(lines[3], "paris\t1670f2e42fefa5044d59a65349e47c566009488fc57d7b4376dd5787b59e3c57");
    assert_eq!(hashed(&world, &["ph"], "(650) 555-1212\n"), "omitted\tno_country_code\n");
    assert!(
        hashed(&world, &["ph", "--country", "US"], "(650) 555-1212\n").starts_with("16505551212\te323ec62")
    );
    let digest = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
    assert_eq!(hashed(&world, &["em"], &digest.to_uppercase()), format!("{digest}\t{digest}\n"));
    let output = fed(&world, &["meta", "hash", "ct"], b"Par\xffis\n");
    assert_eq!(output.stdout, b"omitted\tdamaged\n");
    let output = fed(&world, &["meta", "hash", "fbc"], b"");
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("external_id"));
}

#[test]
fn tokens_are_tested_without_an_event_and_never_shown() {
    let world = World::new();
    for (code, lines) in [
        ("700", "EAABgood\nEAABold\n"),
        ("701", "EAABweak\nEAABgood\n"),
        ("702", "EAABnonsense\n"),
        ("703", "EAAB0123456789012345wxyz\n"),
    ] {
        let file = world.file(code, lines);
        world.ok(&["pixels", "add", code, "--force", "--tokens", file.to_str().unwrap()]);
    }
    world.sandbox.set_tokens("700", &["EAABgood", "EAABold"]);
    world.sandbox.set_tokens("700", &["EAABgood"]);
    world.sandbox.set_tokens("701", &["EAABelse"]);
    world.sandbox.set_tokens("702", &["EAABelse"]);
    world.sandbox.set_powerless_tokens("701", &["EAABweak"]);
    let check = |args: &[&str]| {
        let args = [&["meta", "check", "--json"], args].concat();
        let output = world.command("efflux").env("LOG_LEVEL", "trace").args(&args).output().unwrap();
        let shown = String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned();
        assert!(!shown.contains("EAAB"), "{shown}");
        // The log goes to standard error.
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let standings =
            json["tokens"].as_array().unwrap().iter().map(|t| t["standing"].as_str().unwrap().to_owned());
        (output.status.code(), standings.collect::<Vec<_>>(), json["tokens"][0]["token"].clone())
    };
    let label = || Value::from("token-1");
    assert_eq!(check(&["--pixel", "700"]), (Some(0), vec!["works".into(), "expired".into()], label()));
    let standings = vec!["lacks permission".into(), "wrong pixel".into()];
    assert_eq!(check(&["--pixel", "701"]), (Some(1), standings, label()));
    assert_eq!(check(&["--pixel", "702"]), (Some(1), vec!["invalid".into()], label()));
    let (_, _, long) = check(&["--pixel", "703"]);
    assert_eq!(long, "token-1 (…wxyz)", "a long token is known by its end");
    let (code, all, _) = check(&[]);
    assert!(code == Some(1) && all.len() > 5, "{all:?}");
    assert_eq!(world.sandbox.stats().accepted_events(), 0);
    assert!(!world.output(&["meta", "check", "--pixel", "no-such"]).status.success());

    let old =
        world.command("efflux").env("META_GRAPH_VERSION", "v20.0").args(["meta", "check"]).output().unwrap();
    let old = String::from_utf8(old.stdout).unwrap();
    assert!(old.contains("wrong version") && old.contains("ended on 2026-09-24"), "{old}");
}

#[test]
fn no_pixel_and_a_wrong_address_are_said_so() {
    let world = World::empty(Vec::new(), Vec::new());
    world.ok(&["subscriptions", "add", "1"]);
    let output = world.output(&["meta", "check"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("No pixel of Meta was added") && said.contains("efflux pixels add"), "{said}");
    let output = world.output(&["meta", "check", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &json["tokens"]), (Some(1), &serde_json::json!([])));

    let tokens = world.file("t.txt", "EAABgood\n");
    world.ok(&["pixels", "add", "111000000000009", "--tokens", tokens.to_str().unwrap()]);
    let output = world
        .command("efflux")
        .args(["meta", "check"])
        .env("META_GRAPH_URL", format!("http://127.0.0.1:{}", free_port()))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in ["unreachable", "no connection", "check META_GRAPH_URL and the network"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
}

#[test]
fn a_preview_shows_all_rows_and_sends_nothing() {
    let world = World::new();
    let good = samples::generate(&spec(SampleNetwork::Tonic, 1, 7)).rows[0].clone();
    let mut row: Value = serde_json::from_str(&good).unwrap();
    row["conversions"] = 2.into();
    row["city"] = "St. Louis".into();
    row["zp"] = "abc".into();
    row["country_code"] = "US".into();
    let mut unknown = row.clone();
    unknown["session_id"] = "another".into();
    unknown["pixel_id"] = "4711".into();
    unknown["ts_click_id"] = "".into();
    let mut many = row.clone();
    many["session_id"] = "with addresses".into();
    many["em"] = serde_json::json!(["a@x.com", "none"]);
    many["conversions"] = Value::Null;
    many["revenue"] = 1.5.into();
    let file = world.file("rows.json", format!("[{row},{row},{unknown},7,{many}]"));
    let out = world.ok(&["meta", "preview", file.to_str().unwrap()]);
    for part in [
        "row 0  session",
        "\"event_name\":\"Purchase\"",
        "ct\t\"St. Louis\"\t\"stlouis\"\t8ba24bdf99947996f3000259be455de791b06fcc0e802ce05031030df1ee8ea3",
        "zp\t\"abc\"\tomitted\tmalformed",
        "em\t\"a@x.com\"\t\"a@x.com\"\t478abec7430569163161dfea8513b8ce89d05f559456a26e945c66e1fe55a29d",
        "em\t\"none\"\tomitted\tplaceholder",
        "no paid click carries the stated 1.5",
        "not sent: duplicate of row 0",
        "not sent: invalid_pixel, missing_click_id",
        "not sent: malformed",
    ] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
    assert_eq!(world.sandbox.stats(), meta_sandbox::Stats::default());
    assert!(world.ok(&["status", "--json"]).contains("\"files\": []"));

    let nowhere = world.path("nowhere");
    let output = world
        .command("efflux")
        .env("EFFLUX_DATA_DIR", &nowhere)
        .args(["meta", "preview", file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(output.status.success() && !nowhere.exists(), "a preview makes no data directory");
    assert!(String::from_utf8_lossy(&output.stdout).contains("any pixel counts as known"));
}

/// With the default settings, in real time: of the ten seconds, five may pass until the directory is read again.
#[test]
fn rows_of_an_invalid_token_wait_and_are_sent_within_ten_seconds_of_a_new_one() {
    let world = World::patient();
    let dead = default_pixels().remove(0);
    world.sandbox.set_tokens(&dead, &["EAABnew"]);
    let running = world.start_with("efflux", &["run"], &[("PIXELS_REFRESH_SECONDS", "5")]);
    let file = world.sample("a.json", &spec(SampleNetwork::Tonic, 600, 3));
    world.ok(&["ingest", "--account", "acc", file.to_str().unwrap()]);
    let parked = || !world.ok(&["retry", "--status", "parked", "--dry-run"]).contains("  nothing");
    let of_the_pixel = || world.sandbox.stats().pixels.get(&dead).map_or(0, |pixel| pixel.requests);
    wait_until(LONGEST, "rows are parked", parked);
    assert_eq!(of_the_pixel(), 0);
    let token = world.file("new.txt", "EAABnew\n");
    world.ok(&["pixels", "add", &dead, "--tokens", token.to_str().unwrap()]);
    wait_until(Duration::from_secs(10), "parked rows are sent", || !parked());
    wait_until(LONGEST, "they have arrived", || of_the_pixel() > 0);
    assert_eq!(running.terminate(), Some(0));
    world.events_exactly_once();
}
