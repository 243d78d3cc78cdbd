//! `efflux report` and the money of `efflux status`: they agree with the receipts, and with each other.

use std::collections::BTreeMap;
use std::path::Path;

use samples::{SampleNetwork, SampleSpec};
use serde_json::Value;

use crate::harness::{LONGEST, World, events, rows, spec, wait_until};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Money in millionths.
fn micros(money: &Value) -> i64 {
    let text = money.as_str().unwrap_or_else(|| panic!("money is text: {money}"));
    let (units, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{units}{fraction:0<6.6}").parse().unwrap()
}

fn sum(values: &Value, column: &str) -> i64 {
    let value = |row: &Value| row[column].as_i64().unwrap_or_else(|| micros(&row[column]));
    values.as_array().unwrap().iter().map(value).sum()
}

/// Two files were processed, and analytics has all of their conversions; the receipts.
fn caught_up(world: &World) -> Vec<Value> {
    let dirty = SampleSpec { dirty: 0.1, ..spec(SampleNetwork::Tonic, 120, 3) };
    let files = [world.sample("a.json", &dirty), world.sample("b.json", &spec(SampleNetwork::Sedo, 80, 4))];
    let (_, receipts) = world.ingest(&files.each_ref().map(Path::new));
    wait_until(LONGEST, "analytics has caught up", || {
        let status = json(&world.ok(&["status", "--json"]));
        status["unexported"] == 0 && status["analytics"] != 0
    });
    receipts
}

#[test]
fn a_report_agrees_with_the_receipts_however_it_is_grouped() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let receipts = caught_up(&world);
    let report = |args: &[&str]| json(&world.ok(&[&["report", "--json"], args].concat()));
    let by_pixel = report(&["--from", "yesterday"]);
    let total = &by_pixel["total"];
    assert_eq!(total["reported"], rows(&receipts, "reported"));
    assert_eq!(total["events"], events(&receipts));
    let money = |name: &str| receipts.iter().map(|r| micros(&r["receipt"]["report"][name])).sum::<i64>();
    assert_eq!(micros(&total["stated_revenue"]), money("stated"));
    assert_eq!(micros(&total["unreported_revenue"]), money("unreported"));
    assert_eq!((&by_pixel["currency"], &by_pixel["time"]), (&"USD".into(), &"settled".into()));

    for by in ["pixel", "network", "campaign", "country", "day", "hour"] {
        for zone in ["UTC", "Asia/Kathmandu"] {
            let grouped = report(&["--from", "yesterday", "--by", by, "--zone", zone]);
            assert_eq!(&grouped["total"], total, "{by} {zone}");
            for column in ["conversions", "reported", "lost", "purchases", "stated_revenue", "lost_revenue"] {
                let all = total[column].as_i64().unwrap_or_else(|| micros(&total[column]));
                assert_eq!(sum(&grouped["rows"], column), all, "{by} {column}");
            }
            assert!(grouped["rows"][0].as_object().unwrap().contains_key(by), "{grouped}");
        }
    }
    // By the click, conversions are older: none is lost when the time is long enough.
    let clicked = report(&["--time", "clicked", "--from", "30d", "--to", "now"]);
    assert!(clicked["total"]["reported"] == total["reported"], "{clicked}");
    assert_eq!(
        report(&["--from", "yesterday", "--to", "yesterday"])["rows"],
        json("[]"),
        "yesterday nothing was settled"
    );
}

