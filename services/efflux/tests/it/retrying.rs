//! `efflux retry` says what will really happen, and does it at once.

use std::time::Duration;

use meta_sandbox::{Action, BadEvent, Fault, Matcher};
use ports::metric::name;
use samples::{SampleNetwork, SampleSpec};
use serde_json::Value;

use crate::harness::{LONGEST, Stopwatch, World, spec, wait_until};
use crate::wire::{free_port, get};

const PIXEL: &str = "111000000000007";

const TOKEN: &str = "EAAB0123456789012345dead";

/// Twenty conversions that are parked, because the platform refuses the pixel's token.
fn parked() -> (World, crate::harness::Running) {
    let world = World::patient();
    let tokens = world.file("t.txt", format!("{TOKEN}\n"));
    world.sandbox.set_tokens(PIXEL, &["EAABgood"]);
    world.ok(&["pixels", "add", PIXEL, "--tokens", tokens.to_str().unwrap()]);
    let running = world.start("efflux", &["run"]);
    let spec = SampleSpec { pixels: vec![PIXEL.to_owned()], ..spec(SampleNetwork::Tonic, 20, 31) };
    world.ok(&["ingest", world.sample("a.json", &spec).to_str().unwrap()]);
    wait_until(LONGEST, "all are parked", || in_ledger(&world, "parked") == 20);
    (world, running)
}

fn status(world: &World) -> Value {
    serde_json::from_str(&world.ok(&["status", "--json"])).unwrap()
}

fn in_ledger(world: &World, outcome: &str) -> u64 {
    status(world)["ledger"][outcome].as_u64().unwrap_or(0)
}

