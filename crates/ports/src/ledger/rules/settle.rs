//! What a settlement makes of an entry.

use domain::restate::Figures;
use domain::{Outcome, UnixMillis};

use super::policy::Policy;
use super::restatement::Increment;
use super::standing::Standing;
use crate::ledger::maybe_received::MaybeReceived;
use crate::ledger::positions::Positions;
use crate::ledger::settlement::Settlement;
use crate::mutations::{Mutation, is_on};

/// Events that the destination accepted of an entry before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Positions of the portion that is being sent.
    pub positions: Positions,
    /// Events in all.
    pub events: u64,
}

/// A settled entry, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settling<'s> {
    /// Where the settlement leads; the attempt is remembered with it.
    pub outcome: Outcome,
    /// Why.
    pub reason: &'s str,
    /// When it is due again, if it is.
    pub due_at: Option<UnixMillis>,
    /// Whether it counts as a failure.
    pub failed: bool,
    /// What is accepted now.
    pub accepted: Accepted,
    /// Events that this attempt added.
    pub new_events: u64,
    /// Purchases that are accepted now, and their worth.
    pub reported: Figures,
    /// Since when the platform may have events that are not known to be accepted.
    pub maybe_received: Option<MaybeReceived>,
    /// What is missing because a row stated more than is reported now: the entry waits for it at once.
    pub increment: Option<Increment>,
}

/// Settles an entry; `None` when the settlement is late: another worker has claimed the entry since, or it is settled already.
#[must_use]
pub fn settle<'s>(
    entry: &Standing,
    before: Accepted,
    settlement: &'s Settlement,
    policy: Policy,
) -> Option<Settling<'s>> {
    if !entry.is_held_by(&settlement.lease) {
        return None;
    }
    let mut positions = before.positions;
    let known = positions.len();
    positions.extend(&settlement.accepted);
    let new_events = positions.len().saturating_sub(known);
    let reported = Figures {
        count: entry.reported.count.saturating_add(settlement.reported.count),
        revenue: entry.reported.revenue + settlement.reported.revenue,
    };
    let (outcome, later) = (settlement.settle.outcome(), settlement.settle.later());
    let wanted = if is_on(Mutation::InvalidMoneySent) { Some(entry.observed) } else { entry.wanted };
    let increment = match (outcome, wanted) {
        (Outcome::Reported, Some(stated)) => Increment::missing(entry, reported, stated, policy),
        _ => None,
    };
    Some(Settling {
        outcome,
        reason: settlement.settle.reason(),
        due_at: later.map(|later| later.due_at),
        failed: later.is_some_and(|later| later.failed),
        accepted: Accepted { positions, events: before.events.saturating_add(new_events) },
        new_events,
        reported,
        maybe_received: settlement.maybe_received.filter(|_| outcome != Outcome::Reported),
        increment,
    })
}
