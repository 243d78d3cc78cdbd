//! States and regions: the 2-letter code for the United States; elsewhere the name in lower case without blanks and punctuation.

mod united_states;

use std::borrow::Cow;

use super::city::refuse_markup;
use super::text::letters_and_digits;
use super::{Reason, country};

use united_states::{code_of_name, is_code};

/// Without a country, the name of an American state is taken for one (`Arizona`); with another country it is not
/// (`Georgia`). With the United States as country, what is not a state is omitted: nothing could match it.
pub(super) fn state<'a>(input: &'a str, country: Option<&str>) -> Result<Cow<'a, str>, Reason> {
    refuse_markup(input)?;
    let country = country.and_then(country::alpha_2);
    let input = without_country_prefix(input, country.unwrap_or("us"));
    let name = letters_and_digits(input)?;
    match country {
        Some("us") => united_state(name).map_err(|_| Reason::NotRecognised),
        None => Ok(united_state(name).unwrap_or_else(|name| name)),
        Some(_) => Ok(name),
    }
}

/// The code, or the name back when it is not a state's.
fn united_state(name: Cow<'_, str>) -> Result<Cow<'_, str>, Cow<'_, str>> {
    if is_code(&name) {
        return Ok(name);
    }
    code_of_name(&name).map(Cow::Borrowed).ok_or(name)
}

/// `CA` of the ISO 3166-2 code `US-CA`, `ON` of `CA-ON`.
fn without_country_prefix<'a>(input: &'a str, country: &str) -> &'a str {
    match input.split_at_checked(3) {
        Some((prefix, code)) if is_prefix(prefix, country) && (1..=3).contains(&code.len()) => code,
        _ => input,
    }
}

fn is_prefix(prefix: &str, country: &str) -> bool {
    prefix.strip_suffix('-').is_some_and(|prefix| prefix.eq_ignore_ascii_case(country))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn american_states() {
        for (input, code) in [
            ("CA", "ca"),
            ("N.Y.", "ny"),
            ("US-TX", "tx"),
            ("NewYork", "ny"),
            ("north carolina", "nc"),
            ("DistrictOfColumbia", "dc"),
            ("Washington, D.C.", "dc"),
            ("Washington", "wa"),
            ("PuerToRico", "pr"),
            ("Hawaiʻi", "hi"),
        ] {
            for country in [None, Some("US"), Some("United States")] {
                assert_eq!(state(input, country).as_deref(), Ok(code), "{input} {country:?}");
            }
        }
    }

    #[test]
    fn elsewhere_names_stay() {
        assert_eq!(state("Ontario", Some("CA")).as_deref(), Ok("ontario"));
        assert_eq!(state("Georgia", Some("GE")).as_deref(), Ok("georgia"));
        assert_eq!(state("NewSouthWales", Some("AU")).as_deref(), Ok("newsouthwales"));
        assert_eq!(state("Québec", None).as_deref(), Ok("québec"));
        assert_eq!(state("CA-ON", Some("CA")).as_deref(), Ok("on"));
        assert_eq!(state("US-North", Some("US")), Err(Reason::NotRecognised));
        assert_eq!(state("BC", None).as_deref(), Ok("bc"));
    }

    #[test]
    fn no_states() {
        assert_eq!(state("XX", Some("US")), Err(Reason::NotRecognised));
        assert_eq!(state("Ontario", Some("US")), Err(Reason::NotRecognised));
        assert_eq!(state("12", None), Err(Reason::Malformed));
        assert_eq!(state("{region}", None), Err(Reason::Placeholder));
    }
}
