use domain::UnixMillis;
use domain::row::Row;
use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use serde_json::{Value, json};

use super::*;
use crate::destination::{MetaConfig, PLATFORM};

fn config() -> MapConfig {
    MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_event_source_url: None,
        data_processing: DataProcessing::Unsaid,
    }
}

/// The events of a row with these changes, parsed back.
fn events(config: &MapConfig, change: &Value) -> Vec<Value> {
    let mut row = json!({
        "session_id": "S-1", "keyword_clicked": "k", "click_timestamp": 1_763_700_000, "pixel_id": "111",
        "ts_click_id": "IwAR_a-B", "user_agent": "Mozilla/5.0 \"x\"", "domain_name": "homes.example", "ip": "203.0.113.7",
        "country_code": "US", "region": "NewYork", "city": "St. Louis", "network": "crossroads",
        "lander_visitors": 1, "lander_searches": 2, "conversions": 3, "revenue": 1,
    });
    for (name, value) in change.as_object().unwrap() {
        row[name] = value.clone();
    }
    let raw = row.to_string();
    let row = Row::parse(&raw);
    let meta = MetaConfig::new("v25.0", config.clone());
    let platforms = OnePlatform(PLATFORM, &meta);
    let now = UnixMillis(1_763_800_000_000);
    let rules = Rules { now, pixels: &AnyPixel, platforms: &platforms, object_network: None };
    let valid = check(&row, rules).unwrap();
    let prepared = prepare(config, &row.key, &valid).unwrap();
    prepared.iter().map(|e| serde_json::from_slice(&e.payload).unwrap()).collect()
}

