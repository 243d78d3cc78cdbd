//! The ends that a row can have, and the reasons for them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a row ended, or where it stands. Every row has exactly one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The destination accepted all of its events.
    Reported,
    /// Its conversion was brought by an earlier row.
    Duplicate,
    /// It may not be sent; see its [`Reasons`].
    Invalid,
    /// The destination refused it for good.
    Rejected,
    /// It waits for a credential or for the operator: no working credential, or an unknown outcome.
    Parked,
    /// It is tried again later.
    Retry,
    /// Its time ran out before it could be sent.
    Expired,
    /// A worker holds it right now.
    InFlight,
    /// It is valid and stands for no event.
    NoEvents,
}

impl Outcome {
    /// All of them, in the order in which tables show them.
    pub const ALL: [Self; 9] = [
        Self::Reported,
        Self::Duplicate,
        Self::Invalid,
        Self::NoEvents,
        Self::Rejected,
        Self::Expired,
        Self::Parked,
        Self::Retry,
        Self::InFlight,
    ];

    /// The word used in code, ledger, metrics and docs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Duplicate => "duplicate",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::Parked => "parked",
            Self::Retry => "retry",
            Self::Expired => "expired",
            Self::InFlight => "in_flight",
            Self::NoEvents => "no_events",
        }
    }

    /// Whether nothing more happens by itself.
    #[must_use]
    pub const fn is_end(self) -> bool {
        !matches!(self, Self::Parked | Self::Retry | Self::InFlight)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is not an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown outcome `{0}`")]
pub struct NotAnOutcome(String);

impl FromStr for Outcome {
    type Err = NotAnOutcome;
    fn from_str(word: &str) -> Result<Self, NotAnOutcome> {
        Self::ALL.into_iter().find(|o| o.as_str() == word).ok_or_else(|| NotAnOutcome(word.to_owned()))
    }
}

/// Makes the reasons: each a variant, the word for it in ledger, metrics and receipts, and an explanation for people.
macro_rules! reasons {
    ($(#[doc = $doc:literal] $name:ident = $word:literal, $explanation:literal;)+) => {
        /// Why a row ended as it did. For `invalid` the rules' own words; for others what stopped the row.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Reason {
            $(#[doc = $doc] $name,)+
        }

        impl Reason {
            /// All of them; the first that holds is the category of a row.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word used in ledger, metrics and receipts. It never changes.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// The same in a media buyer's words.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self {
                    $(Self::$name => $explanation,)+
                }
            }
        }
    };
}

reasons! {
    /// The pixel is not among those of the row's traffic source (legacy system: "Invalid pixel").
    InvalidPixel = "invalid_pixel", "unknown pixel";
    /// The click is older than the platform's window (legacy system: "Conversion older than 7 days", hence the word).
    TooOld = "older_than_7_days", "click older than the platform takes";
    /// There is no click id of the traffic source (legacy system: "Missing traffic source click id").
    MissingClickId = "missing_click_id", "no click id";
    /// The click lies more than 60 s in the future.
    FutureClick = "future_click", "click in the future";
    /// The row is not an object, has no session, or a needed field cannot be read.
    Malformed = "malformed", "row cannot be read";
    /// A count or the revenue is below zero.
    NegativeAmount = "negative_amount", "negative count or revenue";
    /// The traffic source has no destination yet.
    UnsupportedTrafficSource = "unsupported_traffic_source", "nothing can be sent to the traffic source";
    /// The counts stand for more events than one conversion may have.
    TooManyEvents = "too_many_events", "more events than one conversion may have";
    /// The destination would refuse the event: too little is known about the visitor, or the website's required data is missing.
    InsufficientData = "insufficient_data", "not enough data about the visit";
    /// The visitor's agent is that of a program that visits pages by itself.
    Crawler = "crawler", "the visitor is a program, not a person";
    /// There are paid clicks, and the row does not say what they earned, or not readably.
    MissingRevenue = "missing_revenue", "paid clicks without a readable revenue";
    /// The visitor wished to be forgotten before it was sent. No rule finds it; the ledger writes it.
    Erased = "erased", "erased at the visitor's wish";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reason {
    /// The reason of this word; `None` when it is not one.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
    }
}

/// A set of reasons; iterates in the order of [`Reason::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Reasons(u16);

impl Reasons {
    /// No reason at all.
    pub const NONE: Self = Self(0);

    /// Those of a text that [`Display`](fmt::Display) wrote; words that this version does not know are left out.
    #[must_use]
    pub fn of_words(words: &str) -> Self {
        words.split(',').filter_map(Reason::of_word).collect()
    }

    /// Adds a reason.
    pub fn insert(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the set holds it.
    #[must_use]
    pub const fn contains(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u8) != 0
    }

    /// The reasons, the category first.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(move |r| self.contains(*r))
    }

    /// The first reason: the row's category.
    #[must_use]
    pub fn category(self) -> Option<Reason> {
        self.iter().next()
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(iter: I) -> Self {
        let mut set = Self::NONE;
        iter.into_iter().for_each(|r| set.insert(r));
        set
    }
}

/// All reasons, separated by commas: `invalid_pixel,missing_click_id`.
impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, reason) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            f.write_str(reason.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
    }

    #[test]
    fn the_first_reason_is_the_category() {
        let set: Reasons = [Reason::Malformed, Reason::InvalidPixel].into_iter().collect();
        assert_eq!(set.category(), Some(Reason::InvalidPixel));
        assert_eq!(set.to_string(), "invalid_pixel,malformed");
        assert_eq!(Reasons::of_words("malformed,invalid_pixel,of_another_version"), set);
    }
}
