//! An answer as it came.

use std::fmt;

use bytes::Bytes;

use super::UsageHeaders;

/// Status, the headers that matter, and the body.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What the headers say about limits.
    pub usage: UsageHeaders,
    /// The body, complete.
    pub body: Bytes,
}

impl fmt::Debug for Reply {
    /// Shows the body's length only: an answer can quote what was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("usage", &self.usage)
            .field("body", &self.body.len())
            .finish()
    }
}
