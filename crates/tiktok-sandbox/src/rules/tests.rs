use serde_json::{Value, json};

use super::check;

const NOW: i64 = 1_780_000_000;

fn hash() -> String {
    "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f".into()
}

fn purchase() -> Value {
    json!({
        "event": "Purchase", "event_time": NOW - 60, "event_id": "e1", "page": {"url": "https://shop.example/thanks"},
        "user": {"ttclid": "E.C.P.x", "email": [hash()]}, "properties": {"value": 12.5, "currency": "EUR"},
    })
}

/// A good event with the values in `patch` put in, deep; `null` takes a key out, and "null" puts `null` in.
fn patched(patch: &Value) -> Value {
    let mut event = purchase();
    merge(&mut event, patch);
    event
}

fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    into.remove(key);
                } else if *value == "null" {
                    into.insert(key.clone(), Value::Null);
                } else {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

/// What a refusal names, or "ok".
fn outcome(event: &Value) -> String {
    let raw = serde_json::value::to_raw_value(event).unwrap();
    match check(&raw, "web", NOW) {
        Ok(_) => "ok".to_owned(),
        Err(refusal) => {
            assert_eq!(refusal.code, 40_002);
            refusal.message().split(':').next().unwrap_or_default().to_owned()
        }
    }
}

#[test]
fn good_events_are_taken() {
    for patch in [
        json!({}),
        json!({"event": "Pageview", "properties": null}),
        json!({"event": "My own"}),
        json!({"event": "CompletePayment"}),
        json!({"event_id": null}),
        json!({"event_time": NOW - 28 * 86_400}),
        json!({"event_time": NOW + 60}),
        json!({"limited_data_use": true}),
        json!({"user": {"ttclid": null}}),
        json!({"user": {"ttclid": null, "email": null, "ip": "192.0.2.7", "user_agent": "U"}}),
        json!({"user": {"city": "newyork", "state": "ny", "country": "us", "zip_code": hash(), "external_id": hash()}}),
        json!({"properties": {"contents": [{"content_id": "1", "price": 1, "quantity": 2}], "order_id": "o"}}),
    ] {
        assert_eq!(outcome(&patched(&patch)), "ok", "{patch}");
    }
}

#[test]
fn bad_events_are_refused_and_the_key_is_named() {
    for (patch, key) in [
        (json!({"event": null}), "event"),
        (json!({"event": "PageView"}), "event"),
        (json!({"event": "purchase"}), "event"),
        (json!({"event_id": 7}), "event_id"),
        (json!({"event_id": ""}), "event_id"),
        (json!({"event_id": "null"}), "event_id"),
        (json!({"event_time": "1780000000"}), "event_time"),
        (json!({"event_time": NOW * 1000}), "event_time"),
        (json!({"event_time": NOW - 28 * 86_400 - 1}), "event_time"),
        (json!({"event_time": NOW + 61}), "event_time"),
        (json!({"event_name": "Purchase"}), "event_name"),
        (json!({"limit_data_use_for_advertising": true}), "limit_data_use_for_advertising"),
        (json!({"limited_data_use": "true"}), "limited_data_use"),
        (json!({"page": null}), "page.url"),
        (json!({"page": {"url": "shop.example"}}), "page.url"),
        (json!({"user": null}), "user"),
        (json!({"user": {"ttclid": null, "email": null}}), "user"),
        (json!({"user": {"ttclid": null, "email": null, "ip": "192.0.2.7"}}), "user"),
        (json!({"user": {"ttclid": "a b"}}), "user.ttclid"),
        (json!({"user": {"phone_number": hash()}}), "user.phone_number"),
        (json!({"user": {"email": "a@x.com"}}), "user.email"),
        (json!({"user": {"email": hash().to_uppercase()}}), "user.email"),
        (json!({"user": {"email": []}}), "user.email"),
        (json!({"user": {"phone": sandbox_kit::forms::HASH_OF_NOTHING}}), "user.phone"),
        (json!({"user": {"first_name": [hash()]}}), "user.first_name"),
        (json!({"user": {"city": hash()}}), "user.city"),
        (json!({"user": {"state": "NY"}}), "user.state"),
        (json!({"user": {"ip": "192.0.2.300"}}), "user.ip"),
        (json!({"user": {"idfa": "x"}}), "user.idfa"),
        (json!({"properties": {"value": "12.5"}}), "properties.value"),
        (json!({"properties": {"value": -1}}), "properties.value"),
        (json!({"properties": {"value": null}}), "properties.value"),
        (json!({"properties": {"currency": null}}), "properties.currency"),
        (json!({"properties": {"currency": "eur"}}), "properties.currency"),
        (json!({"properties": {"order_id": 7}}), "properties.order_id"),
        (json!({"properties": {"contents": [{"content_id": 1}]}}), "properties.contents.content_id"),
    ] {
        assert_eq!(outcome(&patched(&patch)), key, "{patch}");
    }
}

#[test]
fn a_key_written_twice_is_refused() {
    let text = purchase().to_string().replacen('{', r#"{"event_id":"e2","#, 1);
    let raw = serde_json::value::RawValue::from_string(text).unwrap();
    assert_eq!(check(&raw, "web", NOW).unwrap_err().message(), "event_id: Written twice.");
}
