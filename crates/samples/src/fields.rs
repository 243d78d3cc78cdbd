//! A JSON object that keeps its fields in the order in which they were written, as the interpreter's files do.

use serde::{Serialize, Serializer};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Adds a field at the end. Names are not looked up: a row is written once, from a fixed list.
    pub(crate) fn push(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push((name, value.into()));
    }

    /// Replaces a field, or adds it.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value.into(),
            None => self.push(name, value),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| *n != name);
    }

    /// The object as one line of JSON. Text stays as it is; only what JSON demands is escaped.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).expect("a map with text keys and JSON values can always be written")
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept() {
        let mut fields = Fields::default();
        fields.push("z", 1);
        fields.push("a", "Łódź \"x\"");
        fields.push("m", 0.25);
        fields.set("z", Value::Null);
        fields.remove("m");
        fields.set("k", true);
        assert_eq!(fields.json(), r#"{"z":null,"a":"Łódź \"x\"","k":true}"#);
    }
}
