//! `efflux explain` and `efflux meta preview`: which field, which value, which rule, which row of the engineer's own file.

use std::collections::BTreeMap;

use samples::{SampleNetwork, generate};
use serde_json::{Value, json};

use crate::harness::{World, spec};

/// Sample rows with changes to some of them.
fn rows(changes: &[(usize, Value)], count: usize) -> (String, Vec<Value>) {
    let mut rows: Vec<Value> = generate(&spec(SampleNetwork::Tonic, count, 21))
        .rows
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    for (at, change) in changes {
        for (name, value) in change.as_object().unwrap() {
            rows[*at][name] = value.clone();
        }
    }
    (Value::from(rows.clone()).to_string(), rows)
}

fn explain(world: &World, args: &[&str]) -> Value {
    let output = world.output(&[&["explain"], args, &["--json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

#[test]
fn the_field_its_value_its_rule_and_the_row_of_the_interpreted_file_are_named() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    // The first rows are filtered out, so that rows have other numbers in the filtered file.
    let other = || json!({"campaign_id": "42"});
    let (file, rows) = rows(
        &[
            (0, other()),
            (1, other()),
            (4, other()),
            (5, json!({"session_id": "bad-time", "click_timestamp": "yesterday"})),
            (6, json!({"session_id": "bad-pixel", "pixel_id": "999999999999999"})),
            (7, json!({"session_id": "bad-mail", "pixel_id": "visitor@mail.example", "ts_click_id": ""})),
        ],
        10,
    );
    world.ingest(&[&world.file("a.json", file)]);
    for (session, row, filtered_row, wrong) in [
        ("bad-time", 5, 2, r#"wrong     click_timestamp "yesterday": not a time"#),
        (
            "bad-pixel",
            6,
            3,
            r#"wrong     pixel_id "999999999999999": meta has no such pixel in the directory"#,
        ),
        ("bad-mail", 7, 4, "wrong     pixel_id (20 characters, not shown): not a pixel"),
    ] {
        let history = world.ok(&["explain", session]);
        assert!(history.contains(wrong), "{wrong} is missing in\n{history}");
        assert!(history.contains("/networks/tonic/"), "{history}");
        assert!(history.contains(&format!(".json, row {row} (counted from 0)\n")), "{history}");
        assert!(history.contains(&format!(".json, row {filtered_row}\n")), "{history}");
        assert!(!history.contains("visitor@mail"), "{history}");
        let json = &explain(&world, &[session])["conversions"][0];
        assert_eq!((&json["row"], &json["filtered_row"]), (&row.into(), &filtered_row.into()));
        assert_eq!(json["outcome"], "invalid");
        assert!(json["findings"][0]["field"].is_string() && json["findings"][0]["rule"].is_string());
    }
    let good = rows[9]["session_id"].as_str().unwrap();
    let json = &explain(&world, &[good])["conversions"][0];
    assert_eq!((&json["outcome"], &json["row"]), (&"reported".into(), &9.into()));
    assert_eq!(json["findings"], json!([]));
}

#[test]
fn a_row_that_was_left_out_says_which_condition_failed_and_what_to_do() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let id = "120210000000100000";
    world.ok(&["subscriptions", "add", id, "--country", "US", "--country", "CA"]);
    let (file, _) = rows(
        &[
            (0, json!({"session_id": "german", "campaign_id": id, "country_code": "DE"})),
            (1, json!({"session_id": "unsubscribed", "campaign_id": "4242"})),
        ],
        6,
    );
    world.ingest(&[&world.file("a.json", file)]);
    let german = world.ok(&["explain", "german"]);
    for part in [
        "row 0 (counted from 0)",
        &format!("campaign  {id}"),
        "condition country: DE is not in US,CA",
        "left the row out: other_country",
        "next      change the condition",
        "and ingest the file again",
    ] {
        assert!(german.contains(part), "{part} is missing in\n{german}");
    }
    let row = &explain(&world, &["unsubscribed"])["rows_without_conversion"][0];
    assert_eq!((&row["campaign"], &row["left_out"]), (&"4242".into(), &"not_subscribed".into()));
    assert!(row["next"].as_str().unwrap().contains("efflux subscriptions add 4242"), "{row}");
}

#[test]
fn a_wrong_keyword_leads_to_those_that_there_are() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let (file, _) = rows(&[(0, json!({"session_id": "s-1", "keyword_clicked": "red shoes"}))], 3);
    let (code, receipts) = world.ingest(&[&world.file("a.json", file)]);
    assert_eq!(code, 0, "{receipts:?}");
    let output = world.output(&["explain", "s-1", "blue shoes"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("no conversion with the keyword `blue shoes`. It has some with: `red shoes`"),
        "{said}"
    );
    assert_eq!(explain(&world, &["s-1", "blue shoes"])["other_keywords"], json!(["red shoes"]));
    assert!(world.ok(&["explain", "s-1", "red shoes"]).contains("now       reported"));
}

#[test]
fn a_pixel_that_is_gone_and_a_time_that_has_passed_are_said_so() {
    let world = World::empty(Vec::new(), vec![("PARKED_PROBE_SECONDS".to_owned(), "10".to_owned())]);
    world.add_pixels_and_campaigns();
    let pixel = "111000000000001";
    world.sandbox.set_tokens(pixel, &["another-token"]);
    let running = world.start("efflux", &["run"]);
    let (file, _) = rows(&[(0, json!({"session_id": "waits", "pixel_id": pixel}))], 1);
    world.ok(&["ingest", world.file("a.json", file).to_str().unwrap()]);
    let parked = || explain(&world, &["waits"])["conversions"][0]["outcome"] == "parked";
    crate::harness::wait_until(crate::harness::LONGEST, "it is parked", parked);
    assert_eq!(running.terminate(), Some(0));
    world.ok(&["pixels", "remove", pixel, "--yes"]);
    let history = world.ok(&["explain", "waits"]);
    assert!(history.contains("meta:111000000000001 (not in the directory any more)"), "{history}");
    assert!(
        history.contains("next      its pixel is not in the directory any more: add it again"),
        "{history}"
    );
    let past = || world.ok(&["explain", "waits"]).contains("it is probed now");
    crate::harness::wait_until(crate::harness::LONGEST, "its time has passed", past);
    assert!(world.ok(&["explain", "waits"]).contains("it is due since "));
}

#[test]
fn a_preview_names_field_value_and_rule() {
    let world = World::new();
    let (file, _) = rows(
        &[
            (0, json!({"click_timestamp": "yesterday"})),
            (1, json!({"pixel_id": "4711"})),
            (2, json!({"conversions": 1, "revenue": "much"})),
        ],
        4,
    );
    let file = world.file("a.json", file);
    let shown = world.ok(&["meta", "preview", file.to_str().unwrap()]);
    for part in [
        "not sent: malformed\n  wrong    click_timestamp \"yesterday\": not a time\n",
        "wrong    pixel_id \"4711\": meta has no such pixel in the directory",
        "wrong    revenue \"much\": not an amount, and the row has paid clicks",
    ] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    let json: Vec<BTreeMap<String, Value>> =
        serde_json::from_str(&world.ok(&["meta", "preview", file.to_str().unwrap(), "--json"])).unwrap();
    assert_eq!(json.len(), 4);
    assert_eq!(
        (&json[1]["not_sent"], &json[1]["findings"][0]["field"]),
        (&"invalid_pixel".into(), &"pixel_id".into())
    );
    assert_eq!(json[3]["not_sent"], Value::Null);
    assert!(json[3]["events"].as_array().is_some_and(|events| !events.is_empty()), "{:?}", json[3]);
    let empty = world.file("empty.json", "[]");
    assert_eq!(world.ok(&["meta", "preview", empty.to_str().unwrap(), "--json"]), "[]\n");
}

#[test]
fn money_is_in_the_currency_that_was_set() {
    let world = World::empty(Vec::new(), vec![("CURRENCY".to_owned(), "EUR".to_owned())]);
    world.add_pixels_and_campaigns();
    let pixel = "111000000000001";
    world.sandbox.set_tokens(pixel, &["another-token"]);
    let _running = world.start("efflux", &["run"]);
    let change = json!({"session_id": "waits", "pixel_id": pixel, "conversions": 1, "revenue": "2.50"});
    let (file, _) = rows(&[(0, change)], 1);
    let file = world.file("a.json", file);
    world.ok(&["ingest", file.to_str().unwrap()]);
    let parked = || explain(&world, &["waits"])["conversions"][0]["outcome"] == "parked";
    crate::harness::wait_until(crate::harness::LONGEST, "it is parked", parked);
    for args in [
        &["explain", "waits"][..],
        &["retry", "--status", "parked", "--dry-run"],
        &["status"],
        &["pixels", "remove", pixel],
    ] {
        let said = String::from_utf8(world.output(args).stdout).unwrap();
        assert!(said.contains("EUR 2.50") && !said.contains('$'), "{args:?}: {said}");
    }
    let output = world.output(&["ingest", "--wait", file.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("EUR") && !said.contains('$'), "{said}");
}
