//! The names of a row's fields, and which of them the row has had.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

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

/// The fields that are read, each at its number.
const NAMES: [&str; 41] = [
    "keyword_clicked",
    "network",
    "nw_account_name",
    "nw_campaign_id",
    "nw_campaign_name",
    "domain_name",
    "event_source_url",
    "pixel_id",
    "campaign_id",
    "campaign_name",
    "adset_id",
    "ad_id",
    "traffic_source",
    "ip",
    "user_agent",
    "country_code",
    "region",
    "city",
    "zp",
    "zip",
    "ts_click_id",
    "fbc",
    "fbp",
    "em",
    "ph",
    "fn",
    "ln",
    "db",
    "ge",
    "external_id",
    "order_id",
    "currency",
    "session_id",
    "click_timestamp",
    "revenue",
    "lander_visitors",
    "lander_searches",
    "visits",
    "serp",
    "conversions",
    "ttp",
];

/// The fields of a JSON object that are read, in the order in which they come, each with its value as it is written; `None` when the text
/// is not an object. A field that comes twice is there twice.
#[must_use]
pub fn values(raw: &str) -> Option<Vec<(&'static str, &str)>> {
    serde_json::from_str(raw).ok().map(|Values(values)| values)
}

struct Values<'a>(Vec<(&'static str, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Values<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<'de>, A::Error> {
                let mut values = Vec::new();
                while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    let known = NAMES.iter().find(|known| **known == name.0);
                    values.extend(known.map(|known| (*known, value.get())));
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Which of the fields that are read a row has, whatever they say; or the rows of a file together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldNames(u64);

impl FieldNames {
    /// Those of a JSON text; `None` when it is not an object.
    pub(super) fn of(raw: &str) -> Option<Self> {
        serde_json::from_str(raw).ok()
    }

    /// Whether it is among them.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        NAMES.iter().position(|known| *known == name).is_some_and(|number| self.0 & 1 << number != 0)
    }

    /// None at all.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl<'de> Deserialize<'de> for FieldNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = FieldNames;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldNames, A::Error> {
                let mut names = FieldNames::default();
                while let Some((name, _)) = map.next_entry::<Name<'de>, IgnoredAny>()? {
                    let number = NAMES.iter().position(|known| *known == name.0);
                    names.0 |= number.map_or(0, |number| 1 << number);
                }
                Ok(names)
            }
        }
        deserializer.deserialize_map(Names)
    }
}

/// The fields that a row has had, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Seen(u64);

impl Seen {
    pub(super) const fn names(&self) -> FieldNames {
        FieldNames(self.0)
    }

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
