//! Objects that were read, and how their rows ended.

use domain::{Receipt, UnixMillis};

/// The end of reading one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectEnd {
    /// Read to its end; each of its rows is in the ledger.
    Read {
        /// Rows read.
        rows_in: u64,
        /// Rows whose conversion another row had brought.
        duplicates: u64,
        /// Distinguishes this content from another under the same key: SHA-256 of the stored bytes, in hexadecimal.
        digest: String,
    },
    /// Refused whole; none of its rows was claimed.
    Refused {
        /// Why the object was refused; for people.
        reason: String,
    },
}

/// An object that was read to its end or refused, and its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectReceipt {
    /// `bucket/key` of the object.
    pub object: String,
    /// When it was read to its end or refused.
    pub at: UnixMillis,
    /// Its receipt now.
    pub receipt: Receipt,
}
