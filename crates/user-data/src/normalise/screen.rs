//! What no field accepts: nothing, words for "no value", unexpanded macros, damaged text.

use std::borrow::Cow;

pub use domain::placeholder::is_placeholder;
pub(super) use domain::spelling::is_invisible;

use super::Reason;

/// No value of a person is longer, in bytes; it bounds the work done for one.
pub(super) const LONGEST: usize = 1024;

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

/// Control characters other than white space, or the mark of failed decoding.
fn is_damaged(input: &str) -> bool {
    if input.is_ascii() {
        return input.bytes().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    }
    input.chars().any(|c| c == '\u{fffd}' || c.is_control() && !c.is_whitespace())
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
