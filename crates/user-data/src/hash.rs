//! SHA-256 as lower-case hex digits, the hash that platforms take.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The digest of nothing. It must never be sent: all visitors without a value would share it.
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A SHA-256 digest as 64 lower-case hex digits, held in place.
///
/// It still stands for a person, so `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256Hex([u8; 64]);

impl Sha256Hex {
    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hex digits are ASCII")
    }

    /// Whether this is the hash of the empty string, which no customer information may ever be.
    #[must_use]
    pub fn is_of_nothing(&self) -> bool {
        self.as_str() == OF_NOTHING
    }

    /// Reads 64 hex digits of either case; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits: [u8; 64] = text.as_bytes().try_into().ok()?;
        digits.make_ascii_lowercase();
        digits.iter().all(u8::is_ascii_hexdigit).then_some(Self(digits))
    }
}

impl AsRef<str> for Sha256Hex {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Sha256Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256Hex(..)")
    }
}

impl Serialize for Sha256Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Hashes the UTF-8 bytes of `text`: no salt, no newline, no allocation.
#[must_use]
pub fn hash(text: &str) -> Sha256Hex {
    let digest = Sha256::digest(text.as_bytes());
    let mut digits = [0; 64];
    hex::encode_to_slice(digest, &mut digits).expect("32 bytes are 64 digits");
    Sha256Hex(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        assert_eq!(hash("us").as_str(), "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621");
        assert_eq!(hash("정").as_str(), "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14");
        assert!(hash("").is_of_nothing());
        assert!(!hash("us").is_of_nothing());
    }

    #[test]
    fn parses_either_case_and_nothing_else() {
        let digest = hash("paris");
        assert_eq!(Sha256Hex::parse(&digest.as_str().to_uppercase()), Some(digest));
        assert_eq!(Sha256Hex::parse(&digest.as_str()[1..]), None);
        assert_eq!(Sha256Hex::parse(&"g".repeat(64)), None);
        assert_eq!(Sha256Hex::parse("é"), None);
    }

    #[test]
    fn serialises_as_text_but_does_not_print() {
        let digest = hash("paris");
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"{}\"", digest.as_str()));
        assert_eq!(format!("{digest:?}"), "Sha256Hex(..)");
    }
}
