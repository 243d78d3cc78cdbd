//! The operator's commands: `explain`, `retry` and `dlq`.

use std::time::Instant;

use samples::{SampleNetwork, SampleSpec, campaign_ids, generate};
use serde_json::Value;

use crate::harness::{LONGEST, World, rows, spec, wait_until};

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
    assert_eq!((code, rows(&receipts, "invalid")), (1, 25), "a file of which nothing was sent: {receipts:?}");
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
    let id_of = |list: &str| row(list)[0]["message"].as_str().unwrap().to_owned();
    let list = until(&world, &["dlq", "list", "--json"], |out| row(out) != serde_json::json!([]));
    let id = id_of(&list);
    assert_eq!(
        (&row(&list)[0]["queue"], &row(&list)[0]["service"]),
        (&"trigger".into(), &"filter-svc".into())
    );
    let table = world.ok(&["dlq", "list"]);
    assert!(table.starts_with("queue ") && table.contains(&id) && !table.contains('─'), "{table}");
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
    let again = until(&world, &["dlq", "list", "--queue", "trigger", "--json"], |out| {
        row(out) != serde_json::json!([])
    });
    assert_ne!(id_of(&again), id);
    assert!(world.ok(&["dlq", "show", &id_of(&again)]).contains("after 1 deliveries"));
    assert_eq!(world.output(&["dlq", "redrive", &id]).status.code(), Some(1), "it is not there any more");
    assert!(!world.output(&["dlq", "show", &id]).status.success());
    assert!(world.ok(&["dlq", "redrive", "--all"]).contains("1 messages are back in the trigger queue"));
}

#[test]
fn what_exists_is_changed_and_never_replaced_silently() {
    let world = World::empty(Vec::new(), Vec::new());
    let tokens = world.file("t.txt", "EAAB0123456789012345wxyz\n");
    let pixel = "111000000000009";
    let added = world.ok(&["pixels", "add", pixel, "--tokens", tokens.to_str().unwrap()]);
    assert!(added.contains("meta:111000000000009 added") && added.contains("…wxyz"), "{added}");
    let named = world.ok(&["pixels", "add", pixel, "--name", "Main pixel"]);
    assert_eq!(named, "meta:111000000000009 changed: name none -> Main pixel\n");
    let list = row(&world.ok(&["pixels", "list", "--json"]));
    assert_eq!((&list[0]["name"], &list[0]["tokens"]), (&"Main pixel".into(), &"token-1 (…wxyz)".into()));

    let campaign = "120210000000100000";
    let conditions = [
        "subscriptions",
        "add",
        campaign,
        "--country",
        "Germany",
        "--network",
        "tonic",
        "--min-revenue",
        "0.05",
    ];
    assert!(world.ok(&conditions).contains("country DE"), "a name is read");
    let noted = world.ok(&["subscriptions", "add", campaign, "--note", "mine"]);
    assert_eq!(noted, format!("{campaign} changed: note none -> mine\n"));
    let again = world.ok(&["subscriptions", "add", campaign]);
    assert_eq!(again, format!("{campaign} there already, nothing changed\n"));
    world.ok(&["subscriptions", "add", campaign, "--country", "any", "--disabled"]);
    let csv = world.ok(&["subscriptions", "list", "--csv"]);
    assert_eq!(
        csv,
        format!(
            "campaign,state,networks,countries,min_revenue,note,currency\n\
             {campaign},disabled,tonic,any,0.05,mine,USD\n"
        )
    );
}

