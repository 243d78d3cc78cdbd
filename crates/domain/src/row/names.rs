//! The names of a row's fields, and which of them the row has had.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A field name; borrowed unless it was written with escapes. Half of a surrogate pair in it makes it a name that no rule knows.
pub(super) struct Name<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }
            fn visit_borrowed_bytes<E>(self, text: &'de [u8]) -> Result<Name<'de>, E> {
                Ok(Name(String::from_utf8_lossy(text)))
            }
            fn visit_bytes<E>(self, text: &[u8]) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(String::from_utf8_lossy(text).into_owned())))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        // As text it would have to be whole.
        deserializer.deserialize_bytes(Text)
    }
}

/// The fields that a row has had, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Seen(u64);

impl Seen {
    /// Notes a field, which must not come twice: which of two values is meant is not ours to guess.
    pub(super) fn note<E: Error>(&mut self, number: u32) -> Result<(), E> {
        let bit = 1 << number;
        if self.0 & bit != 0 {
            return Err(E::custom("a field comes twice"));
        }
        self.0 |= bit;
        Ok(())
    }
}
