use serde_json::{Value, json};

use crate::http::body::Body;
use crate::refusal::Refusal;

const NOW: i64 = 1_780_000_000;

fn hash() -> String {
    "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f".into()
}

fn purchase() -> Value {
    json!({
        "event_name": "Purchase", "event_time": NOW - 60, "action_source": "website", "event_id": "e1",
        "event_source_url": "https://shop.example/thanks",
        "user_data": {"client_user_agent": "Mozilla/5.0", "em": [hash()]},
        "custom_data": {"value": 12.5, "currency": "EUR"},
    })
}

/// A good event with the values in `patch` put in, deep; `null` takes a key out.
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
                } else {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

fn check(body: &Value) -> Result<usize, Refusal> {
    let text = body.to_string();
    Body::parse(text.as_bytes())?.check(NOW).map(|events| events.len())
}

fn subcode(event: &Value) -> i64 {
    match check(&json!({"data": [event]})) {
        Ok(_) => 0,
        Err(refusal) => {
            assert_eq!((refusal.status, refusal.code, refusal.transient), (400, 100, false));
            let named = refusal.user_message().unwrap().contains("$['data'][0]");
            assert_eq!(named, refusal.subcode == Some(2_804_019), "{refusal:?}");
            refusal.subcode.unwrap()
        }
    }
}

#[track_caller]
fn expect(cases: &[(Value, i64)]) {
    for (patch, expected) in cases {
        assert_eq!(subcode(&patched(patch)), *expected, "{patch}");
    }
}

#[test]
fn time_rules() {
    let week = 7 * 86_400;
    expect(&[
        (json!({}), 0),
        (json!({"event_time": NOW - week}), 0),
        (json!({"event_time": NOW - week - 1}), 2_804_003),
        (json!({"event_time": NOW - week - 1, "action_source": "physical_store"}), 0),
        (json!({"event_time": NOW - 62 * 86_400 - 1, "action_source": "physical_store"}), 2_804_003),
        (json!({"event_time": NOW + 60}), 0),
        (json!({"event_time": NOW + 61}), 2_804_004),
        (json!({"event_time": NOW * 1000}), 2_804_004),
        (json!({"event_time": NOW.to_string()}), 2_804_019),
        (json!({"event_time": 1.5}), 2_804_019),
    ]);
}

#[test]
fn money_rules() {
    expect(&[
        (json!({"custom_data": null}), 2_804_009),
        (json!({"custom_data": {"value": null}}), 2_804_009),
        (json!({"custom_data": {"currency": null}}), 2_804_010),
        (json!({"custom_data": {"currency": "MRU"}}), 2_804_011),
        (json!({"custom_data": {"currency": "eur"}}), 0),
        (json!({"custom_data": {"value": -0.01}}), 2_804_019),
        (json!({"custom_data": {"value": 0}}), 0),
        (json!({"custom_data": {"value": "12.5"}}), 2_804_019),
        (json!({"event_name": "Lead", "custom_data": null}), 0),
        (json!({"event_name": "Lead", "custom_data": {"currency": null}}), 2_804_023),
        (json!({"event_name": "OrderCreated", "custom_data": null}), 2_804_081),
    ]);
}

#[test]
fn sources_ask_for_their_keys() {
    let extinfo = json!(["a2", "", "", "", "14", "", "", "", "", "", "", "", "", "", "", ""]);
    let app = json!({"advertiser_tracking_enabled": 1, "extinfo": extinfo});
    let messaging = |more: Value| {
        let mut patch = json!({"action_source": "business_messaging", "messaging_channel": "whatsapp"});
        merge(&mut patch, &more);
        patch
    };
    expect(&[
        (json!({"event_source_url": null}), 2_804_019),
        (json!({"user_data": {"client_user_agent": null}}), 2_804_019),
        (json!({"action_source": "other", "event_source_url": null}), 0),
        (json!({"action_source": "app"}), 2_804_019),
        (json!({"action_source": "app", "app_data": app}), 0),
        (
            json!({"action_source": "app",
                "app_data": {"advertiser_tracking_enabled": 1, "extinfo": ["a2"]}}),
            2_804_043,
        ),
        (json!({"advertiser_tracking_enabled": 1}), 2_804_019),
        (json!({"action_source": "system_generated"}), 2_804_019),
        (
            json!({"action_source": "system_generated",
                "custom_data": {"lead_event_source": "x", "event_source": "crm"}}),
            0,
        ),
        (json!({"action_source": "business_messaging"}), 2_804_063),
        (messaging(json!({"event_name": "Lead"})), 2_804_066),
        (messaging(json!({})), 2_804_116),
        (messaging(json!({"user_data": {"whatsapp_business_account_id": "1"}})), 2_804_071),
        (messaging(json!({"user_data": {"whatsapp_business_account_id": "1", "ctwa_clid": "c"}})), 0),
        (messaging(json!({"messaging_channel": "messenger"})), 2_804_069),
        (messaging(json!({"messaging_channel": "instagram"})), 2_804_079),
    ]);
}

#[test]
fn too_little_customer_information() {
    let only = |user: Value| {
        let mut event = patched(&json!({"action_source": "other"}));
        event["user_data"] = user;
        event
    };
    for (user, expected) in [
        (json!({}), 2_804_050),
        (json!({"client_user_agent": "x"}), 2_804_050),
        (json!({"country": hash(), "ct": hash(), "client_user_agent": "x"}), 2_804_050),
        (json!({"fn": hash(), "ge": hash()}), 2_804_050),
        (json!({"db": hash(), "client_user_agent": "x"}), 2_804_050),
        (json!({"fn": hash(), "ln": hash()}), 0),
        (json!({"client_user_agent": "x", "client_ip_address": "2001:db8::1"}), 0),
        (json!({"external_id": "customer-7"}), 0),
    ] {
        assert_eq!(subcode(&only(user.clone())), expected, "{user}");
    }
}

#[test]
fn limited_data_use_and_appended_attribution() {
    let ldu = json!(["LDU"]);
    expect(&[
        (json!({"data_processing_options": []}), 0),
        (json!({"data_processing_options": ldu}), 2_804_030),
        (json!({"data_processing_options": ldu, "user_data": {"client_ip_address": "192.0.2.1"}}), 0),
        (
            json!({"data_processing_options": ldu, "data_processing_options_country": 1,
            "user_data": {"client_ip_address": "192.0.2.1"}}),
            2_804_030,
        ),
        (
            json!({"data_processing_options": ldu, "data_processing_options_country": 1,
            "data_processing_options_state": 1000}),
            0,
        ),
        (json!({"data_processing_options": ["CCPA"]}), 2_804_019),
        (json!({"event_name": "AppendAttribution"}), 2_804_019),
        (
            json!({"event_name": "AppendAttribution",
            "attribution_data": {"ad_id": "1", "touchpoint_ts": 1, "attribution_share": 0.5,
                "attribution_value": 2},
            "original_event_data": {"event_name": "Purchase", "event_time": NOW}}),
            0,
        ),
    ]);
}

#[test]
fn the_request_as_a_whole() {
    let good = purchase();
    let many = vec![good.clone(); 1001];
    for (body, expected) in [
        (json!({"data": [good]}), "ok"),
        (json!({"data": vec![good.clone(); 1000]}), "ok"),
        (json!({"data": many}), "100"),
        (json!({"data": []}), "100"),
        (json!({"data": {}}), "100"),
        (json!({}), "100"),
        (json!([]), "100"),
        (
            json!({"data": [good], "test_event_code": "TEST1",
            "partner_agent": "efflux_1_0", "upload_tag": "x"}),
            "ok",
        ),
        (json!({"data": [good], "partner_agent": "a-name-of-23-characters"}), "100/2804019"),
        (json!({"data": [good], "debug": true}), "100/2804019"),
        (json!({"data": [good, 7]}), "100/2804019"),
    ] {
        let outcome = check(&body).map_or_else(|refusal| refusal.label(), |_| "ok".into());
        assert_eq!(outcome, expected);
    }
    let bad = patched(&json!({"user_data": {"ph": [hash(), "15551234"]}}));
    let message = check(&json!({"data": [good, bad]})).unwrap_err().user_message().unwrap();
    assert!(message.contains("\"$['data'][1]['user_data']['ph'][1]\""), "{message}");
    let unknown = patched(&json!({"custom_data": {"contents": [{"id": "1", "quantity": 1, "name": "x"}]}}));
    let message = check(&json!({"data": [unknown]})).unwrap_err().user_message().unwrap();
    assert_eq!(message, "Unexpected key \"name\" on param \"$['data'][0]['custom_data']['contents'][0]\".");
}
