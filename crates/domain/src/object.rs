//! Objects and the meaning of their keys.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Key prefix of what the filter writes.
pub const FILTERED_PREFIX: &str = "filtered-conversions/";

/// Key prefix of the filter's receipts, which lie beside what it writes and raise no notification.
pub const RECEIPT_PREFIX: &str = "filter-receipts/";

/// Key prefix of the filter's notes about files that it holds for the operator.
pub const HOLD_PREFIX: &str = "filter-holds/";

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

    /// Whether its key is one that other programs give to marks.
    #[must_use]
    pub fn marker(&self) -> Marker {
        let name = self.key.rsplit('/').next().unwrap_or_default();
        let is_mark = name.ends_with("_$folder$")
            || MARKS.contains(&name)
            || MARKS_BEGIN.iter().any(|start| name.starts_with(start))
            || name.starts_with('.') && name.ends_with(".crc");
        if is_mark {
            Marker::Surely
        } else if name.is_empty() || name.starts_with(['_', '.']) {
            Marker::IfEmpty
        } else {
            Marker::No
        }
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

/// Names of objects that Hadoop, Spark and people's tools leave beside files.
const MARKS: [&str; 7] =
    ["_SUCCESS", "_FAILURE", "_temporary", ".keep", ".gitkeep", ".DS_Store", "Thumbs.db"];

/// How further ones begin.
const MARKS_BEGIN: [&str; 2] = ["_started_", "_committed_"];

/// Whether an object is a mark and not a file of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// Its name says so.
    Surely,
    /// If it is empty: a console's folder (its key ends in `/`), or what begins with `_` or `.`.
    IfEmpty,
    /// It is not.
    No,
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

/// What the keys of everything that belongs to one interpreted file have in common: the group below which it lies, its place below
/// that, and its version in a bucket that keeps several.
///
/// The same input gives the same keys, so that a message that comes again overwrites instead of adding. Each version has its own, or an
/// older one that comes late would hide the newer.
///
/// ```
/// use domain::ObjectRef;
/// use domain::object::FileKeys;
///
/// let file = ObjectRef::new("in", "networks/tonic/job/acc/2026-11-22/9/a.json").at_version(Some("v1".to_owned()));
/// let keys = FileKeys::of_interpreted(&file);
/// assert_eq!(keys.filtered(), "filtered-conversions/tonic/job/acc/2026-11-22/9/a~v1.json");
/// assert_eq!(keys.receipt(), "filter-receipts/networks/tonic/job/acc/2026-11-22/9/a~v1.json");
/// // Of a filtered file alone the group is not known; `a.json` of two groups gives one filtered file.
/// assert_eq!(FileKeys::of_filtered(&keys.filtered(), "networks").unwrap(), keys);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileKeys {
    /// First segment of the interpreted file's key; none where it has no segments.
    group: Option<String>,
    /// Everything behind the group, with the version: `<network>/.../<stem>~<version>.json`.
    rest: String,
}

impl FileKeys {
    /// Of an interpreted file.
    #[must_use]
    pub fn of_interpreted(file: &ObjectRef) -> Self {
        let (group, rest) = match file.key.split_once('/') {
            Some((group, rest)) => (Some(group.to_owned()), rest),
            None => (None, file.key.as_str()),
        };
        let rest = match &file.version {
            None => rest.to_owned(),
            Some(version) => {
                let (stem, ending) = rest.strip_suffix(".json").map_or((rest, ""), |stem| (stem, ".json"));
                format!("{stem}~{version}{ending}")
            }
        };
        Self { group, rest }
    }

    /// Of a filtered file, or of the name under which the ledger knows one: a content that replaced another has `#` and a digest behind
    /// its key. None if the filter did not write it.
    #[must_use]
    pub fn of_filtered(key: &str, group: &str) -> Option<Self> {
        let rest = key.strip_prefix(FILTERED_PREFIX)?;
        let rest = rest.rsplit_once('#').map_or(rest, |(rest, _)| rest);
        Some(Self { group: Some(group.to_owned()), rest: rest.to_owned() })
    }

    /// The same without the version. Receipts that were written before they had versions of their own lie there.
    #[must_use]
    pub fn without_version(&self) -> Self {
        let (stem, ending) =
            self.rest.strip_suffix(".json").map_or((&*self.rest, ""), |stem| (stem, ".json"));
        let stem = stem.rsplit_once('~').map_or(stem, |(stem, _)| stem);
        Self { group: self.group.clone(), rest: format!("{stem}{ending}") }
    }

