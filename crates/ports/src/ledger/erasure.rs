//! What is personal leaves the ledger; key, figures and outcome stay.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use domain::{ConversionKey, Outcome, UnixMillis};

use crate::Result;

/// Why what is personal was erased. Ledgers have it as text, which never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Erasure {
    /// Its time was over (`RETENTION_DAYS`).
    Retention,
    /// The operator erased it, because the visitor wished so.
    Request,
}

impl Erasure {
    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Request => "request",
        }
    }
}

impl fmt::Display for Erasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a reason for an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reason for an erasure: retention or request")]
pub struct NotAnErasure;

impl FromStr for Erasure {
    type Err = NotAnErasure;
    fn from_str(text: &str) -> Result<Self, NotAnErasure> {
        [Self::Retention, Self::Request].into_iter().find(|one| one.as_str() == text).ok_or(NotAnErasure)
    }
}

/// An entry without session, keyword and text of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Why.
    pub why: Erasure,
    /// When.
    pub at: UnixMillis,
}

/// What became of an entry that was to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasedEntry {
    /// What was personal is gone.
    Done {
        /// It was open, and has ended because of it.
        ended: bool,
    },
    /// A worker holds a lease on it until then. Nothing was changed: ask again.
    InFlight(UnixMillis),
    /// There was nothing personal left.
    Already,
    /// There is no such entry.
    Unknown,
}

/// One step of the retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErasedStep {
    /// Entries whose text was erased.
    pub erased: u64,
    /// Entries among them that were still open, and have expired because of it.
    pub ended: u64,
    /// There may be more to erase: call again.
    pub more: bool,
}

/// Whose entries an erasure looks through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextsOf {
    /// Those that the index of sessions has for one, and that of keys for its conversion without a keyword.
    Session(String),
    /// Those for which no index of sessions can be relied on: malformed rows, and what is parked as damaged.
    NoSession,
    /// All.
    Anyone,
}

/// An entry that still has what is personal, as far as an erasure must know it. Nothing else of the entry is read, so damage to its
/// other fields does not keep it from being erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalText {
    /// The ledger's own name for the entry: leads to the next ones.
    pub id: String,
    /// The key; `None` if it cannot be read, so that nothing can be done to the entry by its key.
    pub key: Option<ConversionKey>,
    /// The state; `None` if it cannot be read.
    pub outcome: Option<Outcome>,
    /// The object that brought the row.
    pub object: String,
    /// The row's text, as far as it is text.
    pub raw: String,
}

/// The ledger, as retention and `efflux erase` use it.
///
/// Erasing takes session, keyword and text of the row. Key, source, click time, pixel, figures, campaign and attempts stay: so
/// files reconcile as before, and a row that comes again is recognised by its key, which is a hash. Doing it again changes nothing.
#[async_trait]
pub trait LedgerErasure: fmt::Debug + Send + Sync {
    /// Erases entries whose deadline has come by `until`; of those that were never to be sent, which have none, those that were made by
    /// then. At most so many; its cost depends on what is erased, not on the size of the ledger.
    ///
    /// What is still open then expires, as its deadline has passed. What a worker holds is left for another call.
    async fn erase_until(&self, until: UnixMillis, now: UnixMillis, limit: usize) -> Result<ErasedStep>;

    /// Erases entries at once, because the visitor wished so; one answer per key, in order. What is open ends as `invalid`,
    /// [`Erased`](domain::Reason::Erased); one that waited for an increment is `reported`, as its first part was. No row takes the place of such an entry any more.
    async fn erase(&self, keys: &[ConversionKey], now: UnixMillis) -> Result<Vec<ErasedEntry>>;

    /// Entries that are not erased, at most `limit`, in an order that never changes, from after the entry with an id on. None is left
    /// out because it is damaged: an empty answer is the end.
    async fn texts(&self, of: &TextsOf, after: Option<&str>, limit: usize) -> Result<Vec<PersonalText>>;

    /// Overwrites what storage may still hold of erased texts, piece by piece: `from` is 0, then what the former call answered, until
    /// it answers nothing. Where the server of a backend does that by itself, there is nothing to do.
    async fn scrub(&self, _from: u64) -> Result<Option<u64>> {
        Ok(None)
    }
}

/// What stands for the text of a row that was erased: its campaign, which is not the visitor's, and nothing else.
///
/// ```
/// use ports::ledger::erased_text;
///
/// assert_eq!(erased_text(Some("c1")), r#"{"campaign_id":"c1"}"#);
/// assert_eq!(erased_text(None), "{}");
/// ```
#[must_use]
pub fn erased_text(campaign: Option<&str>) -> String {
    campaign.map_or_else(
        || "{}".to_owned(),
        |campaign| serde_json::json!({ "campaign_id": campaign }).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ledgers hold these words.
    #[test]
    fn stored_words_never_change() {
        for (why, word) in [(Erasure::Retention, "retention"), (Erasure::Request, "request")] {
            assert_eq!((why.to_string().as_str(), word.parse()), (word, Ok(why)));
        }
        assert_eq!("".parse::<Erasure>(), Err(NotAnErasure));
    }
}
