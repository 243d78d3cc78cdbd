//! What no field accepts: nothing, words for "no value", unexpanded macros, damaged text.

use std::borrow::Cow;

use super::Reason;

/// No value of a person is longer, in bytes; it bounds the work done for one.
pub(super) const LONGEST: usize = 1024;

/// Words that programs write for "no value".
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

/// Trims `input` and refuses what is not a value in any field.
pub(super) fn screen(input: &str) -> Result<&str, Reason> {
    let input = trim(input);
    if input.is_empty() {
        return Err(Reason::Empty);
    }
    if input.len() > LONGEST {
        return Err(Reason::TooLong);
    }
    if is_damaged(input) {
        return Err(Reason::Damaged);
    }
    if is_placeholder(input) {
        return Err(Reason::Placeholder);
    }
    Ok(input)
}

/// Refuses a result that no input may be: `Null!` becomes `null`, and lower-casing can make a text longer.
pub(super) fn screen_result(value: Cow<'_, str>) -> Result<Cow<'_, str>, Reason> {
    if value.len() > LONGEST {
        Err(Reason::TooLong)
    } else if is_placeholder(&value) {
        Err(Reason::Placeholder)
    } else {
        Ok(value)
    }
}

/// Trims blanks and the invisible characters that copying from a page brings along.
pub(super) fn trim(input: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_graphic();
    match input.as_bytes() {
        [first, .., last] if plain(*first) && plain(*last) => input,
        _ => input.trim_matches(|c: char| c.is_whitespace() || is_invisible(c)),
    }
}

/// Characters that take no room and mean nothing (soft hyphen, zero-width space, direction marks, byte-order mark).
/// The two joiners are not among them: some scripts spell with them.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Whether a text is a word for "no value", or an unexpanded macro.
#[must_use]
pub fn is_placeholder(input: &str) -> bool {
    NOTHING_WORDS.iter().any(|word| word.eq_ignore_ascii_case(input)) || is_macro(input)
}

/// Control characters other than white space, or the mark of failed decoding.
fn is_damaged(input: &str) -> bool {
    if input.is_ascii() {
        return input.bytes().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    }
    input.chars().any(|c| c == '\u{fffd}' || c.is_control() && !c.is_whitespace())
}

/// `{city}`, `{{city}}`, `${city}`, `%7Bcity%7D`, `%%CITY%%`, `[CITY]`, `<city>`, `__CITY__`.
///
/// A GUID in braces is not a macro: the inside of a macro is a name.
fn is_macro(input: &str) -> bool {
    const BRACKETS: [(&str, &str); 9] = [
        ("{{", "}}"),
        ("${", "}"),
        ("{", "}"),
        ("%7B", "%7D"),
        ("%7b", "%7d"),
        ("%", "%"),
        ("[", "]"),
        ("<", ">"),
        ("__", "__"),
    ];
    if !input.starts_with(['{', '$', '%', '[', '<', '_']) {
        return false;
    }
    BRACKETS.iter().any(|(open, close)| {
        input.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(is_macro_name)
    })
}

fn is_macro_name(inner: &str) -> bool {
    let inner = inner.trim_matches(['{', '}', '%', ' ']);
    inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:| ".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_value() {
        for input in ["", "   ", "\u{a0}\u{200b}", "\t\n"] {
            assert_eq!(screen(input), Err(Reason::Empty), "{input:?}");
        }
        for input in
            ["NULL", "\\N", "(not set)", "n/a", "{city}", "{{ct}}", "${city}", "%7Bcity%7D", "%%CITY%%"]
        {
            assert_eq!(screen(input), Err(Reason::Placeholder), "{input}");
        }
        for input in ["[CITY]", "<city>", "__CITY__", "{{site.city}}", "{ city }"] {
            assert_eq!(screen(input), Err(Reason::Placeholder), "{input}");
        }
        for input in ["Par\0is", "Par\u{1b}is", "Par\u{fffd}s", "\u{85}a\u{9f}b"] {
            assert_eq!(screen(input), Err(Reason::Damaged), "{input:?}");
        }
        assert_eq!(screen(&"a".repeat(LONGEST + 1)), Err(Reason::TooLong));
    }

    #[test]
    fn trims_and_lets_values_pass() {
        assert_eq!(screen(" \u{feff}Paris\u{200b}\n"), Ok("Paris"));
        assert_eq!(
            screen("{3F2504E0-4F89-41D3-9A0C-0305E82C3301}"),
            Ok("{3F2504E0-4F89-41D3-9A0C-0305E82C3301}")
        );
        assert_eq!(screen("Null Island"), Ok("Null Island"));
    }
}
