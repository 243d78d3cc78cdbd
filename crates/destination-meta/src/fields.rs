//! What Meta calls the fields of `user_data` that it wants hashed ([Customer Information Parameters], read 2026-11-23).
//!
//! [Customer Information Parameters]: https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters

use user_data::Field;

/// The key in `user_data`.
#[must_use]
pub const fn key(field: Field) -> &'static str {
    match field {
        Field::Email => "em",
        Field::Phone => "ph",
        Field::FirstName => "fn",
        Field::LastName => "ln",
        Field::DateOfBirth => "db",
        Field::Gender => "ge",
        Field::City => "ct",
        Field::State => "st",
        Field::Postcode => "zp",
        Field::Country => "country",
        Field::ExternalId => "external_id",
    }
}

/// The field with this key; `None` for a key that is not hashed or not known.
#[must_use]
pub fn field(name: &str) -> Option<Field> {
    Field::ALL.into_iter().find(|field| key(*field) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for each in Field::ALL {
            assert_eq!(field(key(each)), Some(each));
        }
        assert_eq!(field("fbc"), None);
    }
}
