//! An answer as it came.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;

/// Status, headers and body.
#[derive(Clone, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, complete.
    pub body: Bytes,
}

impl Reply {
    /// What the server's clock showed when it answered, to the second.
    #[must_use]
    pub fn date(&self) -> Option<SystemTime> {
        let date = self.headers.get(http::header::DATE)?.to_str().ok()?;
        httpdate::parse_http_date(date).ok()
    }
}

impl fmt::Debug for Reply {
    /// Shows the body's length and how many headers there are: an answer can quote what was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .finish()
    }
}
