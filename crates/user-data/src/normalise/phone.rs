//! Telephone numbers: the digits of the international number, country code first, without `+` and leading zeros.

mod plans;

use unicode_normalization::UnicodeNormalization;

use super::{Reason, country};
use plans::{NumberingPlan, has_other_code, of_code, of_country};

/// The most digits an international number can have (E.164).
const LONGEST: usize = 15;

/// Reads a number as international when it says so (`+`, `00`), else as one of `country`. Without either, digits alone are
/// taken for Meta's own form when they can be one, as Meta's libraries take them; a number that was written for people
/// (`(650) 555-1212`) has no country code then. Whatever does not fit its country's numbering plan is omitted: a wrong key is
/// worse than none.
pub(super) fn phone(input: &str, country: Option<&str>) -> Result<String, Reason> {
    let plain: String = input.nfkc().take_while(|c| !matches!(c, ';' | ',' | '#' | '/')).collect();
    let plain = without_extension(&plain);
    let digits: String = plain.chars().filter_map(digit).collect();
    let home = country.and_then(country::alpha_2).and_then(of_country);
    if let Some(digits) = international(plain, &digits, home) {
        return known_plan(digits).ok_or(Reason::Malformed);
    }
    if let Some(plan) = home {
        return at_home(&digits, plan).or_else(|| unmistakable(&digits)).ok_or(Reason::Malformed);
    }
    let bare = plain.chars().all(|c| digit(c).is_some());
    bare.then(|| known_plan(&digits)).flatten().or_else(|| unmistakable(&digits)).ok_or(Reason::NoCountryCode)
}

/// The ASCII digit of a decimal digit of any of the scripts that people write numbers with.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 12] =
        [0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xe50];
    let value = ZEROS.iter().find_map(|zero| (c as u32).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// Cuts at `ext`, `x` or the like after the number's digits.
fn without_extension(text: &str) -> &str {
    let mut seen = 0;
    for (place, c) in text.char_indices() {
        if digit(c).is_some() {
            seen += 1;
        } else if seen >= 7 && c.is_alphabetic() {
            return &text[..place];
        }
    }
    text
}

/// The digits after the mark of an international number, or `None` when there is no such mark.
fn international<'a>(text: &str, digits: &'a str, home: Option<&NumberingPlan>) -> Option<&'a str> {
    let marked = text.trim_start_matches(|c: char| c != '+' && digit(c).is_none()).starts_with('+');
    if marked || digits.starts_with("00") {
        return Some(digits.trim_start_matches('0'));
    }
    let north_american = home.is_some_and(|plan| plan.code == "1");
    digits.strip_prefix("011").filter(|_| north_american)
}

/// A number that begins with a country code. The plans of small countries are not in our table: of theirs, the code alone is
/// checked.
fn known_plan(digits: &str) -> Option<String> {
    if let Some(plan) = of_code(digits) {
        return Some(format!("{}{}", plan.code, plan.fit(&digits[plan.code.len()..])?));
    }
    ((8..=LONGEST).contains(&digits.len()) && has_other_code(digits)).then(|| digits.to_owned())
}

/// A number as it is written in its own country, with or without the country code.
fn at_home(digits: &str, plan: &NumberingPlan) -> Option<String> {
    let with_code = digits.strip_prefix(plan.code).and_then(|rest| plan.fit(rest));
    with_code.or_else(|| plan.fit(digits)).map(|national| format!("{}{national}", plan.code))
}

/// Digits without any mark that fit one country's plan with its code, and are not a North American number without it.
fn unmistakable(digits: &str) -> Option<String> {
    let north_american =
        of_country("us").and_then(|plan| plan.fit(digits)).is_some_and(|rest| rest == digits);
    let plan = of_code(digits).filter(|_| !north_american)?;
    let national = plan.fit(&digits[plan.code.len()..])?;
    Some(format!("{}{national}", plan.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_a_country_code() {
        for (input, expected) in [
            ("+1 650-555-1212", "16505551212"),
            ("16505551212", "16505551212"),
            ("+44 (0)20 7946 0958", "442079460958"),
            ("0044 20 7946 0958", "442079460958"),
            ("000001 650 555 1212", "16505551212"),
            ("0049 89 12345678", "498912345678"),
            ("+39 06 1234 5678", "390612345678"),
            ("+1 650 555 1212 ext. 5", "16505551212"),
            ("tel:+16505551212", "16505551212"),
            ("+１ ６５０ ５５５ １２１２", "16505551212"),
            ("+683 4000 123", "6834000123"),
            ("+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨", "442079460958"),
            ("+1 (650) 555-1212 x 99", "16505551212"),
            ("+49 (0) 89 1234-5678;ext=9", "498912345678"),
        ] {
            for country in [None, Some("US"), Some("GB")] {
                assert_eq!(phone(input, country).as_deref(), Ok(expected), "{input} {country:?}");
            }
        }
    }

    #[test]
    fn the_country_completes_a_number() {
        for (input, country, expected) in [
            ("US phone number (650)555-1212", "US", "16505551212"),
            ("650.555.1212", "usa", "16505551212"),
            ("1 650 555 1212", "US", "16505551212"),
            ("011 44 20 7946 0958", "US", "442079460958"),
            ("020 7946 0958", "UK", "442079460958"),
            ("06 12 34 56 78", "FR", "33612345678"),
            ("8 (495) 123-45-67", "RU", "74951234567"),
            ("06 1234 5678", "IT", "390612345678"),
            ("98765 43210", "IN", "919876543210"),
            ("919876543210", "IN", "919876543210"),
        ] {
            assert_eq!(phone(input, Some(country)).as_deref(), Ok(expected), "{input}");
        }
    }

    #[test]
    fn digits_alone_are_read_as_metas_form() {
        for number in ["4755551212", "6834000123", "390612345678", "16505551212"] {
            assert_eq!(phone(number, None).as_deref(), Ok(number));
        }
        assert_eq!(phone("4755551212", Some("US")).as_deref(), Ok("14755551212"));
    }

    #[test]
    fn no_country_code_no_number() {
        for input in
            ["(650)555-1212", "020 7946 0958", "650.555.1212", "475-555-1212", "020.7946.0958", "6505551212"]
        {
            assert_eq!(phone(input, None), Err(Reason::NoCountryCode), "{input}");
        }
    }

    #[test]
    fn numbers_that_cannot_be() {
        // An American number is not a British one that lacks its code.
        for (input, country) in [
            ("(650)555-1212", "GB"),
            ("650 555 1212", "TR"),
            ("+44 650 555 1212", "US"),
            ("+1 911 555 1212", "US"),
            ("650-911-1212", "US"),
            ("+34 123 456 789", "ES"),
        ] {
            assert_eq!(phone(input, Some(country)), Err(Reason::Malformed), "{input} {country}");
        }
        assert_eq!(phone("+7 701 234 5678", Some("KZ")).as_deref(), Ok("77012345678"));
    }

    #[test]
    fn no_numbers() {
        for input in
            ["+999 123 456 789", "+1-800-FLOWERS", "+1 650 555 121", "+1 000 000 0000", "+", "+12", "+0"]
        {
            assert_eq!(phone(input, None), Err(Reason::Malformed), "{input}");
        }
        for input in ["12345", "555-12", "none", "0"] {
            assert_eq!(phone(input, Some("US")), Err(Reason::Malformed), "{input}");
        }
        assert_eq!(phone(&format!("+{}", "9".repeat(40)), None), Err(Reason::Malformed));
    }
}
