//! Liberal reading of single JSON values: feeds write numbers as text, ids as numbers, and leave macros unexpanded.
//!
//! Numbers are read from their JSON text: a float would lose the last digits of an id, and lead to a neighbour's.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::placeholder::names_nothing;
use crate::spelling::canonical;

/// What stands for a character that was lost.
const LOST: char = char::REPLACEMENT_CHARACTER;

/// One JSON value of a row, read without an opinion about its type; text borrows from the row where it has no escapes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field<'a> {
    /// `null`, and every field that a row does not have.
    Absent,
    /// Half of a surrogate pair, as programs leave it that cut texts, is read as U+FFFD.
    Text(Cow<'a, str>),
    /// As it is written.
    Number(&'a str),
    /// `true`, an array or an object: nothing that a scalar field can mean.
    Other,
}

impl<'a> Field<'a> {
    /// The value of a JSON text.
    fn of(json: &'a str) -> Self {
        match json.as_bytes() {
            b"null" => Self::Absent,
            [b'"', .., b'"'] => Self::Text(unescaped(&json[1..json.len() - 1])),
            [b'-' | b'0'..=b'9', ..] => Self::Number(json),
            _ => Self::Other,
        }
    }

    /// The value as text. Empty text and unexpanded macros are absent.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => meaningful(text),
            Self::Number(digits) if is_integer(digits) => Some(Cow::Borrowed(digits)),
            Self::Number(number) => {
                let value = number.parse::<f64>().ok().filter(|value| value.is_finite());
                value.map(|value| Cow::Owned(value.to_string()))
            }
            Self::Absent | Self::Other => None,
        }
    }

    /// The value as an identity, as it is spelt. What names nothing is absent, and so is what has lost a digit or a character:
    /// it could be a neighbour's.
    pub(crate) fn into_id(self) -> Option<Cow<'a, str>> {
        let id = match self {
            Self::Number(number) => Cow::Borrowed(whole_number(number)?),
            text => text.into_text()?,
        };
        let form = canonical(&id);
        let damaged = form.contains(LOST) || is_rounded(&form);
        let nothing = names_nothing(&form);
        (!damaged && !nothing).then_some(id)
    }

    /// The id of something on the ad platform, in its one spelling. Its ids are numbers, so that `7.0` is 7 in text too, and a
    /// number with a fraction or with its digits in groups is not an id.
    pub(crate) fn into_platform_id(self) -> Option<Cow<'a, str>> {
        let plain = match self {
            Self::Text(text) => Self::Text(without_mark(text)),
            other => other,
        };
        let id = plain.into_id()?;
        if whole_number(&canonical(&id)).is_none() && is_separated(&id) {
            return None;
        }
        match id {
            Cow::Borrowed(id) => Some(canonical(whole_number(id).unwrap_or(id))),
            Cow::Owned(id) => Some(Cow::Owned(canonical(whole_number(&id).unwrap_or(&id)).into_owned())),
        }
    }
}

fn is_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits of a whole number, however many: `7`, `7.0`. A fraction or an exponent may have lost some.
fn whole_number(number: &str) -> Option<&str> {
    let whole = match number.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => number,
    };
    is_integer(whole).then_some(whole)
}

/// Without the quotation mark by which spreadsheets say that a number is meant as text.
fn without_mark(text: Cow<'_, str>) -> Cow<'_, str> {
    let Some(marked) = text.trim().strip_prefix('\'') else { return text };
    match text {
        Cow::Borrowed(whole) => Cow::Borrowed(whole.trim().strip_prefix('\'').unwrap_or(whole)),
        Cow::Owned(_) => Cow::Owned(marked.to_owned()),
    }
}

/// `120,210`, `1 2`, `7.5`: digits and what stands between digits, and nothing else.
fn is_separated(text: &str) -> bool {
    let is_separator = |c: char| matches!(c, ',' | '.' | ';' | '\'' | '_') || c.is_whitespace();
    text.contains(is_separator) && text.chars().all(|c| c.is_ascii_digit() || is_separator(c))
}

/// `1.2021E+17`: what a spreadsheet leaves of a long number.
fn is_rounded(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once("E+").or_else(|| text.split_once("e+")) else {
        return false;
    };
    !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Cuts white space off and turns what says nothing (empty, an unexpanded macro) into nothing.
fn meaningful(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let trimmed = text.trim();
    if trimmed.is_empty() || is_macro(trimmed) {
        return None;
    }
    if trimmed.len() == text.len() {
        return Some(text);
    }
    Some(match text {
        Cow::Borrowed(whole) => Cow::Borrowed(whole.trim()),
        Cow::Owned(ref whole) => Cow::Owned(whole.trim().to_owned()),
    })
}

/// `{fbclid}`, `{{campaign.id}}`, `__CLICKID__`: what no text of any field reads like. Identities are screened more strictly
/// (`placeholder`).
fn is_macro(text: &str) -> bool {
    let bytes = text.as_bytes();
    let braces = bytes.len() > 2 && bytes[0] == b'{' && bytes[bytes.len() - 1] == b'}';
    let underscores = bytes.len() > 4
        && text.starts_with("__")
        && text.ends_with("__")
        && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    braces && !is_guid_in_braces(text) || underscores
}

/// Some trackers write GUIDs so.
fn is_guid_in_braces(text: &str) -> bool {
    text.len() == 38 && text[1..37].bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The inside of a JSON string, whose escapes are known to be well-formed.
fn unescaped(inner: &str) -> Cow<'_, str> {
    let Some(first) = inner.find('\\') else { return Cow::Borrowed(inner) };
    let mut text = String::with_capacity(inner.len());
    text.push_str(&inner[..first]);
    let mut rest = &inner[first..];
    while let Some(escaped) = rest.strip_prefix('\\') {
        let (c, after) = escape(escaped);
        text.push(c);
        let plain = after.find('\\').unwrap_or(after.len());
        text.push_str(&after[..plain]);
        rest = &after[plain..];
    }
    Cow::Owned(text)
}

/// The character of an escape without its backslash, and what follows.
fn escape(text: &str) -> (char, &str) {
    let mut chars = text.chars();
    let c = match chars.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return escaped_code(chars.as_str()),
        Some(other) => other,
        None => LOST,
    };
    (c, chars.as_str())
}

/// The character of four hexadecimal digits, or of two such escapes that are a pair; and what follows.
fn escaped_code(text: &str) -> (char, &str) {
    let Some((first, after)) = code(text) else { return (LOST, text) };
    if let Some(c) = char::from_u32(first) {
        return (c, after);
    }
    let second = after.strip_prefix("\\u").and_then(code);
    match second {
        Some((second, after)) if first < 0xdc00 && (0xdc00..0xe000).contains(&second) => {
            let c = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (char::from_u32(c).unwrap_or(LOST), after)
        }
        _ => (LOST, after),
    }
}

fn code(text: &str) -> Option<(u32, &str)> {
    let digits = text.get(..4)?;
    u32::from_str_radix(digits, 16).ok().map(|code| (code, &text[4..]))
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(|raw| Field::of(raw.get()))
    }
}

#[cfg(test)]
mod tests;
