//! Liberal reading of single JSON values: feeds write numbers as text, ids as numbers, and leave macros unexpanded.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One JSON value of a row, read without an opinion about its type; text borrows from the row where it has no escapes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field<'a> {
    /// `null`, and every field that a row does not have.
    Absent,
    Text(Cow<'a, str>),
    Integer(i64),
    Float(f64),
    /// `true`, an array, an object, or an integer beyond 64 bits: nothing that a scalar field can mean.
    Other,
}

impl<'a> Field<'a> {
    /// The value as text. Ids may come as numbers. Empty text and unexpanded macros are absent.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => meaningful(text),
            Self::Integer(n) => Some(Cow::Owned(n.to_string())),
            Self::Float(f) => Some(Cow::Owned(f.to_string())),
            Self::Absent | Self::Other => None,
        }
    }
}

/// Cuts white space off and turns what says nothing (empty, an unexpanded macro) into nothing.
fn meaningful(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let trimmed = text.trim();
    if trimmed.is_empty() || is_macro(trimmed) {
        return None;
    }
    if trimmed.len() == text.len() {
        return Some(text);
    }
    Some(match text {
        Cow::Borrowed(whole) => Cow::Borrowed(whole.trim()),
        Cow::Owned(ref whole) => Cow::Owned(whole.trim().to_owned()),
    })
}

/// `{fbclid}`, `{{campaign.id}}`, `__CLICKID__`: a placeholder that a tracker should have filled.
fn is_macro(text: &str) -> bool {
    let bytes = text.as_bytes();
    let braces = bytes.len() > 2 && bytes[0] == b'{' && bytes[bytes.len() - 1] == b'}';
    let underscores = bytes.len() > 4
        && text.starts_with("__")
        && text.ends_with("__")
        && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    braces || underscores
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Field<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }
            fn visit_unit<E>(self) -> Result<Field<'de>, E> {
                Ok(Field::Absent)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Field<'de>, E> {
                Ok(Field::Other)
            }
            fn visit_i64<E>(self, n: i64) -> Result<Field<'de>, E> {
                Ok(Field::Integer(n))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Field<'de>, E> {
                // Ids up to 20 digits keep every digit as text; a float would lose the last ones.
                Ok(i64::try_from(n).map_or_else(|_| Field::Text(Cow::Owned(n.to_string())), Field::Integer))
            }
            fn visit_f64<E>(self, f: f64) -> Result<Field<'de>, E> {
                Ok(Field::Float(f))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
                Ok(Field::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Field<'de>, E> {
                Ok(Field::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Field::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Field::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Option<String> {
        serde_json::from_str::<Field<'_>>(json).unwrap().into_text().map(Cow::into_owned)
    }

    #[test]
    fn what_says_nothing_is_absent() {
        for json in [
            "null",
            "\"\"",
            "\"  \"",
            "\"{fbclid}\"",
            "\"{{campaign.id}}\"",
            "\"__CLICKID__\"",
            "true",
            "[1]",
            "{}",
        ] {
            assert_eq!(text(json), None, "{json}");
        }
    }

    #[test]
    fn ids_may_be_numbers_and_keep_every_digit() {
        assert_eq!(text("120210000000100017").as_deref(), Some("120210000000100017"));
        assert_eq!(text("18446744073709551615").as_deref(), Some("18446744073709551615"));
        assert_eq!(text("\" a b \"").as_deref(), Some("a b"));
        assert_eq!(text("\"São\"").as_deref(), Some("São"));
    }
}
