//! Why a value is left out.

use std::fmt;

/// Why a value is left out. Fit for a metric's label: it holds no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing is left of it (blanks, punctuation).
    Empty,
    /// A word for "no value" (`null`) or an unexpanded macro (`{city}`).
    Placeholder,
    /// It holds control characters or the replacement character, so it was damaged on its way.
    Damaged,
    /// It is longer than any such value can be.
    TooLong,
    /// The hash of the empty string.
    HashOfNothing,
    /// An MD5 where only SHA-256 is documented.
    Md5,
    /// It does not have the shape of its field.
    Malformed,
    /// A telephone number whose country code is neither in it nor known from the row.
    NoCountryCode,
    /// It can be read in two ways.
    Ambiguous,
    /// It is not among the known values of its field.
    NotRecognised,
    /// The click is older than the platform can use (90 days at Meta).
    Stale,
    /// Another value of the row takes its place.
    Replaced,
    /// A network address that no visitor can have (loopback, private, unspecified).
    NotPublic,
}

impl Reason {
    /// A short name in snake case, for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Placeholder => "placeholder",
            Self::Damaged => "damaged",
            Self::TooLong => "too_long",
            Self::HashOfNothing => "hash_of_nothing",
            Self::Md5 => "md5",
            Self::Malformed => "malformed",
            Self::NoCountryCode => "no_country_code",
            Self::Ambiguous => "ambiguous",
            Self::NotRecognised => "not_recognised",
            Self::Stale => "stale",
            Self::Replaced => "replaced",
            Self::NotPublic => "not_public",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
