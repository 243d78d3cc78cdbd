//! What goes into the ledger and what comes out of it.

use domain::restate::Figures;
use domain::{ConversionKey, Money, Outcome, PixelCode, Reasons, UnixMillis, UnixSeconds};

use super::{Positions, WaitReason};
use crate::destination::Answer;

/// Where a row came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// `bucket/key` of the object.
    pub object: String,
    /// Position of the row in it, from 0.
    pub row: u64,
}

/// One row, as it is brought to the ledger.
#[derive(Debug, Clone)]
pub struct Statement {
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
    pub pixel: Option<PixelCode>,
    /// The feed network of the row or its object; empty when neither says.
    pub network: String,
    /// What the row says was earned.
    pub observed: Figures,
    /// What is to become of it.
    pub verdict: StatementVerdict,
}

impl Statement {
    /// Whether it may be sent.
    #[must_use]
    pub const fn is_sendable(&self) -> bool {
        matches!(self.verdict, StatementVerdict::Sendable { .. })
    }

    /// The state in which it enters the ledger.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self.verdict {
            StatementVerdict::Sendable { .. } => Outcome::InFlight,
            StatementVerdict::NoEvents => Outcome::NoEvents,
            StatementVerdict::Invalid(_) => Outcome::Invalid,
        }
    }

    /// The first of the reasons why it is invalid; empty otherwise.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reasons().category().map_or("", |reason| reason.as_str())
    }

    /// All reasons why it is invalid.
    #[must_use]
    pub const fn reasons(&self) -> Reasons {
        match self.verdict {
            StatementVerdict::Invalid(reasons) => reasons,
            StatementVerdict::Sendable { .. } | StatementVerdict::NoEvents => Reasons::NONE,
        }
    }

    /// The last moment for sending it, if it may be sent.
    #[must_use]
    pub const fn deadline(&self) -> Option<UnixMillis> {
        match self.verdict {
            StatementVerdict::Sendable { deadline } => Some(deadline),
            StatementVerdict::NoEvents | StatementVerdict::Invalid(_) => None,
        }
    }
}

/// What validation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementVerdict {
    /// It has events and may be sent until the deadline.
    Sendable {
        /// The last moment for sending.
        deadline: UnixMillis,
    },
    /// It is valid and has no events.
    NoEvents,
    /// It may not be sent.
    Invalid(Reasons),
}

/// The right to settle an entry; ends when somebody else claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The entry.
    pub key: ConversionKey,
    /// Number of the claim, from 1: each claim of an entry raises it.
    pub attempt: u32,
}

/// What claiming a statement led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's to send and settle.
    Held(Lease),
    /// The entry is this very row's and stands so; nothing to do.
    Stands(Outcome),
    /// Another row brought this conversion.
    Duplicate,
}

/// An entry that its caller now holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The right to settle it.
    pub lease: Lease,
    /// The row's JSON text.
    pub raw: String,
    /// The feed network of the row or its object; empty when neither said.
    pub network: String,
    /// The pixel it goes to.
    pub pixel: PixelCode,
    /// The last moment for sending.
    pub deadline: UnixMillis,
    /// Which of its events are to be sent.
    pub part: Part,
    /// Events of that part which the destination has.
    pub accepted: Positions,
    /// Failed attempts so far whose failure was the platform's or the network's; lengthens the wait for the next.
    pub failures: u32,
}

/// Which events of a conversion are to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// All that the row stands for.
    #[default]
    Whole,
    /// Purchases for paid clicks that a later statement added. Their positions count from 0.
    Increment {
        /// Index of the first: as many Purchases were reported before.
        first: u32,
        /// How many; at least 1.
        purchases: u32,
        /// What they are worth together.
        worth: Money,
    },
}

/// Another chance for an entry, as an operator gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopening {
    /// The entry.
    pub key: ConversionKey,
    /// The version that the operator saw.
    pub version: u64,
    /// The pixel it goes to.
    pub pixel: PixelCode,
    /// The last moment for sending.
    pub deadline: UnixMillis,
}

/// One attempt to bring an entry to its end, as people see it afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Number of the claim.
    pub number: u32,
    /// When it was settled.
    pub at: UnixMillis,
    /// Who held the entry.
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
}

/// Where an entry goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// All of its events are accepted.
    Reported,
    /// It is tried again.
    Retry(Open),
    /// It waits for a person, and is probed now and then.
    Parked(Open),
    /// The platform refused it for good.
    Rejected {
        /// The platform's reason, short: `100/2804004`.
        reason: String,
    },
    /// Its time ran out.
    Expired,
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
            Self::Retry(open) | Self::Parked(open) => open.reason.as_str(),
            Self::Rejected { reason } => reason.as_str(),
            Self::Reported | Self::Expired => "",
        }
    }

    /// When and why it goes on, if it does.
    #[must_use]
    pub const fn open(&self) -> Option<&Open> {
        match self {
            Self::Retry(open) | Self::Parked(open) => Some(open),
            Self::Reported | Self::Rejected { .. } | Self::Expired => None,
        }
    }
}

/// An entry that is not at an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// When it is due again.
    pub due_at: UnixMillis,
    /// What stopped it.
    pub reason: WaitReason,
    /// Whether the attempt failed, rather than was not made.
    pub failed: bool,
}

/// An entry as it stands, for export and for people.
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
    /// The row's JSON text.
    pub raw: String,
    /// The session.
    pub session_id: Option<String>,
    /// The keyword.
    pub keyword_clicked: Option<String>,
    /// When the visitor landed.
    pub click_time: Option<UnixSeconds>,
    /// The pixel.
    pub pixel: Option<PixelCode>,
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
}

impl Record {
    /// Why it waits; `None` when it does not.
    #[must_use]
    pub fn wait_reason(&self) -> Option<WaitReason> {
        matches!(self.outcome, Outcome::Retry | Outcome::Parked).then(|| self.reason.as_str().into())
    }

    /// Revenue that a feed stated and no event has told.
    #[must_use]
    pub fn unreported(&self) -> Money {
        (self.observed.revenue - self.reported.revenue).max(Money::ZERO)
    }
}
