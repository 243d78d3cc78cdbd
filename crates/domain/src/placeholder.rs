//! What stands where a value should be: words for "no value", and macros that a tracker should have filled.
//!
//! One list for all identities, so that the same fact never ends in two ways. A keyword is not an identity: people search
//! for `none`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Words that programs write for "no value". None of them is a value in any field of a person or an identity.
const NOTHING_WORDS: [&str; 12] = [
    "null",
    "(null)",
    "\\n",
    "undefined",
    "none",
    "(none)",
    "n/a",
    "#n/a",
    "unknown",
    "(unknown)",
    "(not set)",
    "[object object]",
];

/// Further words that are not an identity, though a person may be called so. The last ones are names of macros and fields that
/// lost their brackets.
const NO_IDENTITIES: [&str; 24] = [
    "nan",
    "nil",
    "na",
    "n.a.",
    "not set",
    "not_set",
    "notset",
    "not available",
    "empty",
    "true",
    "false",
    "-1",
    "fbclid",
    "gclid",
    "ttclid",
    "click_id",
    "clickid",
    "ts_click_id",
    "session_id",
    "sessionid",
    "campaign_id",
    "pixel_id",
    "order_id",
    "external_id",
];

/// Brackets that trackers put around macros. A name stands between them.
const BRACKETS: [(&str, &str); 16] = [
    ("<%=", "%>"),
    ("<%", "%>"),
    ("*|", "|*"),
    ("{{", "}}"),
    ("[[", "]]"),
    ("<<", ">>"),
    ("${", "}"),
    ("#{", "}"),
    ("$(", ")"),
    ("$[", "]"),
    ("[", "]"),
    ("<", ">"),
    ("%%", "%%"),
    ("%", "%"),
    ("##", "##"),
    ("@@", "@@"),
];

/// How often a macro may have been percent-encoded.
const ENCODINGS: usize = 2;

/// Whether a text is a word for "no value", or an unexpanded macro: so in any field.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    is_one_of(&NOTHING_WORDS, text) || is_macro(text)
}

/// Whether a text names nothing where an identity should stand: session, click id, campaign, pixel, order. Beside
/// what [`is_placeholder`] knows these are `nan` and the like, `0`, `-`, a UUID of zeros, and a name in round brackets.
///
/// ```
/// use domain::placeholder::{is_placeholder, names_nothing};
///
/// assert!(names_nothing("(not set)") && names_nothing("%7Bsession_id%7D") && names_nothing("0"));
/// assert!(!names_nothing("8f14e45f-ceea-467f-a0e6-6b7a1c2d3e4f"));
/// assert!(!is_placeholder("Nan"), "a name");
/// ```
#[must_use]
pub fn names_nothing(text: &str) -> bool {
    let text = text.trim();
    let empty = !text.chars().any(|c| c.is_alphanumeric() && c != '0');
    empty
        || is_placeholder(text)
        || is_one_of(&NO_IDENTITIES, text)
        || between(text, "(", ")").is_some_and(is_macro_name)
}

/// Whether a text says in place of a number that there is none. Zero and signs are not among these words.
pub(crate) fn is_no_number(text: &str) -> bool {
    is_placeholder(text) || is_one_of(&["nan", "nil", "na", "-"], text)
}

fn is_one_of(words: &[&str], text: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// `{city}`, `{{city}}`, `${city}`, `%7Bcity%7D`, `%%CITY%%`, `[CITY]`, `<city>`, `__CITY__`.
fn is_macro(text: &str) -> bool {
    let mut text = Cow::Borrowed(text);
    for _ in 0..=ENCODINGS {
        if is_plain_macro(&text) {
            return true;
        }
        match decoded(&text) {
            Some(decoded) => text = Cow::Owned(decoded),
            None => return false,
        }
    }
    false
}

/// A text that was percent-encoded; `None` where that changes nothing.
fn decoded(text: &str) -> Option<String> {
    if !text.starts_with('%') {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (decoded != text).then(|| decoded.into_owned())
}

fn is_plain_macro(text: &str) -> bool {
    if !text.starts_with(['{', '$', '%', '[', '<', '_', '#', '@', '*']) {
        return false;
    }
    // No id comes in braces but a GUID, so that what stands between them need not be a name.
    between(text, "{", "}").is_some_and(|inner| !is_guid(inner))
        || BRACKETS.iter().any(|(open, close)| between(text, open, close).is_some_and(is_macro_name))
        || between(text, "__", "__").is_some_and(is_underscored_name)
}

/// What stands between brackets; `None` if there is nothing.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).filter(|inner| !inner.is_empty())
}

fn is_macro_name(inner: &str) -> bool {
    let inner = inner.trim_matches(['{', '}', '%', ' ']);
    inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:| ".contains(&byte))
        && !is_guid(inner)
}

/// An id may begin and end with underscores, but hardly in one case all through.
fn is_underscored_name(inner: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_digit() || b"_.".contains(&byte);
    inner.bytes().all(|byte| byte.is_ascii_uppercase() || named(byte))
        || inner.bytes().all(|byte| byte.is_ascii_lowercase() || named(byte))
}

/// `3F2504E0-4F89-41D3-9A0C-0305E82C3301`, or its 32 digits alone.
fn is_guid(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    digits == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_are_known_in_every_style_also_encoded() {
        for text in [
            "{sid}",
            "{{sid}}",
            "${session_id}",
            "[session_id]",
            "[[sid]]",
            "<session_id>",
            "<<sid>>",
            "%SESSION%",
            "%%SESSION%%",
            "__SESSION__",
            "__session_id__",
            "__CALLBACK_PARAM1__",
            "#{sid}",
            "$(sid)",
            "##SID##",
            "*|SID|*",
            "<%= sid %>",
            "{ad.id}",
            "{session-id}",
            "{0}",
            "%7Bsession_id%7D",
            "%7b%7Bsid%7d%7D",
            "%5Bsid%5D",
            "%3Csid%3E",
            "%24%7Bsid%7D",
            "%257Bsid%257D",
            "{{site_source_name}}",
        ] {
            assert!(is_placeholder(text) && names_nothing(text), "{text}");
        }
        for text in [
            "{3F2504E0-4F89-41D3-9A0C-0305E82C3301}",
            "{AF2504E0-4F89-41D3-9A0C-0305E82C3301}",
            "[AF2504E04F8941D39A0C0305E82C3301]",
            "__Xk29dk__",
            "%41bc%",
            "IwAR1a-B_c",
            "_GRECAPTCHA_x",
            "$12.50",
            "Null Island",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn what_names_nothing_is_no_identity_but_may_be_a_word() {
        for text in [
            "null",
            "NULL",
            "undefined",
            "None",
            "N/A",
            "nan",
            "NaN",
            "-",
            "--",
            "0",
            "00",
            "(not set)",
            "(session_id)",
            "00000000-0000-0000-0000-000000000000",
            "?",
            "",
            " ",
            "_",
            "-1",
            "fbclid",
            "false",
        ] {
            assert!(names_nothing(text), "{text:?}");
        }
        for text in ["nan", "0", "-", "Nil", "(Bob)", "true"] {
            assert!(!is_placeholder(text), "{text}");
        }
        for text in ["1", "s", "a-b", "o0", "漢", "00001", "none1", "e0-0"] {
            assert!(!names_nothing(text), "{text}");
        }
    }
}
