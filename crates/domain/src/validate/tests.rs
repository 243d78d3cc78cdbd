use std::time::Duration;

use super::*;

const NOW: UnixMillis = UnixMillis(1_763_800_000_000);

fn reasons_of(change: &str) -> String {
    let mut row = serde_json::json!({
        "session_id": "s", "keyword_clicked": "k", "click_timestamp": 1_763_700_000, "pixel_id": "111",
        "traffic_source": "unknown", "ts_click_id": "IwAR1", "user_agent": "UA", "domain_name": "a.example",
        "conversions": 1, "revenue": 0.25,
    });
    let change: serde_json::Value = serde_json::from_str(change).unwrap();
    for (name, value) in change.as_object().unwrap() {
        row[name] = value.clone();
    }
    let raw = row.to_string();
    #[derive(Debug)]
    struct Known;
    impl KnownPixels for Known {
        fn knows(&self, pixel: &PixelRef) -> bool {
            let known = [(Platform::LEGACY.as_str(), "111"), ("tiktok", "TT1")];
            known.contains(&(pixel.platform.as_str(), pixel.code.as_str()))
        }
    }
    let platforms = OnePlatform(Platform::LEGACY, &Week);
    let rules = Rules { now: NOW, pixels: &Known, platforms: &platforms, object_network: Some("tonic") };
    match check(&Row::parse(&raw), rules) {
        Ok(valid) => format!("valid, {} events", valid.counts().total()),
        Err(reasons) => reasons.to_string(),
    }
}

/// Takes events for a week, and wants to know the visitor's agent.
#[derive(Debug)]
struct Week;

impl Requirements for Week {
    fn rules(&self) -> PlatformRules {
        let window = Duration::from_secs(7 * 24 * 3600);
        PlatformRules {
            window,
            margin: Duration::from_secs(60),
            deduplication: Duration::from_secs(48 * 3600),
            deduplication_margin: Duration::from_secs(3600),
            max_events: 10,
            max_bytes: 1 << 20,
        }
    }

    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        let missing = conversion.user_agent.is_none().then_some(Reason::InsufficientData);
        let crawler = (conversion.user_agent.as_deref() == Some("bot")).then_some(Reason::Crawler);
        missing.into_iter().chain(crawler).collect()
    }

    fn has_click(&self, conversion: &Conversion<'_>) -> bool {
        conversion.click_id.is_some() || conversion.fbc.is_some()
    }
}

#[test]
fn a_long_row_may_have_fewer_events() {
    let change =
        |bytes: usize, clicks| format!(r#"{{"conversions": {clicks}, "x": "{}"}}"#, "x".repeat(bytes));
    assert_eq!(reasons_of(&change(6_000, 9_998)), "valid, 10000 events");
    assert_eq!(reasons_of(&change(60_000, 1_000)), "valid, 1002 events");
    assert_eq!(reasons_of(&change(60_000, 1_200)), "too_many_events");
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
        (r#"{"ts_click_id": null, "fbc": "a cookie with a click"}"#, "valid, 3 events"),
        (r#"{"user_agent": "bot"}"#, "crawler"),
        (r#"{"conversions": -1}"#, "negative_amount"),
        (r#"{"revenue": -0.25}"#, "negative_amount"),
        (r#"{"revenue": null}"#, "missing_revenue"),
        (r#"{"revenue": ""}"#, "missing_revenue"),
        (r#"{"revenue": "a lot"}"#, "missing_revenue"),
        (r#"{"revenue": [1], "conversions": 0}"#, "malformed"),
        (r#"{"revenue": "a lot", "click_timestamp": "yesterday"}"#, "malformed,missing_revenue"),
        (r#"{"revenue": null, "conversions": 0}"#, "valid, 2 events"),
        (r#"{"revenue": null, "conversions": null}"#, "valid, 2 events"),
        (r#"{"revenue": 0}"#, "valid, 3 events"),
        // Words for nothing say what a JSON null says.
        (r#"{"traffic_source": "null"}"#, "valid, 3 events"),
        (r#"{"traffic_source": "[source]"}"#, "valid, 3 events"),
        (r#"{"conversions": "N/A"}"#, "valid, 2 events"),
        (r#"{"conversions": "null", "revenue": "null"}"#, "valid, 2 events"),
        (
            r#"{"network": "crossroads", "lander_visitors": "undefined", "lander_searches": "-"}"#,
            "valid, 1 events",
        ),
        (r#"{"revenue": "null"}"#, "missing_revenue"),
        (r#"{"revenue": "N/A", "conversions": 0}"#, "valid, 2 events"),
        (r#"{"revenue": "NaN", "conversions": 0}"#, "valid, 2 events"),
        (r#"{"revenue": "%REVENUE%", "conversions": 0}"#, "valid, 2 events"),
        (r#"{"revenue": "a lot", "conversions": 0}"#, "malformed"),
        (r#"{"conversions": "many"}"#, "malformed"),
        (r#"{"conversions": null}"#, "valid, 2 events"),
        (r#"{"conversions": 1.5}"#, "malformed"),
        (r#"{"conversions": 2500}"#, "valid, 2502 events"),
        (r#"{"conversions": 9999}"#, "too_many_events"),
        (r#"{"conversions": 9999, "revenue": null}"#, "too_many_events,missing_revenue"),
        (r#"{"conversions": 9223372036854775807}"#, "too_many_events"),
        (r#"{"network": "crossroads"}"#, "valid, 1 events"),
        (r#"{"network": "airfind", "visits": 1, "serp": "1"}"#, "valid, 3 events"),
        (r#"{"network": "mystery", "conversions": 0}"#, "valid, 0 events"),
        (r#"{"user_agent": ""}"#, "insufficient_data"),
        (
            r#"{"user_agent": "", "traffic_source": "a search engine"}"#,
            "invalid_pixel,unsupported_traffic_source",
        ),
        (
            r#"{"pixel_id": "9", "click_timestamp": 1, "ts_click_id": null, "revenue": -1}"#,
            "invalid_pixel,older_than_7_days,missing_click_id,negative_amount",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(reasons_of(change), expected, "{change}");
    }
}

#[test]
fn a_row_without_revenue_is_one_whose_revenue_is_missing() {
    let raw = r#"{"session_id":"s","click_timestamp":1763700000,"pixel_id":"111","ts_click_id":"I","user_agent":"U","conversions":1}"#;
    let platforms = OnePlatform(Platform::LEGACY, &Week);
    let rules = Rules { now: NOW, pixels: &AnyPixel, platforms: &platforms, object_network: Some("tonic") };
    let reasons = check(&Row::parse(raw), rules).map(drop).unwrap_err();
    assert_eq!(reasons.to_string(), "missing_revenue");
    assert_eq!(amounts(&Row::parse(raw), Some("tonic")), None, "there is no amount to count");
}