fn planned(world: &World, args: &[&str]) -> Value {
    let output = world.output(&[&["retry", "--json"], args].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

#[test]
fn nothing_is_promised_while_no_token_works_and_what_waits_stays_parked() {
    let (world, _running) = parked();
    let plan = world.ok(&["retry", "--status", "parked", "--dry-run"]);
    for part in
        ["stays parked: no working token", "has no working token (token-1 (…dead): ", "nothing will be sent"]
    {
        assert!(plan.contains(part), "{part} is missing in\n{plan}");
    }
    assert!(!plan.contains("EAAB"), "{plan}");
    let json = planned(&world, &["--status", "parked", "--dry-run"]);
    assert_eq!((&json["conversions"], &json["result"]), (&0.into(), &Value::Null));
    assert_eq!(
        (&json["pixels"][0]["working_token"], &json["groups"][0]["conversions"]),
        (&false.into(), &20.into())
    );
    let output = world.output(&["retry", "--status", "parked", "--yes"]);
    assert_eq!(output.status.code(), Some(1), "nothing could be done");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("0 conversions are due now.\n20 stay parked"), "{said}");
    let again = planned(&world, &["--status", "parked", "--dry-run"]);
    assert_eq!(again["groups"][0]["conversions"], 20, "they are still visible");
}

#[test]
fn a_retry_probes_a_paused_pixel_at_once() {
    let (world, running) = parked();
    let began = Stopwatch::start();
    // The platform takes the same token again: the directory shows no change, and the next probe is minutes away.
    world.sandbox.set_tokens(PIXEL, &[TOKEN]);
    let json = planned(&world, &["--status", "parked", "--yes"]);
    assert_eq!((&json["conversions"], &json["result"]["due_now"]), (&20.into(), &20.into()));
    assert_eq!(json["pixels"][0]["working_token"], true);
    wait_until(LONGEST, "all are reported", || in_ledger(&world, "reported") == 20);
    assert!(began.elapsed() < Duration::from_secs(200), "before the next probe is due");
    world.events_exactly_once();
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn wrong_statuses_and_reasons_are_refused_with_those_that_there_are() {
    let world = World::new();
    let running = world.start("efflux", &["run"]);
    let unknown = SampleSpec { pixels: vec!["4444".to_owned()], ..spec(SampleNetwork::Tonic, 5, 32) };
    let (_, receipts) = world.ingest(&[&world.sample("a.json", &unknown)]);
    assert_eq!(crate::harness::rows(&receipts, "invalid"), 5);
    let refused = |args: &[&str]| {
        let output = world.output(&[&["retry"], args].concat());
        assert_eq!(output.status.code(), Some(64), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for status in ["reported", "duplicate", "in_flight", "invalidd"] {
        let said = refused(&["--status", status]);
        assert!(said.contains("parked, rejected, expired, invalid, no_events, retry"), "{said}");
    }
    let said = refused(&["--status", "invalid", "--reason", "invalid_pixl", "--dry-run"]);
    assert!(
        said.contains(
            "no conversion that is invalid has the reason `invalid_pixl`; there are: invalid_pixel (5)"
        ),
        "{said}"
    );
    let none = world.ok(&["retry", "--status", "parked", "--reason", "no_working_credential", "--dry-run"]);
    assert!(none.contains("nothing"), "a reason that exists and that none has: {none}");
    assert!(refused(&["--status", "invalid", "--json"]).contains("--yes"));
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn what_is_parked_is_in_the_log_once_and_counted() {
    let (world, running) = parked();
    assert_eq!(running.terminate(), Some(0));
    assert_eq!(counted_in_log(&world, "conversions parked", "no_working_credential"), 20);
}

#[test]
fn what_is_rejected_is_in_the_log_once_and_counted() {
    let world = World::patient();
    let pixel = Matcher { pixel: Some(PIXEL.to_owned()), ..Matcher::default() };
    let bad = BadEvent { share: 0.05, seed: 3, named: true, subcode: 2_804_019, ..BadEvent::default() };
    world.sandbox.add_fault(Fault { matcher: pixel, action: Action::BadEvent(bad) });
    let tokens = world.file("t.txt", format!("{TOKEN}\n"));
    world.ok(&["pixels", "add", PIXEL, "--tokens", tokens.to_str().unwrap()]);
    let port = free_port();
    let running = world.start_with("efflux", &["run"], &[("PORT", port.to_string().as_str())]);
    let spec = SampleSpec { pixels: vec![PIXEL.to_owned()], ..spec(SampleNetwork::Tonic, 40, 33) };
    world.ok(&["ingest", world.sample("a.json", &spec).to_str().unwrap()]);
    let is_done = || in_ledger(&world, "reported") + in_ledger(&world, "rejected") == 40;
    wait_until(LONGEST, "all are reported or rejected", is_done);
    let rejected = in_ledger(&world, "rejected");
    assert!((1..40).contains(&rejected), "{rejected}");
    let (_, metrics) = get(port, "/metrics");
    let labels = format!("{{currency=\"USD\",outcome=\"rejected\",pixel=\"{PIXEL}\",platform=\"meta\"}} ");
    let begin = format!("{}{labels}", name::LOST_REVENUE);
    let lost = metrics.lines().find_map(|line| line.strip_prefix(&begin)).expect("the lost money is counted");
    let exported = || status(&world)["unexported"] == 0;
    wait_until(LONGEST, "analytics has caught up", exported);
    let stated = &status(&world)["money"]["lost"];
    let [lost, stated] = [lost, stated.as_str().unwrap()].map(|sum| sum.parse::<f64>().unwrap());
    assert!(lost > 0.0 && lost < stated + 1e-6, "{lost} of {stated}");
    assert_eq!(running.terminate(), Some(0));
    assert_eq!(counted_in_log(&world, "conversions rejected", "2804019"), rejected);
}

/// How many conversions the lines of one cause count: one line at first, and one for the rest when the process ends.
fn counted_in_log(world: &World, message: &str, reason: &str) -> u64 {
    let log = std::fs::read_to_string(world.path("efflux.log")).unwrap();
    let lines: Vec<_> = log.lines().filter(|line| line.contains(message)).collect();
    assert!((1..=2).contains(&lines.len()), "once at first, and the rest when it ends: {log}");
    assert!(lines.iter().all(|line| line.contains(reason) && line.contains(PIXEL)), "{log}");
    lines.iter().map(|line| number_after(line, "conversions=")).sum()
}

fn number_after(line: &str, name: &str) -> u64 {
    let (_, rest) = line.split_once(name).unwrap();
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}
