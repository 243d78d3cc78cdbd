//! Where a holder's work led.

use domain::restate::Figures;
use domain::{Outcome, UnixMillis};

use super::claim::Lease;
use super::maybe_received::MaybeReceived;
use super::positions::Positions;
use super::reason::WaitReason;
use crate::destination::Answer;

/// What a holder writes about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The right to do so.
    pub lease: Lease,
    /// Where the entry goes.
    pub settle: Settle,
    /// Events that the destination accepted in this attempt.
    pub accepted: Positions,
    /// How many of them were Purchases, and what they were worth.
    pub reported: Figures,
    /// What the platform said last.
    pub answer: Option<Answer>,
    /// Since when the platform may have events that are not known to be accepted. [`Settle::Reported`] leaves none.
    pub maybe_received: Option<MaybeReceived>,
}

/// Where an entry goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// All of its events are accepted.
    Reported,
    /// It is tried again.
    Retry(SettleLater),
    /// It waits for a credential or the operator, and is probed now and then.
    Parked(SettleLater),
    /// The platform refused it for good.
    Rejected {
        /// The platform's reason, short: `100/2804004`.
        reason: String,
    },
    /// Its deadline passed.
    Expired,
}

/// When and why an entry goes on that is not at an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettleLater {
    /// When it is due again.
    pub due_at: UnixMillis,
    /// What stopped it.
    pub reason: WaitReason,
    /// Whether the attempt failed, rather than was not made.
    pub failed: bool,
}

impl Settle {
    /// The state that it leads to.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Reported => Outcome::Reported,
            Self::Retry(_) => Outcome::Retry,
            Self::Parked(_) => Outcome::Parked,
            Self::Rejected { .. } => Outcome::Rejected,
            Self::Expired => Outcome::Expired,
        }
    }

    /// The reason, as it is stored; empty where there is nothing to say.
    #[must_use]
    pub const fn reason(&self) -> &str {
        match self {
            Self::Retry(later) | Self::Parked(later) => later.reason.as_str(),
            Self::Rejected { reason } => reason.as_str(),
            Self::Reported | Self::Expired => "",
        }
    }

    /// When and why it goes on, if it does.
    #[must_use]
    pub const fn later(&self) -> Option<&SettleLater> {
        match self {
            Self::Retry(later) | Self::Parked(later) => Some(later),
            Self::Reported | Self::Rejected { .. } | Self::Expired => None,
        }
    }
}

/// Whether a settlement was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is written.
    Done,
    /// Another worker has claimed the entry since, or it is at an end: nothing was changed.
    Late,
}

/// One attempt to bring an entry to its end, as people see it afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Number of the claim.
    pub number: u32,
    /// When it was settled.
    pub at: UnixMillis,
    /// The owner of the lease.
    pub owner: String,
    /// Where it led.
    pub outcome: Outcome,
    /// Why, short.
    pub reason: String,
    /// Events that the destination accepted in it.
    pub events: u64,
    /// What the platform said last.
    pub answer: Option<Answer>,
}