    /// What the keys of the receipts of all versions begin with, and those of other files hardly.
    #[must_use]
    pub fn receipts_of_versions(&self) -> String {
        let receipt = self.without_version().receipt();
        format!("{}~", receipt.strip_suffix(".json").unwrap_or(&receipt))
    }

    /// The key that the filter writes the file's rows to.
    #[must_use]
    pub fn filtered(&self) -> String {
        format!("{FILTERED_PREFIX}{}", self.rest)
    }

    /// The key of the filter's receipt.
    #[must_use]
    pub fn receipt(&self) -> String {
        self.below(RECEIPT_PREFIX)
    }

    /// The key of the note that the file is held.
    #[must_use]
    pub fn hold(&self) -> String {
        self.below(HOLD_PREFIX)
    }

    fn below(&self, prefix: &str) -> String {
        let Self { group, rest } = self;
        group.as_ref().map_or_else(|| format!("{prefix}{rest}"), |group| format!("{prefix}{group}/{rest}"))
    }
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
        let keys = FileKeys::of_interpreted(&object);
        assert_eq!(keys.filtered(), key.replacen("networks/", "filtered-conversions/", 1));
        assert_eq!(keys.receipt(), format!("filter-receipts/{key}"));
        assert_eq!(InterpretedKey::parse("networks/tonic/a/x.json").unwrap_err().found, 4);
    }

    #[test]
    fn marks_of_other_programs_are_known() {
        let marker = |key: &str| ObjectRef::new("b", key).marker();
        for key in
            ["networks/tonic_$folder$", "a/_SUCCESS", "a/._SUCCESS.crc", "a/_committed_12", "a/.DS_Store"]
        {
            assert_eq!(marker(key), Marker::Surely, "{key}");
        }
        for key in ["networks/tonic/", "networks/", "a/_x.json", "a/.hidden"] {
            assert_eq!(marker(key), Marker::IfEmpty, "{key}");
        }
        for key in ["a/b.json", "_a/b", "a.b/c_d"] {
            assert_eq!(marker(key), Marker::No, "{key}");
        }
    }

    #[test]
    fn versions_do_not_overwrite_each_other() {
        let at = |key: &str, version: &str| ObjectRef::new("b", key).at_version(Some(version.to_owned()));
        let filtered = |key, version| FileKeys::of_interpreted(&at(key, version)).filtered();
        assert_eq!(filtered("networks/tonic/a.json", "v1"), "filtered-conversions/tonic/a~v1.json");
        assert_eq!(filtered("networks/tonic/a.gz", "v1"), "filtered-conversions/tonic/a.gz~v1");
        let receipt = |version| FileKeys::of_interpreted(&at("networks/tonic/a.json", version)).receipt();
        assert_ne!(receipt("v1"), receipt("v2"));
        assert_eq!(
            FileKeys::of_interpreted(&at("alone.json", "v1")).receipt(),
            "filter-receipts/alone~v1.json"
        );
        assert_eq!(at("k", ""), ObjectRef::new("b", "k"));
    }

    #[test]
    fn a_filtered_file_leads_to_its_receipt_whatever_its_version_and_content() {
        for version in [None, Some("3HL4kqtJlcpXroDTDm".to_owned())] {
            let file = ObjectRef::new("b", "networks/tonic/job/acc/2026-11-22/9/a.json").at_version(version);
            let keys = FileKeys::of_interpreted(&file);
            for known_as in [keys.filtered(), format!("{}#0123abcd", keys.filtered())] {
                assert_eq!(FileKeys::of_filtered(&known_as, "networks").unwrap().receipt(), keys.receipt());
            }
        }
        assert_eq!(FileKeys::of_filtered("elsewhere/a.json", "networks"), None);
    }

    #[test]
    fn receipts_of_all_versions_are_found_from_the_file() {
        let file = ObjectRef::new("b", "networks/tonic/job/acc/2026-11-22/9/a.json");
        let versioned = FileKeys::of_interpreted(&file.clone().at_version(Some("v1".to_owned())));
        let plain = FileKeys::of_interpreted(&file);
        assert_eq!(versioned.without_version(), plain);
        assert_eq!(plain.without_version(), plain);
        assert!(versioned.receipt().starts_with(&plain.receipts_of_versions()));
    }
}
