//! Where clicks are bought, and the words that feeds have for it.

use serde::{Deserialize, Serialize};

/// Where a click was bought. Only [`Facebook`](Self::Facebook) has a destination so far.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrafficSource {
    /// Meta: Facebook and Instagram.
    Facebook,
    /// TikTok.
    Tiktok,
    /// Any other that a row names.
    Other,
}

impl TrafficSource {
    /// Reads a feed's word. Rows without one, or with `unknown`, are Facebook's: the legacy system took every row for it.
    #[must_use]
    pub fn from_feed(word: Option<&str>) -> Self {
        let Some(word) = word else { return Self::Facebook };
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if is("facebook") || is("meta") || is("fb") || is("instagram") || is("unknown") {
            Self::Facebook
        } else if is("tiktok") || is("tt") {
            Self::Tiktok
        } else {
            Self::Other
        }
    }

    /// The word as PostgreSQL's `pixels.traffic_source` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Facebook => "facebook",
            Self::Tiktok => "tiktok",
            Self::Other => "other",
        }
    }
}
