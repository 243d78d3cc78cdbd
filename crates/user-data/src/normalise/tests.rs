//! Laws that hold for every field and every input.

use proptest::prelude::*;

use super::{Field, Hints, Normal, customer_key, normalise};
use crate::hash::Sha256Hex;

const COUNTRIES: [Option<&str>; 6] = [None, Some("US"), Some("GB"), Some("IT"), Some("DE"), Some("nowhere")];

fn text(normal: &Normal<'_>) -> Option<String> {
    match normal {
        Normal::Value(text) | Normal::AlreadyHashed(text) => Some(text.to_string()),
        Normal::Omitted(_) => None,
    }
}

/// Anything at all, and things near to what people write.
fn inputs() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,24}",
        "[ +0-9().x/-]{0,20}",
        "\\+?[0-9]{6,16}",
        "[0-9]{1,2}(st|th)?[ -](jan|Feb|MAR|april|june)[ ,-]{1,2}[0-9]{4}",
        "[A-Za-z .,'éüßİΣς\u{301}\u{308}\u{200d}@{}%-]{0,24}",
        "[0-9a-fA-F]{64}(\\.[A-Za-z0-9]{8})?",
        "[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}",
        "([a-z]|&(amp;|uuml;|#39;|lt;|commat;|amp)|@|\\.){0,12}",
        "(null|none|unknown|Null!|n a|U\\.?S\\.?|New ?York|us-[a-z]{2})",
    ]
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(
        input in inputs(),
        field in prop::sample::select(Field::ALL.to_vec()),
        country in prop::sample::select(COUNTRIES.to_vec()),
    ) {
        let hints = Hints { country, year: Some(2026) };
        if let Some(once) = text(&normalise(field, &input, hints)) {
            // With a country, a telephone number without its `+` no longer says that it is international.
            let again = match field {
                Field::Phone if once.len() < 32 && country.is_some() => format!("+{once}"),
                _ => once.clone(),
            };
            prop_assert_eq!(text(&normalise(field, &again, hints)), Some(once));
        }
    }

    #[test]
    fn nothing_empty_is_ever_sent(
        input in inputs(),
        field in prop::sample::select(Field::ALL.to_vec()),
        country in prop::sample::select(COUNTRIES.to_vec()),
    ) {
        if let Ok(key) = customer_key(field, &input, country.into()) {
            let digest = Sha256Hex::parse(&key.as_str()[..64]).expect("a key begins with a digest");
            prop_assert!(!digest.is_of_nothing());
        }
    }

    #[test]
    fn case_and_blanks_around_do_not_matter(
        input in "[A-Za-z][A-Za-z '.-]{0,20}",
        field in prop::sample::select(vec![Field::FirstName, Field::City, Field::State, Field::Country, Field::Gender]),
    ) {
        let plain = text(&normalise(field, &input, Hints::default()));
        let loud = format!(" \t{} ", input.to_uppercase());
        prop_assert_eq!(text(&normalise(field, &loud, Hints::default())), plain);
    }
}

#[test]
fn nothing_of_a_person_is_printed() {
    let value = normalise(Field::City, "Paris", Hints::default());
    assert_eq!(format!("{value:?}"), "Value(..)");
    let key = customer_key(Field::City, "Paris", Hints::default()).unwrap();
    assert_eq!(format!("{key:?}"), "CustomerKey(..)");
}

#[test]
fn a_hash_is_known_whatever_stands_around_it() {
    let digest = crate::hash::hash("paris");
    let hashed = format!("({})", digest.as_str());
    let of_nothing = format!("({})", crate::hash::hash("").as_str());
    for field in [Field::City, Field::FirstName] {
        let normal = normalise(field, &hashed, Hints::default());
        assert!(normal == Normal::AlreadyHashed(digest.as_str().into()), "{field:?}");
        let normal = normalise(field, &of_nothing, Hints::default());
        assert!(normal == Normal::Omitted(super::Reason::HashOfNothing), "{field:?}");
    }
}
