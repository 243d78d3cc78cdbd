//! Telephone numbers that no numbering plan fits.

/// The most digits of an international number (E.164).
const LONGEST: usize = 15;

/// So many digits have no number without its country code.
const SURELY_INTERNATIONAL: usize = 13;

/// Digits alone, so many that they can only be a whole international number. TikTok documents no more than E.164's form, and its
/// senders' own vectors are of no numbering plan.
pub(super) fn international(input: &str) -> Option<&str> {
    let digits = input.trim();
    let fits = (SURELY_INTERNATIONAL..=LONGEST).contains(&digits.len());
    (fits && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_have_a_country_code() {
        assert_eq!(international(" 12345678901234 "), Some("12345678901234"));
        for input in
            ["6505551212", "001234567890123", "1234567890123456", "+12345678901234", "1234567890 123"]
        {
            assert_eq!(international(input), None, "{input}");
        }
    }
}
