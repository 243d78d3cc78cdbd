//! Objects and the meaning of their keys.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Key prefix of what the filter writes.
pub const FILTERED_PREFIX: &str = "filtered-conversions/";

/// Key prefix of the filter's receipts, which lie beside what it writes and raise no notification.
pub const RECEIPT_PREFIX: &str = "filter-receipts/";

/// An object in a bucket.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The bucket's name.
    pub bucket: String,
    /// The key as the store knows it: decoded, never the form with `+` and `%3A` that notifications carry.
    pub key: String,
    /// The version, in a bucket that keeps several: a later put must not change what a notification speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl ObjectRef {
    /// An object by bucket and decoded key, in its latest version.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into(), version: None }
    }

    /// The same object in a version.
    #[must_use]
    pub fn at_version(self, version: Option<String>) -> Self {
        Self { version: version.filter(|v| !v.is_empty()), ..self }
    }

    /// The text under which ledger and receipts know the object, in whatever version: `bucket/key`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.bucket, self.key)
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the key of an interpreted or filtered file says:
/// `<group>/<network>/<jobKey>/<account>/<date>/<hour>/<stem>.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterpretedKey<'k> {
    /// The feed network: second segment.
    pub network: &'k str,
    /// The network account: fourth segment.
    pub account: &'k str,
}

/// A key that does not have the segments of an interpreted file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key has {found} segments; an interpreted file has at least 5: <group>/<network>/<job>/<account>/.../<stem>.json"
)]
pub struct TooFewSegments {
    /// How many it has.
    pub found: usize,
}

impl<'k> InterpretedKey<'k> {
    /// Reads a decoded key.
    ///
    /// # Errors
    /// [`TooFewSegments`] when a segment is missing or the network is empty.
    pub fn parse(key: &'k str) -> Result<Self, TooFewSegments> {
        let segments: Vec<_> = key.split('/').collect();
        match segments[..] {
            [_, network, _, account, _, ..] if !network.is_empty() => Ok(Self { network, account }),
            _ => Err(TooFewSegments { found: segments.len() }),
        }
    }
}

/// The key that the filter writes the rows of an interpreted file to: always the same, so that a redelivered message
/// overwrites instead of adding. Each version has its own, or an older one that comes late would hide the newer.
#[must_use]
pub fn filtered_key(interpreted: &ObjectRef) -> String {
    let key = interpreted.key.as_str();
    let rest = key.split_once('/').map_or(key, |(_, rest)| rest);
    let Some(version) = &interpreted.version else { return format!("{FILTERED_PREFIX}{rest}") };
    let (stem, ending) = rest.strip_suffix(".json").map_or((rest, ""), |stem| (stem, ".json"));
    format!("{FILTERED_PREFIX}{stem}~{version}{ending}")
}

/// The key of the filter's receipt for an interpreted file.
#[must_use]
pub fn filter_receipt_key(interpreted_key: &str) -> String {
    format!("{RECEIPT_PREFIX}{interpreted_key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_network_and_account() {
        let key = "networks/tonic/Tonic-Job/a@example.com LLC/2026-11-22/9/2026-11-22T09:00:00.000Z.json";
        let parsed = InterpretedKey::parse(key).unwrap();
        assert_eq!((parsed.network, parsed.account), ("tonic", "a@example.com LLC"));
        let object = ObjectRef::new("b", key);
        assert_eq!(filtered_key(&object), key.replacen("networks/", "filtered-conversions/", 1));
        assert_eq!(InterpretedKey::parse("networks/tonic/a/x.json").unwrap_err().found, 4);
    }

    #[test]
    fn versions_do_not_overwrite_each_other() {
        let at = |key: &str, version: &str| ObjectRef::new("b", key).at_version(Some(version.to_owned()));
        assert_eq!(filtered_key(&at("networks/tonic/a.json", "v1")), "filtered-conversions/tonic/a~v1.json");
        assert_eq!(filtered_key(&at("networks/tonic/a.gz", "v1")), "filtered-conversions/tonic/a.gz~v1");
        assert_eq!(at("k", ""), ObjectRef::new("b", "k"));
    }
}
