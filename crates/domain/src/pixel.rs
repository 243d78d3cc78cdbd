//! Pixels: the accounts of platforms that receive events.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::platform::{NotAPlatform, Platform};

/// A platform's code of a pixel, as feeds carry it in `pixel_id`. Never empty.
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

/// A pixel, with its platform: two platforms may give the same code. As text `tiktok:123`.
///
/// ```
/// use domain::{PixelRef, Platform};
///
/// let pixel: PixelRef = "tiktok:C4A".parse()?;
/// assert_eq!(pixel.platform, Platform::new("tiktok")?);
/// assert_eq!((pixel.code.as_str(), pixel.to_string()), ("C4A", "tiktok:C4A".to_owned()));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PixelRef {
    /// Whose pixel it is.
    pub platform: Platform,
    /// What the platform calls it.
    pub code: PixelCode,
}

/// The text is not a platform and a pixel's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPixelRef {
    /// It has no colon.
    #[error("a pixel is written as platform and code: `tiktok:123`")]
    NoPlatform,
    /// What stands before the colon is not a platform's name.
    #[error(transparent)]
    Platform(#[from] NotAPlatform),
    /// What stands after the colon is not a code.
    #[error(transparent)]
    Code(#[from] NotAPixelCode),
}

impl PixelRef {
    /// A pixel of a platform.
    #[must_use]
    pub const fn new(platform: Platform, code: PixelCode) -> Self {
        Self { platform, code }
    }

    /// Reads a pixel as people write it: with its platform, or the code alone for a pixel of the
    /// [legacy system's](Platform::LEGACY) platform.
    ///
    /// # Errors
    /// [`NotAPixelRef`] when it is neither.
    pub fn of_legacy_or_any(text: &str) -> Result<Self, NotAPixelRef> {
        match text.parse() {
            Err(NotAPixelRef::NoPlatform) => Ok(Self::new(Platform::LEGACY, PixelCode::new(text)?)),
            parsed => parsed,
        }
    }
}

impl FromStr for PixelRef {
    type Err = NotAPixelRef;
    fn from_str(text: &str) -> Result<Self, NotAPixelRef> {
        let (platform, code) = text.split_once(':').ok_or(NotAPixelRef::NoPlatform)?;
        Ok(Self { platform: Platform::new(platform)?, code: PixelCode::new(code)? })
    }
}

impl TryFrom<String> for PixelRef {
    type Error = NotAPixelRef;
    fn try_from(text: String) -> Result<Self, NotAPixelRef> {
        text.parse()
    }
}

impl From<PixelRef> for String {
    fn from(pixel: PixelRef) -> Self {
        pixel.to_string()
    }
}

impl fmt::Display for PixelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.platform, self.code)
    }
}

impl fmt::Debug for PixelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_read_back_from_its_text() {
        let legacy = PixelRef::new(Platform::LEGACY, PixelCode::new("1_a-B").unwrap());
        assert_eq!(legacy.to_string().parse(), Ok(legacy.clone()));
        assert_eq!(PixelRef::of_legacy_or_any("1_a-B"), Ok(legacy));
        let other: PixelRef = "tiktok:1_a-B".parse().unwrap();
        assert_eq!(PixelRef::of_legacy_or_any("tiktok:1_a-B"), Ok(other));
        assert_eq!("123".parse::<PixelRef>(), Err(NotAPixelRef::NoPlatform));
        assert_eq!("Tik tok:1".parse::<PixelRef>(), Err(NotAPixelRef::Platform(NotAPlatform)));
        for text in ["tiktok:", "tiktok:a b", "tiktok:a:b"] {
            assert_eq!(text.parse::<PixelRef>(), Err(NotAPixelRef::Code(NotAPixelCode)), "{text}");
        }
    }
}
