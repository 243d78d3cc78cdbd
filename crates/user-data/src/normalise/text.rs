//! The common form of names, cities and states: lower-case letters and digits, composed, nothing else.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Reason;
use super::screen::is_invisible;

/// Lower-cases `input` and drops blanks, punctuation and symbols. Diacritics stay, composed (NFC).
///
/// Something with at least one letter must remain: a number is neither a name nor a place.
pub(super) fn letters_and_digits(input: &str) -> Result<Cow<'_, str>, Reason> {
    let text = if input.is_ascii() { ascii(input) } else { Cow::Owned(unicode(input)) };
    if text.is_empty() {
        Err(Reason::Empty)
    } else if text.chars().any(char::is_alphabetic) {
        Ok(text)
    } else {
        Err(Reason::Malformed)
    }
}

fn ascii(input: &str) -> Cow<'_, str> {
    if input.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return Cow::Borrowed(input);
    }
    let mut out = String::with_capacity(input.len());
    out.extend(
        input.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_lowercase())),
    );
    Cow::Owned(out)
}

/// Lower-casing comes before dropping, so that a final sigma is found at the end of its word; composing comes last too,
/// because dropping a character can make neighbours of two that compose.
fn unicode(input: &str) -> String {
    let composed: String = input.chars().map(narrow).nfc().collect();
    let mut out = String::with_capacity(composed.len());
    let mut kept = false;
    for c in composed.to_lowercase().chars() {
        if is_invisible(c) {
            continue;
        }
        // A combining mark goes with the character it sits on.
        kept = if is_part_of_mark(c) { kept } else { is_letter_or_digit(c) };
        if kept {
            out.push(c);
        }
    }
    out.nfc().collect()
}

/// The plain form of a full-width letter, digit or sign, as keyboards for Chinese and Japanese write them.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// The joiners shape the letters around them, as marks do.
fn is_part_of_mark(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

/// Letters used as apostrophes (`Hawaiʻi`) are punctuation here, like the apostrophe itself.
fn is_letter_or_digit(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{2b9}'..='\u{2bf}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_letters_and_composes_them() {
        for (input, expected) in [
            ("New York", "newyork"),
            ("Coeur d'Alene", "coeurdalene"),
            ("Hawaiʻi", "hawaii"),
            ("Zu\u{308}rich", "zürich"),
            ("東京", "東京"),
            ("ΑΘΗΝΑΣ", "αθηνας"),
            ("İstanbul", "i\u{307}stanbul"),
            ("नई दिल्ली", "नईदिल्ली"),
            ("a!\u{301}b", "ab"),
            ("Paris 🎉\u{fe0f}", "paris"),
            ("29 Palms", "29palms"),
            ("Ｎｅｗ　Ｙｏｒｋ", "newyork"),
            ("ΟΔΟΣ ΑΒ", "οδοςαβ"),
            ("IĞDIR", "iğdir"),
            ("Diyarbakır", "diyarbakır"),
            ("Straße", "straße"),
            ("O’Brien", "obrien"),
            ("D\u{2010}Town", "dtown"),
        ] {
            assert_eq!(letters_and_digits(input).as_deref(), Ok(expected), "{input}");
        }
    }

    #[test]
    fn nothing_and_numbers_are_not_text() {
        assert_eq!(letters_and_digits("-.-"), Err(Reason::Empty));
        assert_eq!(letters_and_digits("🎉"), Err(Reason::Empty));
        assert_eq!(letters_and_digits("12345"), Err(Reason::Malformed));
    }

    #[test]
    fn borrows_what_is_normal_already() {
        assert!(matches!(letters_and_digits("paris"), Ok(Cow::Borrowed("paris"))));
    }
}
