//! Countries: the ISO 3166-1 alpha-2 code, lower-case.

mod codes;
mod names;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use codes::ISO_3166;
use names::{LONGEST_NAME, NAMES};

/// Where each alpha-2 code stands in [`ISO_3166`], by its two letters; `NONE` for codes that are not assigned.
static BY_ALPHA_2: [u8; 26 * 26] = by_alpha_2();
const NONE: u8 = u8::MAX;

const fn by_alpha_2() -> [u8; 26 * 26] {
    let mut places = [NONE; 26 * 26];
    let mut place = 0;
    while place < ISO_3166.len() {
        let code = ISO_3166[place].1.as_bytes();
        places[slot(code[0], code[1])] = place as u8;
        place += 1;
    }
    places
}

const fn slot(first: u8, second: u8) -> usize {
    (first - b'a') as usize * 26 + (second - b'a') as usize
}

/// The alpha-2 code of a country given by its alpha-2 or alpha-3 code or its English name, in any case.
///
/// `UK` and `EL`, which are in common use, are read as `gb` and `gr`. `XK` is in no ISO table and is not read.
#[must_use]
pub fn alpha_2(input: &str) -> Option<&'static str> {
    let input = input.trim();
    match *input.as_bytes() {
        [first, second] => of_two_letters(first, second),
        [_, _, _] => of_three_letters(input),
        _ => of_name(input),
    }
}

fn of_two_letters(first: u8, second: u8) -> Option<&'static str> {
    let pair = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
    match &pair {
        b"uk" => Some("gb"),
        b"el" => Some("gr"),
        _ if pair.iter().all(u8::is_ascii_lowercase) => {
            let place = BY_ALPHA_2[slot(pair[0], pair[1])];
            ISO_3166.get(usize::from(place)).map(|(_, code)| *code)
        }
        _ => None,
    }
}

fn of_three_letters(input: &str) -> Option<&'static str> {
    let mut code = [0; 3];
    code.copy_from_slice(input.as_bytes());
    code.make_ascii_lowercase();
    let code = std::str::from_utf8(&code).ok()?;
    match ISO_3166.binary_search_by_key(&code, |(alpha_3, _)| alpha_3) {
        Ok(place) => Some(ISO_3166[place].1),
        // `U.S`, `U K` and the like.
        Err(_) => of_name(input),
    }
}

/// Looks the name up without diacritics, blanks and punctuation. Dotted codes (`U.S.A.`) come out as codes.
fn of_name(input: &str) -> Option<&'static str> {
    let mut key = [0; LONGEST_NAME];
    let mut length = 0;
    for c in input.nfd().filter(|c| !is_combining_mark(*c)) {
        if !c.is_alphanumeric() {
            continue;
        }
        let byte = u8::try_from(c).ok().filter(u8::is_ascii_alphabetic)?;
        *key.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    let key = std::str::from_utf8(&key[..length]).ok()?;
    match (length, key.len() == input.len()) {
        (2 | 3, false) => alpha_2(key),
        _ => find(key).or_else(|| find(key.strip_prefix("the")?)).or_else(|| of_inverted(input)),
    }
}

/// `Korea, Republic of`, as the standard itself sorts its names.
fn of_inverted(input: &str) -> Option<&'static str> {
    let (name, form) = input.split_once(',')?;
    if form.contains(',') { None } else { of_name(&format!("{form}{name}")) }
}

fn find(key: &str) -> Option<&'static str> {
    NAMES.binary_search_by_key(&key, |(name, _)| name).ok().map(|place| NAMES[place].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names() {
        for (input, code) in [
            ("US", "us"),
            (" Es", "es"),
            ("usa", "us"),
            ("UK", "gb"),
            ("GBR", "gb"),
            ("U.S.A.", "us"),
            ("U.S.", "us"),
            ("U.K", "gb"),
            ("United States", "us"),
            ("UnitedStates", "us"),
            ("the United States of America", "us"),
            ("Germany", "de"),
            ("Côte d'Ivoire", "ci"),
            ("South Korea", "kr"),
            ("Korea, Republic of", "kr"),
            ("Bolivia, Plurinational State of", "bo"),
            ("Türkiye", "tr"),
            ("SAO TOME AND PRINCIPE", "st"),
        ] {
            assert_eq!(alpha_2(input), Some(code), "{input}");
        }
    }

    #[test]
    fn no_countries() {
        for input in
            ["XK", "zz", "xyz", "Atlantis", "1", "", "840", "Ελλάδα", "é", "éa", "--", &"a".repeat(99)]
        {
            assert_eq!(alpha_2(input), None, "{input}");
        }
    }

    #[test]
    fn tables_are_in_order_and_agree() {
        assert!(ISO_3166.is_sorted_by(|a, b| a.0 < b.0));
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(NAMES.iter().map(|(name, _)| name.len()).max(), Some(LONGEST_NAME));
        for (alpha_3, code) in ISO_3166 {
            assert_eq!(alpha_2(code), Some(code));
            assert_eq!(alpha_2(&alpha_3.to_uppercase()), Some(code));
        }
        for (name, code) in NAMES {
            assert_eq!(alpha_2(name), Some(code), "{name}");
        }
    }
}
