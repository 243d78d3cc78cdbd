use domain::UnixMillis;
use domain::row::Row;
use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use serde_json::{Value, json};

use super::*;
use crate::destination::{PLATFORM, TikTokConfig};

const NOW: UnixMillis = UnixMillis(1_763_800_000_000);

/// Its letters' case, length and signs are those of real ones.
const CLICK: &str = "E.C.P.CtwBqXQ0-Zb_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789";

fn config() -> MapConfig {
    MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_page_url: None,
        limited_data_use: None,
    }
}

fn row(change: &Value) -> String {
    let mut row = json!({
        "session_id": "S-1", "keyword_clicked": "k", "click_timestamp": 1_763_700_000, "pixel_id": "C4A1B2C3D4E5F6G7H8I9",
        "traffic_source": "tiktok", "ts_click_id": CLICK, "user_agent": "Mozilla/5.0 \"x\"", "domain_name": "homes.example",
        "ip": "203.0.113.7", "country_code": "US", "region": "NewYork", "city": "St. Louis", "network": "crossroads",
        "lander_visitors": 1, "lander_searches": 2, "conversions": 3, "revenue": 1,
    });
    for (name, value) in change.as_object().unwrap() {
        row[name] = value.clone();
    }
    row.to_string()
}

/// The events of a row with these changes, parsed back; or why there are none.
fn tried(config: &MapConfig, change: &Value) -> Result<Vec<Value>, String> {
    let raw = row(change);
    let row = Row::parse(&raw);
    let tiktok = TikTokConfig::new(config.clone());
    let platforms = OnePlatform(PLATFORM, &tiktok);
    let rules = Rules { now: NOW, pixels: &AnyPixel, platforms: &platforms, object_network: None };
    let valid = check(&row, rules).map_err(|reasons| reasons.to_string())?;
    let prepared = prepare(config, &row.key, &valid).unwrap();
    Ok(prepared.iter().map(|e| serde_json::from_slice(&e.payload).unwrap()).collect())
}

fn events(config: &MapConfig, change: &Value) -> Vec<Value> {
    tried(config, change).unwrap()
}

fn user(change: &Value) -> Value {
    events(&config(), change)[0]["user"].clone()
}

fn digest(text: &str) -> String {
    user_data::hash::hash(text).as_str().to_owned()
}

#[test]
fn an_event_has_what_tiktok_takes() {
    let events = events(&config(), &json!({}));
    let names: Vec<_> = events.iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["Pageview", "ViewContent", "ViewContent", "Purchase", "Purchase", "Purchase"]);
    let event = &events[3];
    assert_eq!(event["event_time"], 1_763_700_000, "seconds");
    assert!(event["event_id"].is_string(), "a number is refused");
    assert_eq!(event["page"], json!({"url": "https://homes.example/"}));
    assert_eq!(
        event["user"],
        json!({"ttclid": CLICK, "ip": "203.0.113.7", "user_agent": "Mozilla/5.0 \"x\"", "city": "stlouis", "state": "ny",
            "country": "us"})
    );
    assert!(event.get("limited_data_use").is_none(), "nothing is said unless asked for");
    assert!(events[0].get("properties").is_none());
    assert_eq!(events[0]["user"], events[5]["user"]);
}

#[test]
fn values_are_numbers_that_add_up() {
    let texts: Vec<_> =
        events(&config(), &json!({}))[3..].iter().map(|e| e["properties"]["value"].to_string()).collect();
    assert_eq!(texts, ["0.333334", "0.333333", "0.333333"]);
    let change = json!({"conversions": 1, "revenue": 0.5, "currency": "eur", "order_id": 7});
    assert_eq!(
        events(&config(), &change)[3]["properties"],
        json!({"value": 0.5, "currency": "EUR", "order_id": "7"})
    );
}

#[test]
fn legacy_names_keep_the_ids() {
    let legacy = MapConfig { event_names: EventNames::Legacy, ..config() };
    let (old, new) = (events(&legacy, &json!({})), events(&config(), &json!({})));
    assert_eq!((&old[0]["event"], &old[3]["event"]), (&json!("Pageview"), &json!("CompletePayment")));
    assert_eq!(old[3]["event_id"], new[3]["event_id"]);
}

