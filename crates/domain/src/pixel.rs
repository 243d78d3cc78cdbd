//! The codes that platforms give their pixels.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A platform's code of a pixel (Meta: also "dataset id"), as feeds carry it in `pixel_id`. Never empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PixelCode(String);

/// The text cannot be part of a request path: empty, too long, or with other characters than letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a pixel code has 1 to 64 letters, digits, `_` or `-`")]
pub struct NotAPixelCode;

impl PixelCode {
    /// Checks a code; it becomes part of a URL path.
    ///
    /// # Errors
    /// [`NotAPixelCode`] when it could not be one.
    pub fn new(code: impl Into<String>) -> Result<Self, NotAPixelCode> {
        let code = code.into();
        let fits = (1..=64).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if fits { Ok(Self(code)) } else { Err(NotAPixelCode) }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PixelCode {
    type Error = NotAPixelCode;
    fn try_from(code: String) -> Result<Self, NotAPixelCode> {
        Self::new(code)
    }
}

impl From<PixelCode> for String {
    fn from(code: PixelCode) -> Self {
        code.0
    }
}

impl Borrow<str> for PixelCode {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PixelCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PixelCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pixel:{}", self.0)
    }
}