#[test]
fn what_cannot_be_right_is_refused_when_it_is_entered() {
    let world = World::empty(Vec::new(), Vec::new());
    let quoted = world.file("quoted.txt", "\"EAAB0123456789\"\n");
    let nothing = world.file("nothing.txt", "\n");
    let wrong: [&[&str]; 10] = [
        &["subscriptions", "add", "1", "--country", "XX"],
        &["subscriptions", "add", "1", "--network", "tonik"],
        &["subscriptions", "add", "1", "--min-revenue", "much"],
        &["subscriptions", "add", " 4 "],
        &["subscriptions", "add", "abc"],
        &["pixels", "add", "11100000000000A"],
        &["pixels", "add", "224"],
        &["pixels", "add", "111000000000009", "--source", "myspace"],
        &["pixels", "add", "111000000000009", "--tokens", quoted.to_str().unwrap()],
        &["pixels", "add", "111000000000009", "--tokens", nothing.to_str().unwrap()],
    ];
    for args in wrong {
        let output = world.output(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{args:?}: {said}");
        assert!(!said.contains("EAAB"), "{said}");
    }
    assert!(!world.path("data").exists(), "nothing was made");
    world.ok(&["subscriptions", "add", "abc", "--network", "newnet", "--force"]);
}

#[test]
fn commands_that_read_make_nothing() {
    let world = World::empty(Vec::new(), Vec::new());
    let reading: [&[&str]; 11] = [
        &["status"],
        &["report"],
        &["held", "list"],
        &["explain", "s"],
        &["dlq", "list"],
        &["pixels", "list"],
        &["subscriptions", "list"],
        &["retry", "--status", "parked", "--dry-run"],
        &["meta", "check"],
        &["feeds", "list"],
        &["erase", "--session", "s", "--dry-run"],
    ];
    for args in reading {
        let output = world.output(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(69), "{args:?}: {said}");
        assert!(said.contains("there is no data in") && said.contains("EFFLUX_DATA_DIR"), "{args:?}: {said}");
        assert!(!world.path("data").exists(), "{args:?}");
    }
}

#[test]
fn a_sandbox_and_the_platforms_never_share_a_ledger() {
    let world = World::empty(Vec::new(), Vec::new());
    let queue = "http://127.0.0.1:1/q";
    let production: [&[(&str, &str)]; 4] = [
        &[("MONGODB_URI", "mongodb://127.0.0.1:1")],
        &[("DATABASE_URL", "postgresql://127.0.0.1:1/x")],
        &[("CLICKHOUSE_URL", "http://127.0.0.1:1/d")],
        &[
            ("TRIGGER_CONVERSION_REPORTS_QUEUE_URL", queue),
            ("REPORT_CONVERSIONS_QUEUE_URL", queue),
            ("TRIGGER_DLQ_URL", queue),
            ("REPORT_DLQ_URL", queue),
        ],
    ];
    for settings in production {
        let mut command = world.command("efflux");
        let output = command.args(["run", "--sandbox"]).envs(settings.iter().copied()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(64) && said.contains(settings[0].0), "{said}");
        assert!(said.contains("--sandbox"), "{said}");
    }
    let running = world.start("efflux", &["run"]);
    // An empty mark was being written when its process died.
    let is_marked = || std::fs::read(world.path("data/sends-to")).is_ok_and(|mark| !mark.is_empty());
    wait_until(LONGEST, "it is marked", is_marked);
    running.kill();
    let real = world.command("reporter-svc").env("META_GRAPH_URL", "https://graph.invalid").output().unwrap();
    let said = String::from_utf8(real.stderr).unwrap();
    assert!(real.status.code() == Some(64) && said.contains("a sandbox on this machine"), "{said}");
}

#[test]
fn what_cannot_be_written_is_an_error_and_a_closed_pipe_is_none() {
    let world = World::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = world.command("efflux").args(["pixels", "list"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74), "{}", String::from_utf8_lossy(&output.stderr));
    for args in [&["subscriptions", "list"][..], &["sample", "--network", "tonic", "--rows", "100000"]] {
        let mut closed = world
            .command("efflux")
            .args(args)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(closed.stdout.take());
        let output = closed.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{args:?}: {output:?}");
    }
}

#[test]
fn a_pixel_for_which_money_waits_is_not_removed_unasked() {
    let world = World::new();
    let nobody = world.file("dead.txt", "dead-token\n");
    let pixel = "111000000000008";
    world.sandbox.set_tokens(pixel, &["another-token"]);
    world.ok(&["pixels", "add", pixel, "--tokens", nobody.to_str().unwrap()]);
    let _running = world.start("efflux", &["run"]);
    let spec = SampleSpec { pixels: vec![pixel.to_owned()], ..spec(SampleNetwork::Tonic, 20, 9) };
    world.ok(&["ingest", world.sample("a.json", &spec).to_str().unwrap()]);
    let status = until(&world, &["status", "--json"], |out| row(out)["ledger"]["parked"] == 20);
    let waiting = &row(&status)["waiting"][0];
    assert_eq!((&waiting["reason"], &waiting["conversions"]), (&"no_working_credential".into(), &20.into()));
    assert_ne!(waiting["unreported_revenue"], "0");
    let refused = world.output(&["pixels", "remove", pixel]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stdout).unwrap();
    assert!(said.contains("20 conversions wait for meta:111000000000008"), "{said}");
    world.ok(&["pixels", "remove", pixel, "--yes"]);
}
