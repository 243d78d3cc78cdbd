//! A claimed conversion with its events in the destination's format.

use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use domain::{Row, UnixMillis};
use ports::Destination;
use ports::destination::PreparedEvent;
use ports::ledger::{Due, Positions};

use super::unknown_outcome::needs_a_person;
use crate::memory::Shared;
use crate::report::{OnUnknown, mutations};

/// A conversion that this process has claimed.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) due: Due,
    /// How many events it stands for.
    pub(super) events: u32,
    /// Of the queue's memory, until it leaves the queue; then of the memory for sending.
    pub(super) memory: Shared,
}

/// A claimed conversion that is ready to be sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) due: Due,
    /// The events that the destination does not have yet.
    pub(super) events: Vec<PreparedEvent>,
    /// Positions in `events` that were accepted in this delivery.
    pub(super) accepted: Positions,
    /// What all of this may take, until it is settled or put back.
    pub(super) _memory: Shared,
}

/// Why a claimed conversion is not sent after all.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsendable {
    /// Its deadline has passed.
    Expired,
    /// The platform may have its events, and they may not be sent again without a person's decision.
    MaybeReceived,
    /// The rules have become stricter, or the destination needs more than the row has.
    Refused(String),
}

/// Prepares a conversion right before it is sent: its age is checked again here. Whether the pixel still has a credential is
/// checked when the batch is sent.
pub(super) fn prepare(
    Claimed { due, memory, .. }: Claimed,
    now: UnixMillis,
    destination: &dyn Destination,
    on_unknown: OnUnknown,
) -> Result<Prepared, Box<(Due, Unsendable)>> {
    let now = mutations::time_of_preparing(now, due.deadline);
    if now >= due.deadline {
        return Err(Box::new((due, Unsendable::Expired)));
    }
    if needs_a_person(due.maybe_received, on_unknown, destination.rules(), now) {
        return Err(Box::new((due, Unsendable::MaybeReceived)));
    }
    let events = {
        let row = Row::parse(&due.raw);
        let platforms = OnePlatform(destination.platform(), destination);
        let rules =
            Rules { now, pixels: &AnyPixel, platforms: &platforms, object_network: Some(&due.network) };
        check(&row, rules).map_err(|reasons| reasons.to_string()).and_then(|valid| {
            destination.prepare(&due.lease.key, &valid, due.portion).map_err(|reason| reason.to_string())
        })
    };
    match events {
        Ok(mut events) => {
            let due = mutations::prepared(due, &mut events);
            events.retain(|e| !due.accepted.contains(e.position));
            Ok(Prepared { due, events, accepted: Positions::default(), _memory: memory })
        }
        Err(reason) => Err(Box::new((due, Unsendable::Refused(reason)))),
    }
}
