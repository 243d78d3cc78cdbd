use super::*;

const NOW: UnixMillis = UnixMillis(1_763_800_000_000);

fn reasons_of(change: &str) -> String {
    let mut row = serde_json::json!({
        "session_id": "s", "keyword_clicked": "k", "click_timestamp": 1_763_700_000, "pixel_id": "111",
        "traffic_source": "facebook", "ts_click_id": "IwAR1", "user_agent": "UA", "domain_name": "a.example",
        "conversions": 1, "revenue": 0.25,
    });
    let change: serde_json::Value = serde_json::from_str(change).unwrap();
    for (name, value) in change.as_object().unwrap() {
        row[name] = value.clone();
    }
    let raw = row.to_string();
    struct Known;
    impl KnownPixels for Known {
        fn knows(&self, source: TrafficSource, code: &str) -> bool {
            matches!((source, code), (TrafficSource::Facebook, "111") | (TrafficSource::Tiktok, "TT1"))
        }
    }
    let rules = Rules { now: NOW, pixels: &Known, object_network: Some("tonic"), needs_source_url: true };
    match check(&Row::parse(&raw), rules) {
        Ok(valid) => format!("valid, {} events", valid.counts().total()),
        Err(reasons) => reasons.to_string(),
    }
}

#[test]
fn each_rule_has_its_reason() {
    let cases = [
        ("{}", "valid, 3 events"),
        (r#"{"pixel_id": 111}"#, "valid, 3 events"),
        (r#"{"pixel_id": "999"}"#, "invalid_pixel"),
        (r#"{"pixel_id": null}"#, "invalid_pixel"),
        (r#"{"traffic_source": null}"#, "valid, 3 events"),
        (r#"{"traffic_source": "tiktok"}"#, "invalid_pixel,unsupported_traffic_source"),
        (r#"{"traffic_source": "TikTok", "pixel_id": "TT1"}"#, "unsupported_traffic_source"),
        (r#"{"click_timestamp": 1763195199}"#, "older_than_7_days"),
        (r#"{"click_timestamp": 1763195200}"#, "valid, 3 events"),
        (r#"{"click_timestamp": 1763800060}"#, "valid, 3 events"),
        (r#"{"click_timestamp": 1763800061}"#, "future_click"),
        (r#"{"click_timestamp": 1763700000000}"#, "valid, 3 events"),
        (r#"{"click_timestamp": "yesterday"}"#, "malformed"),
        (r#"{"click_timestamp": null}"#, "malformed"),
        (r#"{"ts_click_id": ""}"#, "missing_click_id"),
        (r#"{"ts_click_id": "{fbclid}"}"#, "missing_click_id"),
        (r#"{"conversions": -1}"#, "negative_amount"),
        (r#"{"revenue": -0.25}"#, "negative_amount"),
        (r#"{"revenue": null}"#, "valid, 3 events"),
        (r#"{"conversions": 1.5}"#, "malformed"),
        (r#"{"conversions": 2500}"#, "valid, 2502 events"),
        (r#"{"conversions": 9999}"#, "too_many_events"),
        (r#"{"conversions": 9223372036854775807}"#, "too_many_events"),
        (r#"{"network": "crossroads"}"#, "valid, 1 events"),
        (r#"{"network": "airfind", "visits": 1, "serp": "1"}"#, "valid, 3 events"),
        (r#"{"network": "mystery", "conversions": 0}"#, "valid, 0 events"),
        (r#"{"user_agent": ""}"#, "insufficient_data"),
        (r#"{"domain_name": null}"#, "insufficient_data"),
        (
            r#"{"pixel_id": "9", "click_timestamp": 1, "ts_click_id": null, "revenue": -1}"#,
            "invalid_pixel,older_than_7_days,missing_click_id,negative_amount",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(reasons_of(change), expected, "{change}");
    }
}
