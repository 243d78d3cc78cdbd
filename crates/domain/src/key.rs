//! Identity: the key of a conversion and the ids of its events. Pure functions whose results never change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::event::EventKind;
use crate::spelling::{canonical, decomposed};

/// What one session earned on one keyword: SHA-256 over (session id, keyword) with lengths, so that no two pairs share a text.
///
/// The legacy system joined both with `-` and so mistook different pairs for one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversionKey([u8; 32]);

impl ConversionKey {
    /// The key of a session and the keyword it clicked, if any, in whatever [spelling](crate::spelling).
    #[must_use]
    pub fn new(session_id: &str, keyword_clicked: Option<&str>) -> Self {
        Self::as_spelt(&canonical(session_id), keyword_clicked.map(canonical).as_deref())
    }

    /// All keys under which a ledger may have the conversion; the first that has an entry counts, and [`new`](Self::new) if none
    /// has. Earlier versions took the key of the spelling that came: such an entry's events have the ids of its key, and keep them.
    /// Empty where there is one key only, as for plain ASCII.
    #[must_use]
    pub fn possible(session_id: &str, keyword_clicked: Option<&str>) -> Vec<Self> {
        if session_id.is_ascii() && keyword_clicked.is_none_or(str::is_ascii) {
            return Vec::new();
        }
        let (session, keyword) = (canonical(session_id), keyword_clicked.map(canonical));
        let (apart, keyword_apart) = (decomposed(&session), keyword.as_deref().and_then(decomposed));
        let spelt = Self::as_spelt(session_id, keyword_clicked);
        let decomposed = Self::as_spelt(
            apart.as_deref().unwrap_or(&session),
            keyword_apart.as_deref().or(keyword.as_deref()),
        );
        let key = Self::as_spelt(&session, keyword.as_deref());
        // A row's own spelling first: its file may be read again. Then what was entered since.
        let mut possible = vec![spelt];
        possible.extend([key, decomposed].into_iter().filter(|other| *other != spelt));
        possible.dedup();
        if possible.len() > 1 { possible } else { Vec::new() }
    }

    fn as_spelt(session_id: &str, keyword_clicked: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"efflux:conversion:1\0");
        hash.update((session_id.len() as u64).to_be_bytes());
        hash.update(session_id);
        if let Some(keyword) = keyword_clicked {
            hash.update((keyword.len() as u64).to_be_bytes());
            hash.update(keyword);
        }
        Self(hash.finalize().into())
    }

    /// The key of a row without identity: a digest of its text, so that the same row is recognised again.
    #[must_use]
    pub fn of_malformed(text: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"efflux:malformed:1\0");
        hash.update(text);
        Self(hash.finalize().into())
    }

    /// The key of a row without identity at its place: it cannot be the conversion of another row, even of one that reads
    /// the same, so each is counted by itself, and known again when its object is redelivered.
    #[must_use]
    pub fn at_place(&self, object: &str, row: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"efflux:place:1\0");
        hash.update(self.0);
        hash.update(row.to_be_bytes());
        hash.update(object);
        Self(hash.finalize().into())
    }

    /// The 32 bytes, as databases store them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key read back from a database.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ConversionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ConversionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key:{}", hex::encode(&self.0[..6]))
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a conversion key has 64 hexadecimal digits")]
pub struct NotAKey;

impl FromStr for ConversionKey {
    type Err = NotAKey;
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAKey)?;
        Ok(Self(bytes))
    }
}

impl Serialize for ConversionKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConversionKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The id under which a platform recognises an event when it arrives again: 32 hexadecimal digits.
///
/// A pure function of key, kind and index. The name that a platform has for the kind does not enter, so that another spelling
/// gives no event a new id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 32]);

