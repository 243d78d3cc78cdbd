//! TikTok's names of what it matches people by, and the form in which it wants each value.

mod digits;

use std::borrow::Cow;

use user_data::{CustomerKey, Field, Hints, Normal, Reason, hash};

/// The key in `user`; `None` for what TikTok does not take.
#[must_use]
pub const fn key(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::Email => "email",
        Field::Phone => "phone",
        Field::ExternalId => "external_id",
        Field::FirstName => "first_name",
        Field::LastName => "last_name",
        Field::Postcode => "zip_code",
        Field::City => "city",
        Field::State => "state",
        Field::Country => "country",
        Field::DateOfBirth | Field::Gender => return None,
    })
}

/// The field with this key; `None` for a key that is not of a person or not known.
#[must_use]
pub fn field(name: &str) -> Option<Field> {
    Field::ALL.into_iter().find(|field| key(*field) == Some(name))
}

/// Whether the value is sent as a hash. Places go out as plain text.
#[must_use]
pub const fn is_hashed(field: Field) -> bool {
    !matches!(field, Field::City | Field::State | Field::Country)
}

/// Brings a value into TikTok's form: what is hashed, or sent as it is.
///
/// ```
/// use destination_tiktok::fields::normalise;
/// use user_data::{Field, Hints, Normal};
///
/// let phone = normalise(Field::Phone, "+1 (415) 555-0100", Hints::default());
/// assert!(phone == Normal::Value("+14155550100".into()));
/// ```
#[must_use]
pub fn normalise<'a>(field: Field, input: &'a str, hints: Hints<'_>) -> Normal<'a> {
    match (field, user_data::normalise(field, input, hints)) {
        (Field::Phone, normal) => phone(input, normal),
        (Field::Postcode, Normal::Value(_)) => Normal::Value(postcode(input)),
        // A hash says nothing where plain text is wanted.
        (field, Normal::AlreadyHashed(_)) if !is_hashed(field) => Normal::Omitted(Reason::NotRecognised),
        (_, normal) => normal,
    }
}

/// The telephone number has its `+`, unlike Meta's. A hash in a row is of Meta's form most likely, as the row's names are, and TikTok
/// would find no one by it.
fn phone<'a>(input: &str, normal: Normal<'a>) -> Normal<'a> {
    match normal {
        Normal::Value(digits) => Normal::Value(Cow::Owned(format!("+{digits}"))),
        Normal::AlreadyHashed(_) => Normal::Omitted(Reason::Ambiguous),
        Normal::Omitted(reason) => match digits::international(input) {
            Some(digits) => Normal::Value(Cow::Owned(format!("+{digits}"))),
            None => Normal::Omitted(reason),
        },
    }
}

/// Lower-case, without blanks and hyphens; the four digits behind a ZIP code stay.
fn postcode(input: &str) -> Cow<'_, str> {
    let letters = input.chars().filter(|c| c.is_alphanumeric());
    Cow::Owned(letters.flat_map(char::to_lowercase).collect())
}

/// What is sent of a field that is hashed.
///
/// # Errors
///
/// The reason to leave the key out.
pub fn customer_key<'a>(field: Field, input: &'a str, hints: Hints<'_>) -> Result<CustomerKey<'a>, Reason> {
    match normalise(field, input, hints) {
        Normal::Value(text) => Ok(CustomerKey::Hash(hash::hash(&text))),
        Normal::AlreadyHashed(text) => Ok(CustomerKey::Given(text)),
        Normal::Omitted(reason) => Err(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(field: Field, input: &str, country: Option<&str>) -> Result<String, Reason> {
        match normalise(field, input, Hints { country, year: None }) {
            Normal::Value(text) | Normal::AlreadyHashed(text) => Ok(text.into_owned()),
            Normal::Omitted(reason) => Err(reason),
        }
    }

    #[test]
    fn names_go_both_ways() {
        for each in Field::ALL {
            assert_eq!(key(each).and_then(field), key(each).map(|_| each));
        }
        assert_eq!(field("phone_number"), None, "the name of version 1");
    }

    #[test]
    fn what_differs_from_other_platforms() {
        let hash = "6d894aa3ee802549d7f340e7c1cf0d1c1cb14cd84f768d92ffaa6785337c4997";
        for (field, input, country, expected) in [
            (Field::Phone, "(650) 555-1212", Some("US"), Ok("+16505551212")),
            (Field::Phone, "(650) 555-1212", None, Err(Reason::NoCountryCode)),
            (Field::Phone, hash, None, Err(Reason::Ambiguous)),
            (Field::Postcode, "10001-1234", Some("US"), Ok("100011234")),
            (Field::Postcode, "M1 1AE", Some("GB"), Ok("m11ae")),
            (Field::Postcode, "1001", Some("US"), Err(Reason::Malformed)),
            (Field::City, "St. Louis", None, Ok("stlouis")),
            (Field::City, hash, None, Err(Reason::NotRecognised)),
            (Field::State, "NewYork", Some("US"), Ok("ny")),
            (Field::Country, "USA", None, Ok("us")),
            (Field::ExternalId, " User-42 ", None, Ok("User-42")),
            (Field::ExternalId, hash, None, Ok(hash)),
        ] {
            assert_eq!(
                normal(field, input, country).as_deref(),
                expected.as_ref().map(|text| &**text),
                "{field:?} {input}"
            );
        }
    }
}
