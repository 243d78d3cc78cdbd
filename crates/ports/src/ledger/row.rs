//! A row as it is brought to the ledger.

use domain::restate::Figures;
use domain::{ConversionKey, Money, OddAmount, Outcome, PixelRef, Reasons, UnixMillis, UnixSeconds};

use super::claim::Holder;

/// Where a row came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// `bucket/key` of the object.
    pub object: String,
    /// Position of the row in it, from 0.
    pub row: u64,
}

/// One row that is to be claimed.
#[derive(Debug, Clone)]
pub struct RowClaim {
    /// Identity of the conversion.
    pub key: ConversionKey,
    /// Where it came from.
    pub source: Source,
    /// The row's JSON text: everything that a later attempt needs.
    pub raw: String,
    /// The session; `None` for a malformed row.
    pub session_id: Option<String>,
    /// The keyword.
    pub keyword_clicked: Option<String>,
    /// When the visitor landed.
    pub click_time: Option<UnixSeconds>,
    /// The pixel it goes to, when it is valid.
    pub pixel: Option<PixelRef>,
    /// The feed network of the row or its object; empty when neither says.
    pub network: String,
    /// What the row says was earned; `None` when it does not say: what an earlier row said still holds then.
    pub observed: Option<Figures>,
    /// What validation found.
    pub verdict: RowVerdict,
}

/// What validation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowVerdict {
    /// It has events and may be sent until the deadline.
    Sendable {
        /// The last moment for sending.
        deadline: UnixMillis,
    },
    /// It has events, and its amount keeps them from being sent at once.
    Waits {
        /// The last moment for sending.
        deadline: UnixMillis,
        /// When it is due, if nothing happens before.
        due_at: UnixMillis,
        /// What is odd about the amount.
        odd: OddAmount,
    },
    /// It is valid and has no events.
    NoEvents,
    /// It may not be sent.
    Invalid(Reasons),
}

impl RowClaim {
    /// Whether it may be sent.
    #[must_use]
    pub const fn is_sendable(&self) -> bool {
        matches!(self.verdict, RowVerdict::Sendable { .. })
    }

    /// Whether it has events, be they sent at once or not.
    #[must_use]
    pub const fn has_events(&self) -> bool {
        matches!(self.verdict, RowVerdict::Sendable { .. } | RowVerdict::Waits { .. })
    }

    /// Paid clicks and their money that are to be reported, plausible or not; `None` when it states none, or is not valid.
    #[must_use]
    pub fn money(&self) -> Option<Figures> {
        let stated = self.observed.filter(|figures| figures.count > 0 && figures.revenue > Money::ZERO);
        stated.filter(|_| self.has_events())
    }

    /// The state in which it enters the ledger.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self.verdict {
            RowVerdict::Sendable { .. } => Outcome::InFlight,
            RowVerdict::Waits { .. } => Outcome::Parked,
            RowVerdict::NoEvents => Outcome::NoEvents,
            RowVerdict::Invalid(_) => Outcome::Invalid,
        }
    }

    /// Why it waits, or the first of the reasons why it is invalid; empty otherwise.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.verdict {
            RowVerdict::Waits { odd, .. } => odd.as_str(),
            _ => self.reasons().category().map_or("", |reason| reason.as_str()),
        }
    }

    /// All reasons why it is invalid.
    #[must_use]
    pub const fn reasons(&self) -> Reasons {
        match self.verdict {
            RowVerdict::Invalid(reasons) => reasons,
            RowVerdict::Sendable { .. } | RowVerdict::Waits { .. } | RowVerdict::NoEvents => Reasons::NONE,
        }
    }

    /// The last moment for sending it, if it may be sent.
    #[must_use]
    pub const fn deadline(&self) -> Option<UnixMillis> {
        match self.verdict {
            RowVerdict::Sendable { deadline } | RowVerdict::Waits { deadline, .. } => Some(deadline),
            RowVerdict::NoEvents | RowVerdict::Invalid(_) => None,
        }
    }

    /// When it is due again once a holder has entered it: when the holder's lease ends, or when it has waited long enough.
    #[must_use]
    pub fn due_at(&self, holder: &Holder) -> Option<UnixMillis> {
        match self.verdict {
            RowVerdict::Sendable { .. } => Some(holder.until),
            RowVerdict::Waits { due_at, .. } => Some(due_at),
            RowVerdict::NoEvents | RowVerdict::Invalid(_) => None,
        }
    }
}
