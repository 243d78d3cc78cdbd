//! The operator's commands: `explain`, `retry` and `dlq`.

use std::time::Instant;

use samples::{SampleNetwork, SampleSpec, campaign_ids, generate};
use serde_json::Value;

use crate::harness::{LONGEST, World, rows, spec};

fn row(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Repeats a command until its output satisfies `done`.
#[expect(clippy::disallowed_methods, reason = "a deadline in real time, for processes that live in it")]
fn until(world: &World, args: &[&str], done: impl Fn(&str) -> bool) -> String {
    let started = Instant::now();
    loop {
        let out = world.ok(args);
        if done(&out) {
            return out;
        }
        assert!(started.elapsed() < LONGEST, "efflux {args:?} still prints\n{out}");
    }
}

#[test]
fn explain_shows_the_whole_history_and_nothing_about_the_visitor() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let spec = spec(SampleNetwork::Tonic, 30, 5);
    let (code, receipts) = world.ingest(&[&world.sample("a.json", &spec)]);
    assert_eq!(code, 0, "{receipts:?}");
    let row = row(&generate(&spec).rows[7]);
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let history = world.ok(&["explain", &text("session_id"), &text("keyword_clicked")]);
    for part in [
        "filtered-conversions/tonic/",
        "row 7 (counted from 0)",
        "kept the row: 30 of 30 rows of interpreted-events-bucket/networks/tonic/",
        "checks    valid",
        "attempt   1 at ",
        "reported, ",
        "Meta answered 200",
        "trace id ",
        "now       reported",
        "next      further paid clicks are sent",
    ] {
        assert!(history.contains(part), "`{part}` is missing in\n{history}");
    }
    for personal in ["ip", "user_agent", "ts_click_id"] {
        assert!(text(personal).len() > 5 && !history.contains(&text(personal)), "{personal} in\n{history}");
    }
    assert_eq!(world.ok(&["explain", &text("session_id")]), history, "the keyword may be left out");
}

/// Sets a terminal's title, clears the screen, turns the direction of writing, and begins a line that looks like ours.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}x\nSession of-another";

#[test]
fn no_text_of_a_feed_steers_the_terminal() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let mut row = row(&generate(&spec(SampleNetwork::Tonic, 1, 9)).rows[0]);
    row["session_id"] = HOSTILE.into();
    row["keyword_clicked"] = HOSTILE.into();
    let (code, receipts) = world.ingest(&[&world.file("a.json", serde_json::json!([row]).to_string())]);
    assert_eq!(code, 0, "{receipts:?}");
    let preview = world.path("a.json");
    for args in [
        &["explain", HOSTILE][..],
        &["status"],
        &["status", "--json"],
        &["meta", "preview", preview.to_str().unwrap()],
    ] {
        let shown = world.ok(args);
        let steers = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
        assert!(!shown.contains(steers), "{args:?}: {shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("Session of-another")), "{shown}");
    }
    let history = world.ok(&["explain", HOSTILE]);
    assert!(
        history
            .contains(r"Session \u001b]0;owned\u0007\u009b2J\u202ex\u000aSession of-another, keyword \u001b"),
        "{history}"
    );
    let unknown = world.output(&["dlq", "show", HOSTILE]);
    assert!(!String::from_utf8(unknown.stderr).unwrap().contains('\u{1b}'));
}

