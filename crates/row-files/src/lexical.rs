//! What can be said of a text that is not JSON: whether its brackets and quotes are right all the same.

use serde::de::IgnoredAny;

use crate::window::{Broken, ROW_LINE};

/// What a text of a value is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// JSON.
    Json,
    /// JSON, once the numbers that JSON does not have (`NaN`, `Infinity`) are `null`.
    Repaired(String),
    /// Not JSON, but its brackets and quotes are right, so that its end is certain.
    Enclosed(Broken),
    /// It may end anywhere.
    Unclear(Broken),
}

/// Reads a text that is as long as its brackets say.
pub(crate) fn read(text: &[u8]) -> Reading {
    let broken = match str::from_utf8(text) {
        Err(error) => Broken { offset: error.valid_up_to(), what: "not UTF-8" },
        Ok(text) => match check(text) {
            Ok(()) => return Reading::Json,
            Err(broken) => {
                if let Some(repaired) = without_odd_numbers(text).filter(|text| check(text).is_ok()) {
                    return Reading::Repaired(repaired);
                }
                broken
            }
        },
    };
    if is_enclosed(text) { Reading::Enclosed(broken) } else { Reading::Unclear(broken) }
}

/// Whether a text that goes on can be the start of a value: its brackets and quotes are right so far.
pub(crate) fn may_go_on(start: &[u8]) -> bool {
    skeleton(start).is_some_and(|skeleton| match serde_json::from_str::<IgnoredAny>(&skeleton) {
        Ok(_) => true,
        Err(error) => error.is_eof(),
    })
}

/// What is wrong with a value that has no end in its file: where it stops being JSON, or else that.
pub(crate) fn cut_off(text: &[u8]) -> Broken {
    let ends = Broken { offset: text.len(), what: "the file ends inside a value" };
    match str::from_utf8(text).map(check) {
        Ok(Err(broken)) if broken.what != ENDS => broken,
        _ => ends,
    }
}

const ENDS: &str = "the value ends too early";

fn check(text: &str) -> Result<(), Broken> {
    serde_json::from_str::<IgnoredAny>(text).map(|_| ()).map_err(|e| {
        let before: usize = text.split_inclusive('\n').take(e.line().saturating_sub(1)).map(str::len).sum();
        let offset = (before + e.column().saturating_sub(1)).min(text.len());
        Broken { offset, what: if e.is_eof() { ENDS } else { "unexpected character" } }
    })
}

fn is_enclosed(text: &[u8]) -> bool {
    skeleton(text).is_some_and(|skeleton| serde_json::from_str::<IgnoredAny>(&skeleton).is_ok())
}

/// The same text with an empty string for each string and `0` for each word and number; `None` if a string would have to go on into
/// a line that begins with `{`, where a row begins.
fn skeleton(text: &[u8]) -> Option<String> {
    let mut skeleton = String::with_capacity(text.len() / 2);
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        match byte {
            b'"' => {
                let length = string_length(after);
                let inner = &after[..length.unwrap_or(after.len())];
                if memchr::memmem::find(inner, ROW_LINE).is_some() {
                    return None;
                }
                skeleton.push('"');
                let Some(length) = length else { break };
                skeleton.push('"');
                rest = &after[length + 1..];
            }
            b'{' | b'}' | b'[' | b']' | b':' | b',' => {
                skeleton.push(char::from(*byte));
                rest = after;
            }
            byte if byte.is_ascii_whitespace() => {
                skeleton.push(' ');
                rest = after;
            }
            _ => {
                skeleton.push('0');
                rest = &rest[word_length(rest)..];
            }
        }
    }
    Some(skeleton)
}

/// Bytes before the quote that ends a string.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        at += found;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Bytes of the word or number that a text starts with.
fn word_length(text: &[u8]) -> usize {
    let is_end = |byte: &u8| b"{}[]:,\"".contains(byte) || byte.is_ascii_whitespace();
    text.iter().position(is_end).unwrap_or(text.len())
}

/// Python and JavaScript write numbers that JSON does not have: a missing one.
const ODD_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// A text with `null` in place of such numbers; `None` if it has none.
fn without_odd_numbers(text: &str) -> Option<String> {
    let mut repaired = String::new();
    let mut at = 0;
    let mut copied = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at += string_length(&bytes[at + 1..])? + 2,
            b'N' | b'I' | b'-' => {
                let length = word_length(&bytes[at..]);
                if ODD_NUMBERS.contains(&&text[at..at + length]) {
                    repaired.push_str(&text[copied..at]);
                    repaired.push_str("null");
                    copied = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    repaired.push_str(&text[copied..]);
    (copied > 0).then_some(repaired)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_enclosed_has_its_end() {
        for text in [
            &b"{\"a\":x}"[..],
            b"{\"a\":01}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\x01\"}",
            b"{\"a\":\"New\nYork\"}",
            b"{\"a\":\"\\x\"}",
            b"{\"a\":[True,{\"b\":None}]}",
        ] {
            assert!(matches!(read(text), Reading::Enclosed(_)), "{}", text.escape_ascii());
        }
        for text in [
            &b"{\"a\":\"x\"y\",\"b\":\"c\"}"[..],
            b"{\"a\":1]",
            b"{\"a\":1,}",
            b"{\"a\" 1}",
            b"{a:1}",
            b"{\"a\":\"x\n{\"b\":\"}",
        ] {
            assert!(matches!(read(text), Reading::Unclear(_)), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn odd_numbers_are_missing_ones() {
        let repaired = |text: &str| match read(text.as_bytes()) {
            Reading::Repaired(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            repaired(r#"{"a":NaN,"b":[-Infinity,Infinity],"NaN":"NaN"}"#),
            r#"{"a":null,"b":[null,null],"NaN":"NaN"}"#
        );
        assert!(matches!(read(br#"{"a":NaNs}"#), Reading::Enclosed(_)));
        assert!(matches!(read(br#"{"a":NaN,"b":x}"#), Reading::Enclosed(_)));
    }

    proptest! {
        #[test]
        fn a_value_may_go_on_wherever_it_is_cut(value in ".{0,20}", cut: prop::sample::Index) {
            let text = serde_json::json!({"v": [value, 1.5, null], "w": {"x": true}}).to_string();
            prop_assert!(may_go_on(&text.as_bytes()[..cut.index(text.len())]));
            prop_assert_eq!(read(text.as_bytes()), Reading::Json);
        }

        #[test]
        fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60), json in "[\\[\\]{}:,\"\\\\aN\\-0 \n]{0,30}") {
            drop(read(&bytes));
            drop(read(json.as_bytes()));
            may_go_on(&bytes);
        }
    }
}