#[test]
fn one_pixel_is_asked_for_and_a_spreadsheet_gets_its_numbers() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let receipts = caught_up(&world);
    let mut expected = BTreeMap::new();
    for pixel in receipts.iter().flat_map(|r| r["receipt"]["report"]["pixels"].as_array().unwrap()) {
        let sums = expected.entry(pixel["pixel"].as_str().unwrap()).or_insert((0, 0));
        *sums = (sums.0 + pixel["conversions"].as_i64().unwrap(), sums.1 + micros(&pixel["revenue"]));
    }
    assert!(expected.len() > 1, "{receipts:?}");
    for (pixel, (conversions, revenue)) in expected {
        let code = pixel.strip_prefix("meta:").unwrap();
        let csv = world.ok(&["report", "--by", "day", "--from", "yesterday", "--pixel", code, "--csv"]);
        let lines: Vec<Vec<_>> = csv.lines().map(|line| line.split(',').collect()).collect();
        let column = |name: &str| lines[0].iter().position(|column| *column == name).unwrap();
        let numbers = |name: &str| {
            let place = column(name);
            lines[1..].iter().map(move |line| line[place]).collect::<Vec<_>>()
        };
        assert_eq!(numbers("reported").iter().map(|n| n.parse::<i64>().unwrap()).sum::<i64>(), conversions);
        assert_eq!(
            numbers("reported_revenue").iter().map(|n| micros(&(*n).into())).sum::<i64>(),
            revenue,
            "{csv}"
        );
        assert!(numbers("currency").iter().all(|currency| *currency == "USD"), "{csv}");
    }
    let table = world.ok(&["report", "--by", "network"]);
    assert!(table.contains("\nsedo ") && table.contains("\nall ") && !table.contains('─'), "{table}");
    assert!(world.ok(&["report", "--network", "airfind"]).starts_with("No conversion was settled from "));
    for wrong in [
        &["--from", "tomorrow"][..],
        &["--zone", "Berlin"],
        &["--pixel", "a b"],
        &["--from", "today", "--to", "yesterday"],
        &["--by", "weather"],
    ] {
        assert_eq!(world.output(&[&["report"], wrong].concat()).status.code(), Some(64), "{wrong:?}");
    }
}

#[test]
fn status_knows_the_money_and_shows_what_it_can_when_a_backend_is_damaged() {
    let world = World::new();
    let running = world.start("efflux", &["run"]);
    let receipts = caught_up(&world);
    let status = json(&world.ok(&["status", "--json"]));
    let stated: i64 = receipts.iter().map(|r| micros(&r["receipt"]["report"]["stated"])).sum();
    assert_eq!(micros(&status["money"]["stated"]), stated);
    let unreported: i64 = receipts.iter().map(|r| micros(&r["receipt"]["report"]["unreported"])).sum();
    assert_eq!(micros(&status["money"]["unreported"]), unreported);
    assert!(unreported > 0, "some rows are invalid");
    assert_eq!((&status["unavailable"], &status["file_counts"]["latest"]), (&json("[]"), &2.into()));
    world.ingest(&[&world.file("half.bad", r#"[{"session_id":"a"},{"#)]);
    wait_until(LONGEST, "there is a dead letter", || {
        let text = world.ok(&["status"]);
        text.contains("`efflux dlq list`") && text.contains("1 of the latest 3 refused")
    });
    let refused = json(&world.ok(&["status", "--json"]))["files_of_filter"][0].clone();
    assert_eq!(refused["state"], "refused", "{refused}");
    assert!(refused["why"].as_str().unwrap().contains("byte 21"), "{refused}");
    assert_eq!(running.terminate(), Some(0));

    let whole = std::fs::read(world.path("data/ledger.db")).unwrap();
    for (damaged, part, still) in [
        ("ledger.db", "ledger", "money"),
        ("analytics.db", "analytics", "ledger"),
        ("queues.db", "trigger queue", "ledger"),
    ] {
        let path = world.path("data").join(damaged);
        let before = std::fs::read(&path).unwrap();
        std::fs::write(&path, "not a database, and never was one").unwrap();
        let output = world.output(&["status", "--json"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(69), "{damaged}: {said}");
        assert!(said.contains(&format!("the {part} could not be asked")), "{said}");
        let status = json(&String::from_utf8(output.stdout).unwrap());
        assert_eq!(status["unavailable"][0]["part"], part, "{status}");
        assert!(status["unavailable"][0]["why"].as_str().unwrap().contains(damaged), "{status}");
        assert!(!status[still].is_null(), "{status}");
        let words = String::from_utf8(world.output(&["status"]).stdout).unwrap();
        assert!(words.starts_with(&format!("NOT ASKED: {part}: ")), "{words}");
        std::fs::write(&path, before).unwrap();
    }
    assert_eq!(std::fs::read(world.path("data/ledger.db")).unwrap(), whole, "status changes nothing");
}
