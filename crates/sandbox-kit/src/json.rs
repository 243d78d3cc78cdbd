//! Reading JSON without building a tree: an object is a list of borrowed keys and raw values.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One JSON object as written: keys in order, values still as text.
#[derive(Debug)]
pub struct Object<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    twice: Option<Cow<'a, str>>,
}

/// What kind of value a piece of JSON is, decoded only as far as that needs.
#[derive(Debug)]
pub enum Kind<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// The number as written.
    Number(&'a str),
    /// A string, decoded.
    Text(Cow<'a, str>),
    /// `[...]`
    List,
    /// `{...}`
    Object,
    /// A string whose escapes mean nothing (half of a surrogate pair).
    BrokenText,
}

impl<'a> Object<'a> {
    /// Reads the object; `None` when the value is not an object.
    #[must_use]
    pub fn read(raw: &'a RawValue) -> Option<Self> {
        Self::parse(raw.get())
    }

    /// Reads the object in `text`; `None` when it is not JSON or not an object.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Every key with its value, in the order in which they were written.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.fields.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| *value)
    }

    /// Whether there is one.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The text under `key`, when there is a string there.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        match kind(self.get(key)?) {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number under `key`, when there is one.
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<i64> {
        match kind(self.get(key)?) {
            Kind::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The object under `key`, when there is one.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        Object::read(self.get(key)?)
    }

    /// Whether it has no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A key that was written more than once.
    #[must_use]
    pub fn twice(&self) -> Option<&str> {
        self.twice.as_deref()
    }
}

/// The kind of `raw`, by its first byte.
#[must_use]
pub fn kind(raw: &RawValue) -> Kind<'_> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'"') => string(text),
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::List,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') => Kind::Null,
        _ => Kind::Number(text),
    }
}

/// The members of a list; `None` when `raw` is not a list.
#[must_use]
pub fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

fn string(text: &str) -> Kind<'_> {
    if !text.contains('\\') {
        return Kind::Text(Cow::Borrowed(text.trim_matches('"')));
    }
    serde_json::from_str::<String>(text).map_or(Kind::BrokenText, |text| Kind::Text(Cow::Owned(text)))
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object { fields: Vec::with_capacity(12), twice: None };
        while let Some(Name(key)) = map.next_key::<Name<'de>>()? {
            let value = map.next_value()?;
            if object.has(&key) {
                object.twice = Some(key);
            } else {
                object.fields.push((key, value));
            }
        }
        Ok(object)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_kinds_and_escapes() {
        let text = r#" { "a" : "x\ny", "b\u0041": 12, "c": [1, "2"], "d": null, "e": "\ud800" } "#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.text("a").as_deref(), Some("x\ny"));
        assert_eq!(object.integer("bA"), Some(12));
        assert_eq!(list(object.get("c").unwrap()).unwrap().len(), 2);
        assert!(matches!(kind(object.get("d").unwrap()), Kind::Null));
        assert!(matches!(kind(object.get("e").unwrap()), Kind::BrokenText));
        assert_eq!(object.twice(), None);
    }

    #[test]
    fn notices_a_key_written_twice() {
        assert_eq!(Object::parse(r#"{"a":1,"a":2}"#).unwrap().twice(), Some("a"));
    }
}
