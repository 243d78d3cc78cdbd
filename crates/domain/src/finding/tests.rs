use super::*;
use crate::time::UnixMillis;
use crate::validate::{AnyPixel, OnePlatform, Requirements, Rules, check};

/// What is found in a row for a reason.
fn found(raw: &str, reason: Reason) -> Vec<String> {
    let row = Row::parse(raw);
    let found = findings(&row, [reason].into_iter().collect(), Some("tonic"));
    assert!(found.iter().all(|finding| finding.reason == reason), "{found:?}");
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_there_and_of_no_use_is_named() {
    let raw = r#"{"session_id":"s","user_agent":"null","domain_name":"a.example"}"#;
    let expected = r#"user_agent "null": says nothing, and the platform requires it"#;
    assert_eq!(found(raw, Reason::InsufficientData), [expected]);
    let raw = r#"{"session_id":"s","user_agent":"UA","event_source_url":"ftp://a.example/"}"#;
    let expected =
        "event_source_url (16 characters, not shown): not an address of a page that the platform takes";
    assert_eq!(found(raw, Reason::InsufficientData), [expected]);
}

#[test]
fn field_value_and_rule_are_named() {
    for (raw, reason, expected) in [
        (
            r#"{"session_id":"s","click_timestamp":"yesterday"}"#,
            Reason::Malformed,
            &[r#"click_timestamp "yesterday": not a time"#][..],
        ),
        (
            r#"{"session_id":"s","click_timestamp":"2026-11-27 20:13:59"}"#,
            Reason::Malformed,
            &[
                r#"click_timestamp "2026-11-27 20:13:59": a time without a zone, and none was set for its feed"#,
            ],
        ),
        (r#"{"session_id":"s","click_timestamp":null}"#, Reason::Malformed, &["click_timestamp null: empty"]),
        (r#"{"session_id":"s"}"#, Reason::Malformed, &["click_timestamp: missing"]),
        (
            r#"{"session_id":"s","click_timestamp":1763700000,"conversions":1.5,"visits":"many"}"#,
            Reason::Malformed,
            &["conversions 1.5: not a whole number", r#"visits "many": not a whole number"#],
        ),
        (r#"{"session_id":"null"}"#, Reason::Malformed, &[r#"session_id "null": names no visit"#]),
        (r#"{"session_ID":"a"}"#, Reason::Malformed, &["session_id: missing"]),
        (
            r#"{"session_id":"a","visits":1,"visits":2}"#,
            Reason::Malformed,
            &["visits 2: the field comes twice"],
        ),
        ("17", Reason::Malformed, &["the row is not an object"]),
        (
            r#"{"malformed":"a row of 9 bytes; MAX_ROW_BYTES allows 8","row":3,"byte":70}"#,
            Reason::Malformed,
            &["a row of 9 bytes; MAX_ROW_BYTES allows 8 (row 3, byte 70 of the interpreted file)"],
        ),
        (
            r#"{"session_id":"s","click_timestamp":1763700000,"currency":"Dollar"}"#,
            Reason::Malformed,
            &[r#"currency "Dollar": not an ISO 4217 code"#],
        ),
        (
            r#"{"session_id":"s","pixel_id":999999999999999,"traffic_source":"tiktok"}"#,
            Reason::InvalidPixel,
            &["pixel_id 999999999999999: tiktok has no such pixel in the directory"],
        ),
        (
            r#"{"session_id":"s","pixel_id":"{pixel}"}"#,
            Reason::InvalidPixel,
            &[r#"pixel_id "{pixel}": not a pixel"#],
        ),
        (r#"{"session_id":"s"}"#, Reason::InvalidPixel, &["pixel_id: missing"]),
        (
            r#"{"session_id":"s","conversions":1,"revenue":-0.25}"#,
            Reason::NegativeAmount,
            &["revenue -0.25: below zero"],
        ),
        (r#"{"session_id":"s","conversions":-1}"#, Reason::NegativeAmount, &["conversions -1: below zero"]),
        (
            r#"{"session_id":"s","conversions":1,"revenue":"much"}"#,
            Reason::MissingRevenue,
            &[r#"revenue "much": not an amount, and the row has paid clicks"#],
        ),
        (
            r#"{"session_id":"s","traffic_source":"tiktok"}"#,
            Reason::UnsupportedTrafficSource,
            &[r#"traffic_source "tiktok": not a platform that events can be sent to"#],
        ),
        (
            r#"{"session_id":"s","domain_name":"a.example","user_agent":""}"#,
            Reason::InsufficientData,
            &[r#"user_agent "": empty, and the platform requires it"#],
        ),
        (r#"{"session_id":"s"}"#, Reason::Erased, &["erased at the visitor's wish"]),
    ] {
        assert_eq!(found(raw, reason), expected, "{raw}");
    }
}

#[derive(Debug)]
struct Strict;

impl Requirements for Strict {
    fn rules(&self) -> crate::PlatformRules {
        let day = std::time::Duration::from_secs(86_400);
        crate::PlatformRules {
            window: day,
            margin: day,
            deduplication: day,
            deduplication_margin: day,
            max_events: 1,
            max_bytes: 1 << 20,
        }
    }

    fn check(&self, _: &Conversion<'_>) -> Reasons {
        Reason::ALL.iter().copied().filter(|reason| *reason != Reason::Erased).collect()
    }
}

proptest::proptest! {
    /// Whatever a feed sends, each reason of the rules has a finding, and none names what is in a visitor's fields.
    #[test]
    fn each_reason_has_a_finding_without_a_visitor_s_data(
        field in proptest::sample::select(vec!["ip", "user_agent", "ts_click_id", "fbc", "em", "ph", "pixel_id"]),
        digits in "[0-9]{6}",
    ) {
        let personal = format!("{digits}.secret@mail.example");
        let raw = format!(r#"{{"session_id":"s","{field}":"{personal}","conversions":-3}}"#);
        let row = Row::parse(&raw);
        let platforms = OnePlatform(Platform::LEGACY, &Strict);
        let rules = Rules { now: UnixMillis(0), pixels: &AnyPixel, platforms: &platforms, object_network: None };
        let reasons = check(&row, rules).unwrap_err();
        let found = findings(&row, reasons, None);
        for reason in reasons.iter() {
            proptest::prop_assert!(found.iter().any(|finding| finding.reason == reason));
        }
        for finding in found {
            proptest::prop_assert!(!finding.to_string().contains("secret"), "{}", finding);
        }
    }
}
