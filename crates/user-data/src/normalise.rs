//! Customer information in the form in which platforms want it hashed. The rules are those of Meta's page
//! [Customer Information Parameters], read 2026-11-23; each file states its own. "The page" in them is this one.
//!
//! [Customer Information Parameters]: https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
//!
//! [`normalise`] gives the text to be hashed, [`customer_key`] the hash itself. Values that cannot be right are
//! [`Omitted`](Normal::Omitted) with a [`Reason`]; nothing empty is ever hashed.
//!
//! Applying it to its own result changes nothing, with one exception: where the row names a country, a telephone number of
//! another country has lost the `+` that says so, and only `+` and the number together give the same number again.

mod city;
pub mod country;
mod crawler;
mod dates;
mod email;
mod entities;
mod external_id;
mod gender;
mod given;
mod hints;
mod ip;
mod name;
mod phone;
mod postcode;
mod reason;
mod screen;
mod state;
mod text;
mod user_agent;

use std::borrow::Cow;

pub use crawler::is_crawler;
pub use email::email_addresses;
pub use given::{CustomerKey, is_suffix};
pub use hints::Hints;
pub use ip::client_ip_address;
pub use reason::Reason;
pub use screen::is_placeholder;
pub use user_agent::client_user_agent;

use given::Given;

/// A value of a person that is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// An address for electronic mail.
    Email,
    /// A telephone number with its country code.
    Phone,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The date of birth.
    DateOfBirth,
    /// `f` or `m`.
    Gender,
    /// The city.
    City,
    /// The state or region.
    State,
    /// The postcode.
    Postcode,
    /// The ISO 3166-1 alpha-2 code.
    Country,
    /// The advertiser's own id.
    ExternalId,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 11] = [
        Self::Email,
        Self::Phone,
        Self::FirstName,
        Self::LastName,
        Self::DateOfBirth,
        Self::Gender,
        Self::City,
        Self::State,
        Self::Postcode,
        Self::Country,
        Self::ExternalId,
    ];
}

/// What became of a value.
#[derive(Clone, PartialEq, Eq)]
pub enum Normal<'a> {
    /// The text to be hashed; borrowed when the input had this form already.
    Value(Cow<'a, str>),
    /// The input was a SHA-256 already: 64 lower-case hex digits, with the Parameter Builder's suffix if it had one.
    AlreadyHashed(Cow<'a, str>),
    /// The value cannot be right or says nothing; leave the key out.
    Omitted(Reason),
}

impl Normal<'_> {
    /// The same, apart from the text it was read from.
    fn into_owned(self) -> Normal<'static> {
        match self {
            Self::Value(text) => Normal::Value(Cow::Owned(text.into_owned())),
            Self::AlreadyHashed(text) => Normal::AlreadyHashed(Cow::Owned(text.into_owned())),
            Self::Omitted(reason) => Normal::Omitted(reason),
        }
    }
}

impl std::fmt::Debug for Normal<'_> {
    /// Shows the kind and the reason, never the person's data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(_) => f.write_str("Value(..)"),
            Self::AlreadyHashed(_) => f.write_str("AlreadyHashed(..)"),
            Self::Omitted(reason) => f.debug_tuple("Omitted").field(reason).finish(),
        }
    }
}

/// Brings `input` into the form in which platforms want `field` hashed.
///
/// ```
/// use user_data::{Field, Hints, Normal, Reason, normalise};
///
/// let british = Hints { country: Some("GB"), year: None };
/// let phone = normalise(Field::Phone, "07911 123456", british);
/// assert!(phone == Normal::Value("447911123456".into()));
///
/// let nowhere = normalise(Field::Phone, "07911 123456", Hints::default());
/// assert!(nowhere == Normal::Omitted(Reason::NoCountryCode));
///
/// assert!(normalise(Field::City, "{city}", Hints::default()) == Normal::Omitted(Reason::Placeholder));
/// ```
#[must_use]
pub fn normalise<'a>(field: Field, input: &'a str, hints: Hints<'_>) -> Normal<'a> {
    let input = match screen::screen(input) {
        Ok(input) => input,
        Err(reason) => return Normal::Omitted(reason),
    };
    if let Some(given) = given::read(input) {
        return already(given);
    }
    // An advertiser's own id is left as it is.
    if field != Field::ExternalId
        && let Cow::Owned(decoded) = entities::decode(input)
    {
        return match screen::screen(&decoded) {
            Ok(decoded) => of_field(field, decoded, hints).into_owned(),
            Err(reason) => Normal::Omitted(reason),
        };
    }
    of_field(field, input, hints)
}

/// Brings a value that may be one into its form.
fn of_field<'a>(field: Field, input: &'a str, hints: Hints<'_>) -> Normal<'a> {
    let value = match field {
        Field::Email => email::email(input),
        Field::Phone => phone::phone(input, hints.country).map(Cow::Owned),
        Field::FirstName | Field::LastName => name::name(input),
        Field::DateOfBirth => dates::date_of_birth(input, hints),
        Field::Gender => gender::gender(input).map(Cow::Borrowed),
        Field::City => city::city(input),
        Field::State => state::state(input, hints.country),
        Field::Postcode => postcode::postcode(input, hints.country),
        Field::Country => country::alpha_2(input).map(Cow::Borrowed).ok_or(Reason::NotRecognised),
        Field::ExternalId => external_id::external_id(input),
    };
    match value.and_then(screen::screen_result) {
        // What stood around a hash, such as brackets, may have kept it from being seen before.
        Ok(value) => match given::read(&value) {
            Some(given) => already(given.into_owned()),
            None => Normal::Value(value),
        },
        Err(reason) => Normal::Omitted(reason),
    }
}

fn already(given: Given<'_>) -> Normal<'_> {
    match given {
        Given::Sha256(text) => Normal::AlreadyHashed(text),
        Given::OfNothing => Normal::Omitted(Reason::HashOfNothing),
    }
}

/// Normalises and hashes: what is sent of the field.
///
/// ```
/// use user_data::hash::hash;
/// use user_data::{Field, Hints, customer_key};
///
/// let key = customer_key(Field::Email, " Jane@Example.COM ", Hints::default())?;
/// assert_eq!(key.as_str(), hash("jane@example.com").as_str());
/// # Ok::<(), user_data::Reason>(())
/// ```
///
/// # Errors
///
/// The reason to leave the key out.
pub fn customer_key<'a>(field: Field, input: &'a str, hints: Hints<'_>) -> Result<CustomerKey<'a>, Reason> {
    match normalise(field, input, hints) {
        Normal::Value(text) => Ok(CustomerKey::Hash(crate::hash::hash(&text))),
        Normal::AlreadyHashed(text) => Ok(CustomerKey::Given(text)),
        Normal::Omitted(reason) => Err(reason),
    }
}

#[cfg(test)]
mod tests;