#[test]
fn a_row_that_was_left_out_is_found_in_its_file() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let spec = spec(SampleNetwork::Sedo, 10, 6);
    let mut args = vec!["subscriptions".to_owned(), "add".to_owned(), "--disabled".to_owned()];
    args.extend(campaign_ids(&spec));
    world.ok(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let (code, receipts) = world.ingest(&[&world.sample("a.json", &spec)]);
    assert_eq!(code, 0, "{receipts:?}");
    assert_eq!(receipts[0]["receipt"]["filter"]["filtered_out"]["subscription_disabled"], 10);
    let session = row(&generate(&spec).rows[3])["session_id"].as_str().unwrap().to_owned();
    let history = world.ok(&["explain", &session]);
    assert!(history.contains("row 3 (counted from 0)"), "{history}");
    assert!(history.contains("left the row out: subscription_disabled, as 10 of 10 rows"), "{history}");

    let output = world.output(&["explain", "no-such-session", "--files", "5"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("neither in the ledger nor in the latest 1"));
}

#[test]
fn invalid_rows_are_sent_after_their_cause_is_fixed() {
    let world = World::patient();
    let _running = world.start("efflux", &["run"]);
    let spec = SampleSpec { pixels: vec!["4444".to_owned()], ..spec(SampleNetwork::Tonic, 25, 7) };
    let (code, receipts) = world.ingest(&[&world.sample("a.json", &spec)]);
    assert_eq!((code, rows(&receipts, "invalid")), (0, 25), "{receipts:?}");
    let retry = ["retry", "--status", "invalid", "--reason", "invalid_pixel"];
    let plan = world.ok(&[&retry[..], &["--dry-run"]].concat());
    assert!(plan.contains("skipped: invalid, invalid_pixel") && plan.contains("nothing"), "{plan}");

    let tokens = world.file("more.txt", "token-of-the-test\n");
    world.ok(&["pixels", "add", "4444", "--tokens", tokens.to_str().unwrap()]);
    let plan = world.ok(&[&retry[..], &["--since", "1h", "--pixel", "9"]].concat());
    assert!(plan.contains("nothing"), "invalid rows have no pixel yet: {plan}");
    let refused = world.output(&retry);
    assert!(!refused.status.success() && world.events_exactly_once() == 0);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--yes"));
    let done = world.ok(&[&retry[..], &["--yes"]].concat());
    assert!(done.contains("pixel meta:4444, invalid_pixel"), "{done}");
    assert!(done.contains("25 conversions are due now."), "{done}");
    until(&world, &["status", "--json"], |out| row(out)["ledger"]["reported"] == 25);
    assert!(world.events_exactly_once() >= 25 * 2);
    let history = world.ok(&["explain", row(&generate(&spec).rows[0])["session_id"].as_str().unwrap()]);
    assert!(history.contains("checks    valid") && history.contains("now       reported"), "{history}");
    let wrong = world.output(&["retry", "--status", "duplicate"]);
    assert!(!wrong.status.success());
}

#[test]
fn dead_letters_are_shown_and_redriven() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let (code, _) = world.ingest(&[&world.file("half.bad", r#"[{"session_id":"a"},{"#)]);
    assert_ne!(code, 0);
    let id_of = |list: &str| list.lines().next().unwrap_or_default().split('\t').nth(3).unwrap().to_owned();
    let list = until(&world, &["dlq", "list"], |out| !out.is_empty());
    let id = id_of(&list);
    assert!(list.starts_with("trigger\t") && list.contains("filter-svc"), "{list}");
    let shown = world.ok(&["dlq", "show", &id]);
    for part in ["queue      trigger", "by filter-svc", "not valid JSON at byte", "ObjectCreated"] {
        assert!(shown.contains(part), "`{part}` is missing in\n{shown}");
    }
    assert_eq!(
        world.ok(&["dlq", "redrive", "--all", "--queue", "report"]),
        "0 messages are back in the report queue\n"
    );
    assert!(world.ok(&["dlq", "redrive", &id]).contains(&format!("{id} is back in the trigger queue")));
    // It fails again, as a new message.
    let again = until(&world, &["dlq", "list", "--queue", "trigger"], |out| !out.is_empty());
    assert_ne!(id_of(&again), id);
    assert!(world.ok(&["dlq", "show", &id_of(&again)]).contains("after 1 deliveries"));
    assert_eq!(world.output(&["dlq", "redrive", &id]).status.code(), Some(1), "it is not there any more");
    assert!(!world.output(&["dlq", "show", &id]).status.success());
    assert!(world.ok(&["dlq", "redrive", "--all"]).contains("1 messages are back in the trigger queue"));
}
