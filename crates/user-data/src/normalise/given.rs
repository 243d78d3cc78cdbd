//! Values that were hashed before they came to us.

use std::borrow::Cow;

use serde::Serialize;

use crate::hash::Sha256Hex;

/// A value of `user_data`, ready to be sent.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CustomerKey<'a> {
    /// Hashed here.
    Hash(Sha256Hex),
    /// Hashed by the sender, perhaps with the Parameter Builder's suffix.
    Given(Cow<'a, str>),
}

impl CustomerKey<'_> {
    /// The text to send.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Hash(hash) => hash.as_str(),
            Self::Given(text) => text,
        }
    }
}

impl std::fmt::Debug for CustomerKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

pub(super) enum Given<'a> {
    Sha256(Cow<'a, str>),
    OfNothing,
}

impl Given<'_> {
    /// The same, apart from the text it was read from.
    pub(super) fn into_owned(self) -> Given<'static> {
        match self {
            Self::Sha256(text) => Given::Sha256(Cow::Owned(text.into_owned())),
            Self::OfNothing => Given::OfNothing,
        }
    }
}

/// Reads 64 hex digits, with or without `.` and the 2 or 8 characters that Meta's Parameter Builder appends.
pub(super) fn read(input: &str) -> Option<Given<'_>> {
    let (digits, suffix) = input.split_at_checked(64)?;
    let digest = Sha256Hex::parse(digits)?;
    if !(suffix.is_empty() || is_suffix(suffix)) {
        return None;
    }
    if digest.is_of_nothing() {
        return Some(Given::OfNothing);
    }
    let lower = digest.as_str() == digits;
    Some(Given::Sha256(if lower {
        Cow::Borrowed(input)
    } else {
        Cow::Owned(format!("{}{suffix}", digest.as_str()))
    }))
}

/// Whether a text is what Meta's Parameter Builder appends to values: `.` and 2 or 8 URL-safe characters
/// ([Parameter Builder Library], read 2026-11-23).
///
/// [Parameter Builder Library]: https://developers.facebook.com/docs/marketing-api/conversions-api/parameter-builder-library
#[must_use]
pub fn is_suffix(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(|mark| {
        matches!(mark.len(), 2 | 8)
            && mark.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

/// 32 hex digits: what an MD5 looks like.
pub(super) fn looks_like_md5(input: &str) -> bool {
    input.len() == 32 && input.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash;

    fn text(input: &str) -> Option<String> {
        match read(input)? {
            Given::Sha256(text) => Some(text.into_owned()),
            Given::OfNothing => Some("nothing".into()),
        }
    }

    #[test]
    fn keeps_hashes_and_their_suffix() {
        let digest = hash("paris");
        let upper = digest.as_str().to_uppercase();
        assert_eq!(text(&upper).as_deref(), Some(digest.as_str()));
        assert_eq!(text(&format!("{upper}.AQIAAgAB")), Some(format!("{}.AQIAAgAB", digest.as_str())));
        assert_eq!(text(&format!("{upper}.longer-than-that")), None);
        assert_eq!(text("paris"), None);
        assert_eq!(text(hash("").as_str()).as_deref(), Some("nothing"));
    }
}
