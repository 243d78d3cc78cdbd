//! Why a request is refused: a code, and a message that may name a key, never an event.

use std::borrow::Cow;

/// A parameter is invalid.
const INVALID: i64 = 40_002;

/// A refused request. It holds key names and places, never a value of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    what: Cow<'static, str>,
    /// The keys that lead to the place, the outermost first.
    path: Vec<String>,
}

impl Refusal {
    pub(crate) fn new(code: i64, what: impl Into<Cow<'static, str>>) -> Self {
        Self { code, what: what.into(), path: Vec::new() }
    }

    /// The value here breaks a rule.
    pub(crate) fn wrong(what: &'static str) -> Self {
        Self::new(INVALID, what)
    }

    /// The required `key` is missing.
    pub(crate) fn missing(key: &str) -> Self {
        Self::wrong("Missing data for required field.").under(key)
    }

    /// The key is not part of the schema.
    pub(crate) fn unexpected(key: &str) -> Self {
        Self::wrong("Unknown field.").under(key)
    }

    /// Says that the refused value sits under `key`.
    pub(crate) fn under(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }

    pub(crate) fn message(&self) -> String {
        if self.path.is_empty() {
            return self.what.to_string();
        }
        format!("{}: {}", self.path.join("."), self.what)
    }

    /// The form used in the statistics.
    pub(crate) fn label(&self) -> String {
        self.code.to_string()
    }
}
