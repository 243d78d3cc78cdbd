//! Protects the text of rows while it is stored.

/// CRC-32 of a row's text, stored beside it. Disks and memory turn bits now and then, and a digit that has turned is money.
///
/// ```
/// use ports::ledger::checksum;
///
/// assert_ne!(checksum(r#"{"revenue":0.7}"#), checksum(r#"{"revenue":9.7}"#));
/// ```
#[must_use]
pub fn checksum(raw: &str) -> u32 {
    crc32fast::hash(raw.as_bytes())
}