impl EventId {
    /// The id of event number `index` (from 0) of `kind` of a conversion.
    #[must_use]
    pub fn new(key: &ConversionKey, kind: EventKind, index: u32) -> Self {
        // 55 bytes at most fit into one block of SHA-256; this is hashed several times for each conversion.
        let mut hash = Sha256::new();
        hash.update(b"e1\0");
        hash.update(key.0);
        hash.update(kind.key());
        hash.update([0]);
        hash.update(index.to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut text = [0; 32];
        // 16 bytes make 32 digits: the lengths always fit.
        hex::encode_to_slice(&digest[..16], &mut text).expect("16 bytes are 32 hexadecimal digits");
        Self(text)
    }

    /// The id as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("hexadecimal digits are ASCII")
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event:{self}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Event ids must never change: a platform recognises what it has by them, and ledgers outlive releases.
    #[test]
    fn ids_are_the_same_forever() {
        let golden = include_str!("../tests/data/event-ids.tsv");
        for line in golden.lines().filter(|l| !l.starts_with('#')) {
            let cells: Vec<_> = line.split('\t').collect();
            let [session, keyword, kind, index, key_hex, id] = cells[..] else {
                panic!("six columns: {line}")
            };
            let key = ConversionKey::new(session, (!keyword.is_empty()).then_some(keyword));
            assert_eq!(key.to_string(), key_hex, "{line}");
            let kind = EventKind::from_key(kind).unwrap();
            assert_eq!(EventId::new(&key, kind, index.parse().unwrap()).as_str(), id, "{line}");
        }
    }

    #[test]
    fn keys_differ_wherever_the_separator_falls() {
        let pairs = [
            ("a-b", Some("c")),
            ("a", Some("b-c")),
            ("a-b-c", None),
            ("a-b-c", Some("")),
            ("", Some("a-b-c")),
        ];
        let keys: HashSet<_> = pairs.iter().map(|(s, k)| ConversionKey::new(s, *k)).collect();
        assert_eq!(keys.len(), pairs.len());
    }

    /// As above: what an earlier version entered must be recognised forever.
    #[test]
    fn possible_keys_are_the_same_forever() {
        let golden = include_str!("../tests/data/spellings.tsv");
        for line in golden.lines().filter(|l| !l.starts_with('#')) {
            let cells: Vec<_> = line.split('\t').collect();
            let [session, keyword, key, possible] = cells[..] else { panic!("four columns: {line}") };
            let (session, keyword) = (unescape(session), unescape(keyword));
            assert_eq!(ConversionKey::new(&session, Some(&keyword)).to_string(), key, "{line}");
            let found: Vec<_> =
                ConversionKey::possible(&session, Some(&keyword)).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(","), possible, "{line}");
        }
    }

    /// `\u{301}` is written out: an editor could compose it.
    fn unescape(text: &str) -> String {
        let mut parts = text.split("\\u{");
        let mut plain = parts.next().unwrap().to_owned();
        for part in parts {
            let (code, rest) = part.split_once('}').unwrap();
            plain.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
            plain.push_str(rest);
        }
        plain
    }

    #[test]
    fn spellings_are_one_key() {
        let key = ConversionKey::new("s1", Some("café"));
        for (session, keyword) in
            [("s1", "cafe\u{301}"), ("s\u{200b}1", "café"), ("\u{feff}s1", "\u{ad}cafe\u{301}\u{200b} ")]
        {
            assert_eq!(ConversionKey::new(session, Some(keyword)), key, "{session:?} {keyword:?}");
            assert!(ConversionKey::possible(session, Some(keyword)).contains(&key));
        }
        assert_ne!(ConversionKey::new("s1", Some("Café")), key);
        // Who wrote it may have meant it: `a+b` is searched for, too.
        for (one, other) in [("a+b", "a b"), ("a&amp;b", "a&b"), ("a%20b", "a b"), ("a  b", "a b")] {
            assert_ne!(ConversionKey::new("s1", Some(one)), ConversionKey::new("s1", Some(other)), "{one}");
        }
        assert_eq!(ConversionKey::possible("s1", Some("plain")), []);
    }

    #[test]
    fn a_key_is_read_back() {
        let key = ConversionKey::new("s", Some("k"));
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!("abc".parse::<ConversionKey>(), Err(NotAKey));
    }
}
