//! Entries as the exporter and the operator see them.

use domain::restate::Figures;
use domain::{ConversionKey, Money, Outcome, PixelRef, UnixMillis, UnixSeconds};

use super::erasure::Erased;
use super::reason::WaitReason;
use super::row::Source;
use crate::destination::Answer;

/// An entry as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Identity.
    pub key: ConversionKey,
    /// Rises with each change of the entry.
    pub version: u64,
    /// Its state.
    pub outcome: Outcome,
    /// Why, short; empty where there is nothing to say.
    pub reason: String,
    /// All reasons of an invalid entry.
    pub reasons: String,
    /// Where it came from.
    pub source: Source,
    /// The row's JSON text; of an erased entry what [stands for it](super::erased_text).
    pub raw: String,
    /// The session.
    pub session_id: Option<String>,
    /// The keyword.
    pub keyword_clicked: Option<String>,
    /// When the visitor landed.
    pub click_time: Option<UnixSeconds>,
    /// The pixel.
    pub pixel: Option<PixelRef>,
    /// The feed network.
    pub network: String,
    /// The latest figures that a feed stated.
    pub observed: Figures,
    /// Purchases that the destination accepted, and their worth.
    pub reported: Figures,
    /// Events that the destination accepted.
    pub events: u64,
    /// Claims so far.
    pub attempts: u32,
    /// When it is due again, if it is.
    pub due_at: Option<UnixMillis>,
    /// The last moment for sending, if it was ever to be sent.
    pub deadline: Option<UnixMillis>,
    /// What the platform said last.
    pub answer: Option<Answer>,
    /// When the entry was made.
    pub created_at: UnixMillis,
    /// When it changed last.
    pub updated_at: UnixMillis,
    /// When the platform last accepted events of it; `None` if it never did, or an earlier version did not write it down.
    pub reported_at: Option<UnixMillis>,
    /// Since when and why what is personal is gone.
    pub erased: Option<Erased>,
}

impl Record {
    /// Why it waits; `None` when it does not.
    #[must_use]
    pub fn wait_reason(&self) -> Option<WaitReason> {
        matches!(self.outcome, Outcome::Retry | Outcome::Parked).then(|| self.reason.as_str().into())
    }

    /// Revenue that a feed stated and no event reported.
    #[must_use]
    pub fn unreported(&self) -> Money {
        (self.observed.revenue - self.reported.revenue).max(Money::ZERO)
    }
}

/// Entries that the operator asks for: all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The state.
    pub outcome: Outcome,
    /// The reason, whole: `no_working_credential`, `100/2804004`, `invalid_pixel`.
    pub reason: Option<String>,
    /// The pixel.
    pub pixel: Option<PixelRef>,
    /// The last change at this moment or later.
    pub since: Option<UnixMillis>,
}

/// Another chance for an entry, as the operator gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopening {
    /// The entry.
    pub key: ConversionKey,
    /// The version that the operator saw.
    pub version: u64,
    /// The pixel it goes to.
    pub pixel: PixelRef,
    /// The last moment for sending.
    pub deadline: UnixMillis,
}

/// The ledger in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerStats {
    /// Entries by state; states without entries may be left out.
    pub states: Vec<StateCount>,
    /// Entries that have changed since their last export.
    pub unexported: u64,
    /// When the oldest change that waits for export was made.
    pub oldest_unexported: Option<UnixMillis>,
    /// Entries that are parked as [`Damaged`](super::WaitReason::Damaged), those among them that cannot be read too.
    pub damaged: u64,
}

/// How many entries are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// The state.
    pub outcome: Outcome,
    /// Entries.
    pub entries: u64,
}