#[test]
fn limited_data_use_is_said_where_it_is_set() {
    for said in [true, false] {
        let limited = MapConfig { limited_data_use: Some(said), ..config() };
        assert!(events(&limited, &json!({})).iter().all(|event| event["limited_data_use"] == said));
    }
}

#[test]
fn a_click_id_goes_out_byte_for_byte_or_not_at_all() {
    let long = format!("E.C.P.{}", "aB_-".repeat(200));
    for id in [CLICK, &long, "e.c.p.%2B\\\"x"] {
        assert_eq!(user(&json!({"ts_click_id": id}))["ttclid"], id);
    }
    for id in
        [json!("a b"), json!("https://x.example/?ttclid=E.C.P.x"), json!("x".repeat(3_000)), json!("\u{e9}")]
    {
        assert_eq!(user(&json!({"ts_click_id": id})).get("ttclid"), None, "{id}");
    }
    for id in ["__CLICKID__", "ttclid", "null"] {
        assert_eq!(tried(&config(), &json!({"ts_click_id": id})), Err("missing_click_id".into()), "{id}");
    }
}

#[test]
fn the_cookie_is_never_made_up() {
    assert_eq!(user(&json!({})).get("ttp"), None);
    assert_eq!(user(&json!({"ttp": "2abcDEFghiJKLmnoPQRstuVWXyz"}))["ttp"], "2abcDEFghiJKLmnoPQRstuVWXyz");
    assert_eq!(user(&json!({"ttp": "{ttp}", "ts_click_id": CLICK})).get("ttp"), None);
}

#[test]
fn a_person_is_hashed_as_tiktok_wants_it() {
    let change = json!({
        "em": ["A@x.com ", "b@x.com", "a@x.com"], "ph": ["+1 650 555 1212", digest("16505551212")], "fn": "Jos\u{e9}",
        "ln": "O'Neil", "zp": "10001-1234", "external_id": " Kunde-7 ", "db": "2/16/1997", "ge": "f",
    });
    let user = user(&change);
    assert_eq!(user["email"], json!([digest("a@x.com"), digest("b@x.com")]));
    for (key, text) in [
        ("phone", "+16505551212"),
        ("external_id", "Kunde-7"),
        ("first_name", "jos\u{e9}"),
        ("last_name", "oneil"),
        ("zip_code", "100011234"),
    ] {
        assert_eq!(user[key], digest(text), "{key}");
    }
    assert_eq!(user.as_object().unwrap().len(), 12, "{user}");
}

#[test]
fn the_session_does_not_stand_for_a_person() {
    assert_eq!(user(&json!({})).get("external_id"), None);
}

#[test]
fn a_visitor_that_cannot_be_matched_is_insufficient_data() {
    let bad_click = "a b";
    for (change, enough) in [
        (json!({}), true),
        (json!({"user_agent": null}), false),
        (json!({"ip": "127.0.0.1"}), false),
        (json!({"user_agent": null, "em": "a@x.com"}), true),
        (json!({"ip": null, "ttp": "2abcDEFghiJKLmnoPQRstuVWXyz"}), true),
        (json!({"ip": null, "external_id": "7x"}), true),
        (json!({"ip": null, "fn": "Jo", "ln": "Doe", "zp": "10001"}), false),
    ] {
        let mut change = change;
        change["ts_click_id"] = bad_click.into();
        let expected = if enough { Ok(6) } else { Err("insufficient_data".to_owned()) };
        assert_eq!(tried(&config(), &change).map(|events| events.len()), expected, "{change}");
    }
    let only_click =
        json!({"ip": null, "user_agent": null, "city": null, "region": null, "country_code": null});
    assert_eq!(user(&only_click), json!({"ttclid": CLICK}));
}

#[test]
fn a_page_is_required_and_a_crawler_is_not_a_visitor() {
    let nowhere = json!({"domain_name": null});
    assert_eq!(tried(&config(), &nowhere), Err("insufficient_data".into()));
    let with_default = MapConfig { default_page_url: Some("https://d.example/".into()), ..config() };
    assert_eq!(events(&with_default, &nowhere)[0]["page"]["url"], "https://d.example/");
    assert_eq!(tried(&config(), &json!({"currency": "US$"})), Err("malformed".into()));
    assert_eq!(tried(&config(), &json!({"user_agent": "facebookexternalhit/1.1"})), Err("crawler".into()));
}
