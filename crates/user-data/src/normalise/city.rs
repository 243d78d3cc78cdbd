//! Cities: lower-case, without blanks, punctuation and special characters; `New York` is `newyork`.

use std::borrow::Cow;

use super::Reason;
use super::text::letters_and_digits;

/// Diacritics stay (`sãopaulo`): the page asks for UTF-8 where there are special characters, and keeps `é` elsewhere.
pub(super) fn city(input: &str) -> Result<Cow<'_, str>, Reason> {
    refuse_markup(input)?;
    letters_and_digits(input)
}

/// Braces and percent signs are never part of a name or place, but often what is left of a macro or an encoded URL.
pub(super) fn refuse_markup(input: &str) -> Result<(), Reason> {
    if input.bytes().any(|byte| matches!(byte, b'{' | b'}' | b'%')) {
        Err(Reason::Placeholder)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cities() {
        assert_eq!(city("Washington D.C.").as_deref(), Ok("washingtondc"));
        assert_eq!(city("Queens, NY").as_deref(), Ok("queensny"));
        assert_eq!(city("São Paulo").as_deref(), Ok("sãopaulo"));
        assert_eq!(city("12345"), Err(Reason::Malformed));
        assert_eq!(city("New%20York"), Err(Reason::Placeholder));
        assert_eq!(city("x{city}"), Err(Reason::Placeholder));
    }
}
