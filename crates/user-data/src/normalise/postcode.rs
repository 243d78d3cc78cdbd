//! Postcodes: lower-case, without blanks and dashes; the first five digits in the United States.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::city::refuse_markup;
use super::{Reason, country};

/// The longest postcode in use has ten characters (Iran).
const LONGEST: usize = 10;

/// Countries and territories whose postcodes are American ZIP codes.
const ZIP: [&str; 6] = ["us", "pr", "gu", "vi", "as", "mp"];

/// Keeps the whole code outside the United States: the page's own example for the United Kingdom (`m11ae`) does too.
/// Five and four digits are taken for ZIP+4 unless the row names a country that has none.
pub(super) fn postcode<'a>(input: &'a str, country: Option<&str>) -> Result<Cow<'a, str>, Reason> {
    refuse_markup(input)?;
    let code = compact(input);
    if code.is_empty() {
        return Err(Reason::Empty);
    }
    let country = country.and_then(country::alpha_2);
    if country.is_some_and(|code| ZIP.contains(&code)) {
        return zip(code);
    }
    if country.is_none() && is_zip_plus_4(input) {
        return zip(code);
    }
    if is_plausible(&code) { Ok(code) } else { Err(Reason::Malformed) }
}

/// Letters and digits, lower-case; full-width digits become plain ones.
fn compact(input: &str) -> Cow<'_, str> {
    let normal = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    if input.bytes().all(normal) {
        return Cow::Borrowed(input);
    }
    Cow::Owned(input.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

/// The first five of five or nine digits. Four digits have lost a zero in a spreadsheet; which code it was is a guess.
fn zip(code: Cow<'_, str>) -> Result<Cow<'_, str>, Reason> {
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    match code.len() {
        5 | 9 if digits && !code.starts_with("00000") => Ok(match code {
            Cow::Borrowed(code) => Cow::Borrowed(&code[..5]),
            Cow::Owned(code) => Cow::Owned(code[..5].to_owned()),
        }),
        _ => Err(Reason::Malformed),
    }
}

/// `94035-1234` or `94035 1234`.
fn is_zip_plus_4(input: &str) -> bool {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let bytes = input.as_bytes();
    bytes.len() == 10 && matches!(bytes[5], b'-' | b' ') && digits(&bytes[..5]) && digits(&bytes[6..])
}

/// Every postcode has a digit other than zero, and is in ASCII.
fn is_plausible(code: &str) -> bool {
    code.len() <= LONGEST && code.is_ascii() && code.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn american() {
        for input in ["94035", "94035-1234", "94035 1234"] {
            assert_eq!(postcode(input, None).as_deref(), Ok("94035"), "{input}");
            assert_eq!(postcode(input, Some("US")).as_deref(), Ok("94035"), "{input}");
        }
        assert_eq!(postcode("940351234", Some("US")).as_deref(), Ok("94035"));
        for input in ["2134", "M1 1AE", "00000", "940351"] {
            assert_eq!(postcode(input, Some("US")), Err(Reason::Malformed), "{input}");
        }
    }

    #[test]
    fn elsewhere() {
        for (input, expected) in [
            ("M1 1AE", "m11ae"),
            ("01310-100", "01310100"),
            ("100-0001", "1000001"),
            ("１００－０００１", "1000001"),
            ("00-950", "00950"),
            ("1987", "1987"),
        ] {
            assert_eq!(postcode(input, None).as_deref(), Ok(expected), "{input}");
        }
        assert_eq!(postcode("12345-6789", Some("SA")).as_deref(), Ok("123456789"));
    }

    #[test]
    fn no_postcodes() {
        assert_eq!(postcode("-", None), Err(Reason::Empty));
        for input in ["0000", "abc", "12345678901", "١٢٣"] {
            assert_eq!(postcode(input, None), Err(Reason::Malformed), "{input}");
        }
    }
}
