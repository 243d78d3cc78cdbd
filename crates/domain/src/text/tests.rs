use proptest::prelude::*;

use super::*;

fn field(json: &str) -> Field<'_> {
    serde_json::from_str(json).unwrap()
}

fn text(json: &str) -> Option<String> {
    field(json).into_text().map(Cow::into_owned)
}

fn id(json: &str) -> Option<String> {
    field(json).into_id().map(Cow::into_owned)
}

fn platform_id(json: &str) -> Option<String> {
    field(json).into_platform_id().map(Cow::into_owned)
}

#[test]
fn what_says_nothing_is_absent() {
    for json in [
        "null",
        "\"\"",
        "\"  \"",
        "\"{fbclid}\"",
        "\"{{campaign.id}}\"",
        "\"__CLICKID__\"",
        "true",
        "[1]",
        "{}",
    ] {
        assert_eq!((text(json), id(json)), (None, None), "{json}");
    }
}

#[test]
fn a_placeholder_is_a_word_and_not_an_identity() {
    for word in
        ["null", "undefined", "None", "N/A", "nan", "-", "0", "(not set)", "[sid]", "%7Bsid%7D", "<sid>"]
    {
        let json = format!("\" {word}\u{200b} \"");
        assert_eq!((text(&json).is_some(), id(&json)), (true, None), "{word}");
    }
    for json in ["0", "-0", "0.0", "-1", "\"00000\""] {
        assert_eq!(id(json), None, "{json}");
    }
}

#[test]
fn ids_may_be_numbers_and_keep_every_digit() {
    for read in [text, id, platform_id] {
        assert_eq!(read("120210000000100017").as_deref(), Some("120210000000100017"));
        assert_eq!(read("18446744073709551615").as_deref(), Some("18446744073709551615"));
        assert_eq!(read("123456789012345678901").as_deref(), Some("123456789012345678901"));
    }
    assert_eq!(text("\" a b \"").as_deref(), Some("a b"));
    assert_eq!(text("\"São\"").as_deref(), Some("São"));
    assert_eq!((text("2.50"), text("1e999")), (Some("2.5".to_owned()), None));
}

#[test]
fn a_number_that_has_lost_digits_is_not_an_identity() {
    assert_eq!(id("120210000000100003.0").as_deref(), Some("120210000000100003"));
    assert_eq!(platform_id("\"120210000000100003.00\"").as_deref(), Some("120210000000100003"));
    assert_eq!(id("\"v1.0\"").as_deref(), Some("v1.0"));
    for json in [
        "1.2021e17",
        "1.20210000000100007e17",
        "120210000000100003.5",
        "\"1.2021E+17\"",
        "\"1.2021e+17\"",
        "\"1E+17\"",
    ] {
        assert_eq!((id(json), platform_id(json)), (None, None), "{json}");
    }
    // Spreadsheets mark text by a quotation mark before it.
    assert_eq!(platform_id("\"'120210000000100003\"").as_deref(), Some("120210000000100003"));
    assert_eq!(platform_id("\" ' 7.0\"").as_deref(), Some("7"));
    assert_eq!(platform_id("\"CO'NNOR\"").as_deref(), Some("CO'NNOR"));
    for json in [
        "\"'\"",
        "\"'0\"",
        "\"'null\"",
        "\"'1.2021E+17\"",
        "\"120,210,000,000,100,003\"",
        "\"120.210.000.000.100.003\"",
        "\"120 210 000 000 100 003\"",
        "\"120\u{202f}210\u{a0}000\"",
        "\"120'210'000\"",
        "\"120210000000100003.5\"",
        "\"7,8\"",
    ] {
        assert_eq!(platform_id(json), None, "{json}");
    }
    // A session may look like a number with an exponent.
    assert_eq!(id("\"12e5\"").as_deref(), Some("12e5"));
}

#[test]
fn half_a_surrogate_pair_costs_a_character_but_an_identity() {
    assert_eq!(text(r#""Sale \ud83d""#).as_deref(), Some("Sale \u{fffd}"));
    assert_eq!(text(r#""\ud83d\ud83d\ude00!""#).as_deref(), Some("\u{fffd}😀!"));
    assert_eq!(text(r#""\ude00\u00e9\/\n\"x""#).as_deref(), Some("\u{fffd}é/\n\"x"));
    assert_eq!(id(r#""abc\ud83d""#), None);
    assert_eq!(id("\"a\u{fffd}c\""), None);
    assert_eq!(id(r#""abc\r\n""#).as_deref(), Some("abc"));
}

proptest! {
    #[test]
    fn text_is_read_as_serde_reads_it(value in "\\PC{0,20}|[\"\\\\/\n\r\t\u{8}\u{c}é😀]{0,12}", ascii: bool) {
        let mut json = serde_json::to_string(&value).unwrap();
        if ascii {
            let escaped = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("\\u{u:04x}")).collect::<String>();
            json = json.chars().map(|c| if c.is_ascii() { c.to_string() } else { escaped(c) }).collect();
        }
        match field(&json) {
            Field::Text(text) => prop_assert_eq!(text, value),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
