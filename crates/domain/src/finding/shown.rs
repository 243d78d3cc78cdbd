//! A value of a row, as an operator may see it.

use std::net::IpAddr;

use crate::placeholder::is_placeholder;

/// Longer values are cut: a click id or a hash is never there in full.
const LONGEST: usize = 31;

/// So many characters say how long a value is that was cut.
const LENGTH_NOTE: usize = 12;

/// Fields that say nothing of a visitor.
const PLAIN: [&str; 14] = [
    "session_id",
    "click_timestamp",
    "pixel_id",
    "traffic_source",
    "network",
    "campaign_id",
    "country_code",
    "currency",
    "revenue",
    "conversions",
    "lander_visitors",
    "lander_searches",
    "visits",
    "serp",
];

/// The value of a field as JSON writes it: cut, and without a visitor's data, wherever a feed has put them.
pub(super) fn shown(field: &str, json: &str) -> String {
    let text = json.trim_matches('"');
    let hidden = || match text.chars().count() {
        1 => "(1 character, not shown)".to_owned(),
        length => format!("({length} characters, not shown)"),
    };
    match json.as_bytes().first() {
        Some(b'[') => return "(a list)".to_owned(),
        Some(b'{') => return "(an object)".to_owned(),
        _ => {}
    }
    let says_nothing = text.is_empty() || is_placeholder(text);
    let is_personal = is_address(text) || is_agent(text) || field != "click_timestamp" && is_telephone(text);
    let is_shown = !is_personal && (says_nothing || PLAIN.contains(&field));
    if is_shown { cut(json, LONGEST) } else { hidden() }
}

/// A text of at most so many characters, or its beginning.
pub(super) fn cut(text: &str, longest: usize) -> String {
    let length = text.chars().count();
    if length <= longest {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(longest.saturating_sub(LENGTH_NOTE)).collect();
    format!("{beginning}… ({length} characters)")
}

/// Of a mailbox or a machine.
fn is_address(text: &str) -> bool {
    text.contains('@') || text.parse::<IpAddr>().is_ok()
}

fn is_agent(text: &str) -> bool {
    text.contains("Mozilla/") || text.contains("(compatible") || text.contains("AppleWebKit")
}

/// Digits with what people write between them. Ids and amounts have digits only, or a point.
fn is_telephone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_written = text.bytes().all(|b| b.is_ascii_digit() || b" +-()/".contains(&b));
    digits >= 7 && is_written && text.bytes().any(|b| !b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_shown_and_long_ones_cut() {
        for (field, value) in [
            ("click_timestamp", "\"yesterday\""),
            ("click_timestamp", "\"2026-11-22\""),
            ("pixel_id", "999999999999999"),
            ("revenue", "\"-0.25\""),
            ("conversions", "1.5"),
            ("ts_click_id", "\"{{fbclid}}\""),
            ("user_agent", "null"),
            ("user_agent", "\"\""),
        ] {
            assert_eq!(shown(field, value), value);
        }
        let click = format!("\"IwAR{}\"", "x".repeat(57));
        assert_eq!(shown("pixel_id", &click), "\"IwARxxxxxxxxxxxxxx… (63 characters)");
        assert_eq!(shown("pixel_id", "[1,\"a@b.example\"]"), "(a list)");
        assert_eq!(shown("revenue", r#"{"a":1}"#), "(an object)");
    }

    #[test]
    fn a_visitor_s_data_are_not_shown_wherever_they_are() {
        for (field, value) in [
            ("ts_click_id", "\"IwAR0abc\""),
            ("user_agent", "\"UA\""),
            ("em", "\"a@b.example\""),
            ("pixel_id", "\"a@b.example\""),
            ("revenue", "\"192.0.2.7\""),
            ("pixel_id", "\"2001:db8::1\""),
            ("pixel_id", "\"+49 151 1234567\""),
            ("traffic_source", "\"Mozilla/5.0\""),
        ] {
            let text = shown(field, value);
            assert!(text.ends_with("characters, not shown)"), "{field} {value}: {text}");
        }
    }
}
