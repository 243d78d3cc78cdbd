//! The platforms that clicks are bought on, and the words that feeds have for them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tinystr::TinyAsciiStr;

use crate::time::{UnixMillis, UnixSeconds};

/// A platform, by its name: 1 to 16 lower-case letters, digits or `_`. Any name may be one; which platforms events can be sent to
/// is known by the process that has destinations for them.
///
/// ```
/// use domain::Platform;
///
/// assert_eq!(Platform::from_feed(Some("Instagram")), Platform::from_feed(None));
/// assert_eq!(Platform::from_feed(Some("TikTok")), "tiktok".parse().ok());
/// assert_eq!(Platform::from_feed(Some("a search engine")), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Platform(TinyAsciiStr<16>);

/// The text cannot name a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a platform's name has 1 to 16 lower-case letters, digits or `_`")]
pub struct NotAPlatform;

/// The platform of the legacy system: of rows that name none, and of pixels that were stored before platforms were.
const LEGACY: &str = "meta";

/// The legacy system's word for it in directories of pixels.
const LEGACY_IN_DIRECTORY: &str = "facebook";

/// Words that feeds have for a platform, apart from its name.
const WORDS: [(&str, &str); 5] = [
    (LEGACY_IN_DIRECTORY, LEGACY),
    ("fb", LEGACY),
    ("instagram", LEGACY),
    // The legacy system took every such row for its only platform's.
    ("unknown", LEGACY),
    ("tt", "tiktok"),
];

impl Platform {
    /// The platform of the legacy system, which knew only one. It is meant where a row or a stored pixel names none.
    pub const LEGACY: Self = match Self::new(LEGACY) {
        Ok(platform) => platform,
        Err(NotAPlatform) => unreachable!(),
    };

    /// The platform of a name.
    ///
    /// # Errors
    /// [`NotAPlatform`] when it could not be one.
    pub const fn new(name: &str) -> Result<Self, NotAPlatform> {
        let mut rest = name.as_bytes();
        while let [first, others @ ..] = rest {
            if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'_') {
                return Err(NotAPlatform);
            }
            rest = others;
        }
        match TinyAsciiStr::try_from_str(name) {
            Ok(text) if !text.is_empty() => Ok(Self(text)),
            _ => Err(NotAPlatform),
        }
    }

    /// Reads the traffic source that a row or a directory of pixels states; `None` when it is not a platform's name.
    #[must_use]
    pub fn from_feed(word: Option<&str>) -> Option<Self> {
        let Some(word) = word else { return Some(Self::LEGACY) };
        let known = WORDS.iter().find(|(other, _)| word.eq_ignore_ascii_case(other));
        match known {
            Some((_, name)) => Self::new(name).ok(),
            None => Self::new(&word.to_ascii_lowercase()).ok(),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The word for it in `pixels.traffic_source`, as the legacy system wrote it there.
    #[must_use]
    pub fn in_directory(&self) -> &str {
        if *self == Self::LEGACY { LEGACY_IN_DIRECTORY } else { self.as_str() }
    }
}

impl FromStr for Platform {
    type Err = NotAPlatform;
    fn from_str(name: &str) -> Result<Self, NotAPlatform> {
        Self::new(name)
    }
}

impl TryFrom<String> for Platform {
    type Error = NotAPlatform;
    fn try_from(name: String) -> Result<Self, NotAPlatform> {
        Self::new(&name)
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.as_str().to_owned()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a platform says about the age and the number of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlatformRules {
    /// How old an event may be when it arrives.
    pub window: Duration,
    /// Kept free before the end of the window, so that an event is not too old when the request arrives.
    pub margin: Duration,
    /// How long the platform drops a repeated event id, from when it first received it. Later a repetition counts again.
    pub deduplication: Duration,
    /// Kept free before the end of that time: for clocks that differ, and for the way of a request.
    pub deduplication_margin: Duration,
    /// The most events that one request may hold.
    pub max_events: usize,
    /// The most bytes that these events may have together. A single event may have more.
    pub max_bytes: usize,
}

impl PlatformRules {
    /// The last moment at which an event of this click may be sent: click time + window - margin.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use domain::{PlatformRules, UnixMillis, UnixSeconds};
    /// let rules = PlatformRules {
    ///     window: Duration::from_secs(600),
    ///     margin: Duration::from_secs(60),
    ///     deduplication: Duration::from_secs(300),
    ///     deduplication_margin: Duration::from_secs(30),
    ///     max_events: 100,
    ///     max_bytes: 100_000,
    /// };
    /// assert_eq!(rules.deadline(UnixSeconds(1_000)), UnixMillis(1_540_000));
    /// assert_eq!(rules.repeat_until(UnixMillis(1_000_000)), UnixMillis(1_270_000));
    /// ```
    #[must_use]
    pub fn deadline(&self, click: UnixSeconds) -> UnixMillis {
        click.millis().plus(self.window).minus(self.margin)
    }

    /// Until when events that the platform may have received since a moment may be sent again: until then it surely drops a
    /// repetition.
    #[must_use]
    pub fn repeat_until(&self, received_since: UnixMillis) -> UnixMillis {
        received_since.plus(self.deduplication.saturating_sub(self.deduplication_margin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_and_directories_have_several_words_for_a_platform() {
        for word in ["Facebook", "meta", "FB", "Instagram", "unknown"] {
            assert_eq!(Platform::from_feed(Some(word)), Some(Platform::LEGACY), "{word}");
        }
        let tiktok = Platform::new("tiktok").unwrap();
        assert_eq!(Platform::from_feed(Some("TikTok")), Some(tiktok));
        assert_eq!(Platform::from_feed(Some("TT")), Some(tiktok));
        for platform in [Platform::LEGACY, tiktok] {
            assert_eq!(Platform::from_feed(Some(platform.in_directory())), Some(platform));
        }
    }

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["", "Google Ads", "a:b", "Meta", "a_name_of_17_lette", "é"] {
            assert_eq!(Platform::new(name), Err(NotAPlatform), "{name}");
        }
        assert_eq!(Platform::new("a_name_of_16_let").map(String::from).as_deref(), Ok("a_name_of_16_let"));
    }
}
