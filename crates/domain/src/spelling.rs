//! One text may be spelt in several ways that nobody can tell apart: `é` as one character or as two, and with characters that
//! take no room. For an identity they are one.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc, is_nfd};

/// Characters that take no room and mean nothing (soft hyphen, zero-width space, direction marks, byte-order mark).
/// The two joiners are not among them: some scripts spell with them.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The one form of all spellings of a text: composed (NFC), without invisible characters and outer blanks. Case, inner blanks
/// and everything that looks different stay, also `&amp;`, `+` and `%20`: a keyword may be meant so.
///
/// ```
/// use domain::spelling::canonical;
///
/// assert_eq!(canonical("Cafe\u{301}"), canonical(" Caf\u{e9}\u{200b}"));
/// assert_ne!(canonical("Café"), canonical("café"));
/// ```
#[must_use]
pub fn canonical(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) && !text.contains(is_invisible) {
        return Cow::Borrowed(text.trim());
    }
    let composed: String = text.chars().filter(|c| !is_invisible(*c)).nfc().collect();
    Cow::Owned(composed.trim().to_owned())
}

/// The decomposed form (NFD) of a canonical text; `None` where it is the same.
pub(crate) fn decomposed(canonical: &str) -> Option<String> {
    (!is_nfd(canonical)).then(|| canonical.nfd().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_spelling_has_one_form(text in "[ -~äéößÅ漢あが\u{301}\u{200b}\u{ad}]{0,12}") {
            let form = canonical(&text).into_owned();
            prop_assert_eq!(canonical(&form), form.as_str(), "once is enough");
            if let Some(decomposed) = decomposed(&form) {
                prop_assert_eq!(canonical(&decomposed), form.as_str());
            }
            let mut marked = String::from("\u{feff}");
            text.chars().for_each(|c| marked.extend([c, '\u{200b}']));
            prop_assert_eq!(canonical(&marked), form.as_str());
        }
    }
}