#[test]
fn an_event_has_what_meta_requires() {
    let events = events(&config(), &json!({}));
    let names: Vec<_> = events.iter().map(|e| e["event_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["PageView", "ViewContent", "ViewContent", "Purchase", "Purchase", "Purchase"]);
    let event = &events[3];
    assert_eq!(event["event_time"], 1_763_700_000);
    assert_eq!(event["action_source"], "website");
    assert_eq!(event["event_source_url"], "https://homes.example/");
    assert_eq!(event["event_id"].as_str().unwrap().len(), 32);
    let user = &event["user_data"];
    assert_eq!(user["fbc"], "fb.1.1763700000000.IwAR_a-B");
    assert_eq!(user["client_user_agent"], "Mozilla/5.0 \"x\"");
    assert_eq!(user["client_ip_address"], "203.0.113.7");
    let digest = |text: &str| user_data::hash::hash(text).as_str().to_owned();
    assert_eq!(user["ct"], digest("stlouis"));
    assert_eq!(user["st"], digest("ny"));
    assert_eq!(user["country"], digest("us"));
    assert!(user.get("fbp").is_none(), "never made up");
    assert!(events[0].get("custom_data").is_none());
    assert_eq!(events[0]["user_data"], events[5]["user_data"]);
}

#[test]
fn values_are_numbers_that_add_up() {
    let texts: Vec<_> =
        events(&config(), &json!({}))[3..].iter().map(|e| e["custom_data"]["value"].to_string()).collect();
    assert_eq!(texts, ["0.333334", "0.333333", "0.333333"]);
    let zero = events(&config(), &json!({"conversions": 1, "revenue": 0}));
    assert_eq!(zero[3]["custom_data"], json!({"value": 0, "currency": "USD"}));
}

#[test]
fn a_bad_field_costs_the_field_only() {
    let event = &events(
        &config(),
        &json!({"ip": "not an ip", "city": "", "region": null, "country_code": "??", "ts_click_id": "a b"}),
    )[0];
    let user = event["user_data"].as_object().unwrap();
    let mut keys: Vec<_> = user.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["client_user_agent", "external_id"]);
}

#[test]
fn what_a_row_brings_goes_first() {
    let change = json!({"event_source_url": "https://x.example/a?b=1", "currency": "eur", "order_id": "o1"});
    let event = &events(&config(), &change)[3];
    assert_eq!(event["event_source_url"], "https://x.example/a?b=1");
    assert_eq!(event["custom_data"]["currency"], "EUR");
    assert_eq!(event["custom_data"]["order_id"], "o1");
}

#[test]
fn legacy_names_keep_the_ids() {
    let legacy = MapConfig { event_names: EventNames::Legacy, ..config() };
    let (old, new) = (events(&legacy, &json!({})), events(&config(), &json!({})));
    assert_eq!(old[0]["event_name"], "Page View");
    assert_eq!(old[1]["event_name"], "View content");
    assert_eq!(old[0]["event_id"], new[0]["event_id"]);
}

/// The `user_data` of the first event of a row with these changes.
fn user_data(change: &Value) -> Value {
    events(&config(), change)[0]["user_data"].clone()
}

#[test]
fn the_cookie_is_replaced_when_the_click_id_is_another() {
    for (fbc, click_id, expected) in [
        ("fb.1.1763000000000.IwOLD", json!("IwNEW"), "fb.1.1763700000000.IwNEW"),
        ("fb.1.1763000000000.iwabc", json!("IwAbC"), "fb.1.1763700000000.IwAbC"),
        ("fb.1.1763000000000.IwSAME", json!("IwSAME"), "fb.1.1763000000000.IwSAME"),
        ("fb.1.1763000000000.IwSAME.AQECAQMB", json!("IwSAME"), "fb.1.1763000000000.IwSAME.AQECAQMB"),
        ("fb.1.1763000000.IwSAME", json!("IwSAME"), "fb.1.1763000000000.IwSAME"),
        (
            "fb.1.1763000000000.IwOLD",
            json!("fb.1.1763500000000.IwNEW.AQECAQMB"),
            "fb.1.1763500000000.IwNEW.AQECAQMB",
        ),
        ("fb.1.1763000000000.IwOLD", json!("a b"), "fb.1.1763000000000.IwOLD"),
        ("fb.1.1763000000000.IwOLD", json!(null), "fb.1.1763000000000.IwOLD"),
        (
            "fb.1.1763000000000.IwOLD",
            json!("https://x.example/?fbclid=IwNEW&a=b"),
            "fb.1.1763700000000.IwNEW",
        ),
        ("https://x.example/?fbclid=IwNEW&a=b", json!(null), "fb.1.1763700000000.IwNEW"),
        ("undefined", json!("IwNEW"), "fb.1.1763700000000.IwNEW"),
    ] {
        assert_eq!(
            user_data(&json!({"fbc": fbc, "ts_click_id": click_id}))["fbc"],
            expected,
            "{fbc} {click_id}"
        );
    }
}

#[test]
fn all_addresses_of_a_list_are_hashed() {
    let digest = |text: &str| user_data::hash::hash(text).as_str().to_owned();
    let both = json!([digest("a@x.com"), digest("b@x.com")]);
    for list in [
        json!(["a@x.com", "B@x.com ", "a@x.com", "none", 7]),
        json!("a@x.com, b@x.com"),
        json!("a@x.com;b@x.com"),
    ] {
        assert_eq!(user_data(&json!({"em": list, "fn": "Jo"}))["em"], both, "{list}");
    }
    assert_eq!(user_data(&json!({"em": ["a@x.com", "a@x.com"]}))["em"], digest("a@x.com"));
    let phones = json!({"ph": ["+1 650 555 1212", "+44 20 7946 0958"]});
    assert_eq!(user_data(&phones)["ph"], json!([digest("16505551212"), digest("442079460958")]));
    assert_eq!(user_data(&json!({"em": "John <john@x.com>"})).get("em"), None);
}

#[test]
fn an_id_of_nobody_gives_way_to_the_session() {
    let digest = |text: &str| user_data::hash::hash(text).as_str().to_owned();
    for id in [json!(0), json!("0"), json!("null"), json!("NaN"), json!("-1")] {
        assert_eq!(user_data(&json!({"external_id": id}))["external_id"], digest("S-1"), "{id}");
    }
    assert_eq!(user_data(&json!({"external_id": "10"}))["external_id"], digest("10"));
}
