//! First and last names: lower-case, no punctuation, UTF-8.

use std::borrow::Cow;

use super::Reason;
use super::city::refuse_markup;
use super::text::letters_and_digits;

/// Blanks inside a name go as punctuation does (`de la Cruz` is `delacruz`). The page does not say; this is what Meta's
/// Parameter Builder does, its newest library for browsers and servers alike.
pub(super) fn name(input: &str) -> Result<Cow<'_, str>, Reason> {
    refuse_markup(input)?;
    letters_and_digits(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (input, expected) in [
            ("Mary", "mary"),
            ("Jean-Luc", "jeanluc"),
            ("O’Brien", "obrien"),
            ("de la Cruz", "delacruz"),
            ("정", "정"),
        ] {
            assert_eq!(name(input).as_deref(), Ok(expected), "{input}");
        }
    }
}
