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
}

impl ObjectRef {
    /// An object by bucket and decoded key.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into() }
    }

    /// The text under which ledger and receipts know the object: `bucket/key`.
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
/// overwrites instead of adding.
#[must_use]
pub fn filtered_key(interpreted_key: &str) -> String {
    let rest = interpreted_key.split_once('/').map_or(interpreted_key, |(_, rest)| rest);
    format!("{FILTERED_PREFIX}{rest}")
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
        assert_eq!(filtered_key(key), key.replacen("networks/", "filtered-conversions/", 1));
        assert_eq!(InterpretedKey::parse("networks/tonic/a/x.json").unwrap_err().found, 4);
    }
}
