//! Who claims what, and what the claim led to.

use domain::{ConversionKey, Money, OddAmount, Outcome, PixelRef, UnixMillis};

use super::maybe_received::MaybeReceived;
use super::positions::Positions;

/// A worker that claims, and the end of its leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Names the process or worker; unique among those alive.
    pub owner: String,
    /// The present.
    pub now: UnixMillis,
    /// The end of the lease.
    pub until: UnixMillis,
    /// What becomes of figures that outgrow what was reported.
    pub restatements: Restatements,
    /// The most that one paid click may add to what is reported without the operator's consent.
    pub max_per_click: Money,
}

/// What becomes of figures that outgrow what was reported (`RESTATEMENTS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum Restatements {
    /// The first money that is stated is reported, and later figures are kept as observed. The legacy system's rule, but that a
    /// conversion that was reported without a Purchase takes its first ones.
    First,
    /// Further Purchases are sent for further paid clicks, worth what was not reported yet.
    #[default]
    Increments,
}

/// The right to settle an entry. It ends when another worker claims the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The entry.
    pub key: ConversionKey,
    /// Number of the claim, from 1: each claim of an entry raises it.
    pub attempt: u32,
}

/// What claiming a row led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's to send and settle.
    Held(Lease),
    /// The entry is this very row's and stands so; nothing to do.
    Stands(Outcome),
    /// Another row brought this conversion.
    Duplicate,
}

/// How much due work is claimed at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLimits {
    /// Entries altogether.
    pub total: usize,
    /// Entries of one pixel that are not past their deadline, so that its backlog leaves room for others.
    pub per_pixel: usize,
    /// Text of rows altogether, in bytes, about: the last ones go beyond it when a ledger knows their lengths only then.
    pub bytes: u64,
    /// Pixels of which only entries past their deadline are claimed: nothing can be sent to them now.
    pub except: Vec<PixelRef>,
}

impl DueLimits {
    /// Up to so many entries, of any pixel.
    #[must_use]
    pub const fn of(total: usize) -> Self {
        Self { total, per_pixel: total, bytes: u64::MAX, except: Vec::new() }
    }
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
    pub pixel: PixelRef,
    /// The last moment for sending.
    pub deadline: UnixMillis,
    /// Its amount has waited until now, and no operator has given it another chance.
    pub odd: Option<OddAmount>,
    /// Which of its events are to be sent.
    pub portion: Portion,
    /// Events of that portion which the destination has.
    pub accepted: Positions,
    /// Since when the platform may have others of them.
    pub maybe_received: Option<MaybeReceived>,
    /// Failed attempts so far whose failure was the platform's or the network's; lengthens the wait for the next.
    pub failures: u32,
}

/// Which events of a conversion are to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Portion {
    /// All that the row stands for.
    #[default]
    Full,
    /// Purchases for paid clicks that a restatement added. Their positions count from 0.
    Increment {
        /// Index of the first: as many Purchases were reported before.
        first: u32,
        /// How many; at least 1.
        purchases: u32,
        /// What they are worth together.
        value: Money,
    },
}
