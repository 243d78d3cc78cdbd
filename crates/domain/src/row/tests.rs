use proptest::prelude::*;

use super::*;
use crate::feed::Feed;
use crate::time::UnixSeconds;

fn conversion(raw: &str) -> Conversion<'_> {
    *Row::parse(raw).conversion.expect("a conversion")
}

#[test]
fn numbers_may_be_text_and_ids_numbers() {
    let c = conversion(
        r#"{"session_id": 42, "keyword_clicked": "k", "click_timestamp": "1763800000", "pixel_id": 111,
            "conversions": "2", "revenue": "0.5", "lander_visitors": 1.0, "unknown": {"kept": [1]}}"#,
    );
    assert_eq!(c.session_id, "42");
    assert_eq!(c.pixel_id.as_deref(), Some("111"));
    assert_eq!(c.click_time, Some(UnixSeconds(1_763_800_000)));
    assert_eq!(c.conversions, Count::Number(2));
    assert_eq!(c.revenue.unwrap().to_string(), "0.5");
    assert_eq!(c.lander_visitors, Count::Number(1));
    assert!(c.unreadable.is_empty());
    let count = |json: &str| conversion(&format!(r#"{{"session_id":"s","conversions":{json}}}"#)).conversions;
    for two in ["2", "2.0", "2e0", r#""2.0""#, r#""2e0""#, r#""+2""#, r#""2\r""#, r#"" 2 ""#] {
        assert_eq!(count(two), Count::Number(2), "{two}");
    }
    for (json, read) in [
        (r#""1.000""#, Count::Number(1)),
        (r#""1,000""#, Count::Unreadable),
        (r#""2 clicks""#, Count::Unreadable),
        (r#""NaN""#, Count::Absent),
        (r#""Infinity""#, Count::Unreadable),
        ("1.5", Count::Unreadable),
    ] {
        assert_eq!(count(json), read, "{json}");
    }
}

#[test]
fn revenue_keeps_every_digit() {
    assert_eq!(
        conversion(r#"{"session_id":"s","revenue":0.1234567}"#).revenue.unwrap().to_string(),
        "0.1234567"
    );
    assert_eq!(conversion(r#"{"session_id":"s","revenue":1e-4}"#).revenue.unwrap().to_string(), "0.0001");
    for absent in ["null", "\"\"", "\" \"", "\"{revenue}\""] {
        let raw = format!(r#"{{"session_id":"s","revenue":{absent}}}"#);
        let c = conversion(&raw);
        assert_eq!((c.revenue, c.unreadable.len()), (None, 0), "{absent}");
    }
    assert_eq!(conversion(r#"{"session_id":"s","revenue":[1]}"#).unreadable, ["revenue"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let c = conversion(r#"{"session_id":"s","click_timestamp":"yesterday","conversions":1.5}"#);
    assert_eq!(c.unreadable, ["click_timestamp", "conversions"]);
}

#[test]
fn rows_without_identity_are_known_by_their_text() {
    for raw in
        [r#"["not","an","object"]"#, "17", "null", r#"{"keyword_clicked":"k"}"#, r#"{"session_id":""}"#]
    {
        let row = Row::parse(raw);
        assert!(row.conversion.is_none(), "{raw}");
        assert_eq!(row.key, Row::parse(raw).key);
    }
    assert_ne!(Row::parse("17").key, Row::parse("18").key);
}

#[test]
fn a_field_that_comes_twice_makes_the_row_malformed() {
    let names = [
        "session_id",
        "keyword_clicked",
        "click_timestamp",
        "network",
        "nw_account_name",
        "nw_campaign_id",
        "nw_campaign_name",
        "domain_name",
        "event_source_url",
        "pixel_id",
        "campaign_id",
        "campaign_name",
        "adset_id",
        "ad_id",
        "traffic_source",
        "ip",
        "user_agent",
        "country_code",
        "region",
        "city",
        "zp",
        "zip",
        "ts_click_id",
        "fbc",
        "fbp",
        "ttp",
        "em",
        "ph",
        "fn",
        "ln",
        "db",
        "ge",
        "external_id",
        "order_id",
        "currency",
        "lander_visitors",
        "lander_searches",
        "visits",
        "serp",
        "conversions",
        "revenue",
    ];
    let once = names.map(|name| format!("\"{name}\":\"1\"")).join(",");
    assert_eq!(conversion(&format!("{{{once}}}")).session_id, "1", "no two fields pass for one");
    for name in names {
        let raw = format!("{{\"{name}\":null}}");
        let fields = Row::parse(&raw).fields.unwrap();
        assert!(names.iter().all(|other| fields.has(other) == (*other == name)), "{name}");
        let first = name.chars().next().unwrap();
        for again in [name.to_owned(), name.replacen(first, &format!("\\u{:04x}", u32::from(first)), 1)] {
            let raw = format!("{{{once},\"{again}\":\"1\"}}");
            let row = Row::parse(&raw);
            assert!(row.conversion.is_none(), "{again}");
            assert_eq!(row.key, ConversionKey::of_malformed(raw.as_bytes()));
            assert!(row.fields.is_some_and(|fields| fields.has(name)), "it is an object all the same");
        }
    }
    // What is not read may come as often as it likes, and what lies deeper too.
    assert_eq!(conversion(r#"{"session_id":"s","x":1,"x":{"session_id":2,"session_id":3}}"#).session_id, "s");
}

#[test]
fn a_campaign_is_read_from_any_object_however_deep() {
    let campaign = |raw: &str| campaign_id(raw).map(Cow::into_owned);
    assert_eq!(campaign(r#"{"campaign_id":"c1"}"#).as_deref(), Some("c1"));
    assert_eq!(campaign(r#"{"campaign_id":120210,"session_id":"s"}"#).as_deref(), Some("120210"));
    for none in [r#"{"campaign_id":null}"#, r#"{"campaign_id":""}"#, "{}", "[1]", "junk", ""] {
        assert_eq!(campaign(none), None, "{none}");
    }
    let deep = format!(
        r#"{{"x":{}{},"session_id":"s","campaign_id":"c1"}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(serde_json::from_str::<serde_json::Value>(&deep).is_err(), "a reader of trees gives up");
    assert_eq!(campaign(&deep).as_deref(), Some("c1"));
    assert!(Row::parse(&deep).conversion.is_some());
}

#[test]
fn a_placeholder_is_no_identity_whatever_its_style() {
    for word in [
        "null",
        "undefined",
        "None",
        "N/A",
        "nan",
        "-",
        "0",
        "(not set)",
        "{sid}",
        "{{sid}}",
        "[sid]",
        "<sid>",
        "${sid}",
        "%SID%",
        "__SID__",
        "%7Bsid%7D",
        "%5Bsid%5D",
    ] {
        let raw = format!(r#"{{"session_id":"{word}","keyword_clicked":"shoes"}}"#);
        assert!(Row::parse(&raw).conversion.is_none(), "{word}");
        let raw = format!(
            r#"{{"session_id":"s","ts_click_id":"{word}","campaign_id":"{word}","pixel_id":"{word}","order_id":"{word}","keyword_clicked":"none"}}"#
        );
        let c = conversion(&raw);
        assert_eq!((c.click_id, c.campaign_id, c.pixel_id, c.order_id), (None, None, None, None), "{word}");
        assert_eq!(c.keyword_clicked.as_deref(), Some("none"), "people search for it");
    }
    assert!(Row::parse(r#"{"session_id":0}"#).conversion.is_none());
}

#[test]
fn ids_are_read_from_their_text() {
    let c = conversion(
        r#"{"session_id":123456789012345678901,"campaign_id":120210000000100003.0,"pixel_id":"\u200b111","ts_click_id":12}"#,
    );
    assert_eq!(
        (&*c.session_id, c.campaign_id.as_deref()),
        ("123456789012345678901", Some("120210000000100003"))
    );
    assert_eq!((c.pixel_id.as_deref(), c.click_id.as_deref()), (Some("111"), Some("12")));
    let neighbours = [r#"{"session_id":123456789012345678901}"#, r#"{"session_id":123456789012345678902}"#];
    assert_ne!(Row::parse(neighbours[0]).key, Row::parse(neighbours[1]).key);
    let c = conversion(r#"{"session_id":"s","campaign_id":1.20210000000100007e17,"pixel_id":"1.2021E+17"}"#);
    assert_eq!((c.campaign_id, c.pixel_id), (None, None));
}

#[test]
fn half_a_surrogate_pair_costs_a_character() {
    let raw = r#"{"session_id":"s","campaign_name":"Sale \ud83d","x\ud83d":1,"keyword_clicked":"k\ude00"}"#;
    let c = conversion(raw);
    assert_eq!(
        (c.campaign_name.as_deref(), c.keyword_clicked.as_deref()),
        (Some("Sale \u{fffd}"), Some("k\u{fffd}"))
    );
    assert!(Row::parse(r#"{"session_id":"s\ud83d"}"#).conversion.is_none());
}

#[test]
fn an_amount_may_have_escapes_and_line_ends() {
    for (json, amount) in [
        (r#""0.50\r""#, "0.5"),
        (r#""\u0030.50""#, "0.5"),
        (r#""\u00a00.50""#, "0.5"),
        (r#""\u002B0.50""#, "0.5"),
    ] {
        let raw = format!(r#"{{"session_id":"s","revenue":{json}}}"#);
        assert_eq!(conversion(&raw).revenue.map(|r| r.to_string()).as_deref(), Some(amount), "{json}");
    }
    assert_eq!(conversion(r#"{"session_id":"s","revenue":"1_000"}"#).unreadable, ["revenue"]);
}

#[test]
fn spellings_of_a_session_and_a_keyword_are_one_conversion() {
    let plain = Row::parse(r#"{"session_id":"s1","keyword_clicked":"caf\u00e9"}"#);
    let other = Row::parse(r#"{"session_id":"s\u200b1","keyword_clicked":"cafe\u0301"}"#);
    assert_eq!(plain.key, other.key);
    assert!(other.possible_keys.len() == 3 && other.possible_keys.contains(&plain.key));
}

#[test]
fn escapes_in_names_and_values_are_undone() {
    let c = conversion(r#"{"session\u005fid":"a\"b","city":"K\u00f6ln"}"#);
    assert_eq!(c.session_id, "a\"b");
    assert_eq!(c.city.as_deref(), Some("Köln"));
}

#[test]
fn plain_text_is_borrowed() {
    let c = conversion(r#"{"session_id":"s","city":"Köln"}"#);
    assert!(matches!(c.city, Some(Cow::Borrowed(_))));
}

proptest! {
    #[test]
    fn parsing_never_panics(raw in ".*") {
        drop(Row::parse(&raw));
    }

    #[test]
    fn the_key_depends_on_session_and_keyword_only(session in "s[a-z0-9-]{0,12}", keyword in "[a-z-]{1,8}", extra in 0..100) {
        let a = serde_json::json!({"session_id": session, "keyword_clicked": keyword, "conversions": extra}).to_string();
        let b = serde_json::json!({"keyword_clicked": keyword, "session_id": session}).to_string();
        prop_assert_eq!(Row::parse(&a).key, Row::parse(&b).key);
    }
}

#[test]
fn addresses_may_be_lists() {
    let raw =
        r#"{"session_id":"s","em":["a@x.com",null,"","b@x.com","{em}"],"ph":"+1 650 555 1212","fn":["a"]}"#;
    let row = Row::parse(raw);
    let conversion = row.conversion.unwrap();
    assert_eq!(conversion.email.as_deref(), Some("a@x.com"));
    assert_eq!(conversion.more_emails, ["b@x.com"]);
    assert_eq!((conversion.phone.as_deref(), conversion.more_phones.len()), (Some("+1 650 555 1212"), 0));
    assert_eq!(conversion.first_name, None);
    let none = Row::parse(r#"{"session_id":"s","em":[],"ph":{"a":1}}"#).conversion.unwrap();
    assert_eq!((none.email, none.phone), (None, None));
    let long = format!(r#"{{"session_id":"s","em":["{}"]}}"#, ["a@x.com"; 50].join("\",\""));
    assert_eq!(Row::parse(&long).conversion.unwrap().more_emails.len(), 9);
}

#[test]
fn a_time_without_a_zone_is_read_in_the_zone_of_the_row_s_feed() {
    let berlin = Feed { time_zone: Some("Europe/Berlin".parse().unwrap()), ..Feed::of("tonic") };
    let feeds: FeedMap = [berlin, Feed::of("sedo")].into_iter().collect();
    let click = |network: &str, text: &str, of_object| {
        let raw = format!(r#"{{"session_id":"s",{network}"click_timestamp":"{text}"}}"#);
        let (row, plain) = (Row::of_feed(&raw, &feeds, of_object), Row::parse(&raw));
        assert_eq!((row.key, &row.possible_keys), (plain.key, &plain.possible_keys));
        let (read, plain) = (row.conversion.unwrap(), plain.conversion.unwrap());
        assert!(plain.click_time.is_none() || plain.click_time == read.click_time, "{text}");
        assert_eq!(read.click_time.is_none(), read.unreadable == ["click_timestamp"], "{text}");
        read.click_time.map(|at| at.millis().rfc3339())
    };
    let text = "2026-11-27 20:13:59";
    let expected = Some("2026-11-27T19:13:59.000Z".to_owned());
    assert_eq!(click(r#""network":"TONIC","#, text, Some("sedo")), expected, "the row's own word goes first");
    assert_eq!(click("", text, Some("Tonic")), expected);
    assert_eq!(click(r#""network":"sedo","#, text, Some("tonic")), None);
    assert_eq!(click("", text, None), None);
    assert_eq!(click("", "2026-10-25 02:30:00", Some("tonic")), None, "clocks show it twice");
    assert_eq!(click("", "2026-03-29 02:30:00", Some("tonic")), None, "clocks never show it");
    assert_eq!(click("", "2026-11-27 20:13:59 CET", Some("tonic")), None);
    for with_offset in ["1795806839", "2026-11-27T19:13:59Z", "2026-11-27T20:13:59+01:00"] {
        assert_eq!(click("", with_offset, Some("tonic")), expected);
    }
}
