//! A held conversion with its events in the destination's words.

use domain::validate::{KnownPixels, Rules, check};
use domain::{Row, TrafficSource, UnixMillis};
use ports::Destination;
use ports::destination::PreparedEvent;
use ports::ledger::{Due, Positions};
#[cfg(feature = "mutations")]
use ports::mutations::{Mutation, is_on};

/// A conversion on its way.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) due: Due,
    /// The events that the destination does not have yet.
    pub(super) events: Vec<PreparedEvent>,
    /// Positions in `events` that were accepted in this round.
    pub(super) accepted: Positions,
}

/// Why a held conversion is not sent after all.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsendable {
    /// Its time ran out.
    Expired,
    /// The rules have become stricter, or the destination needs more than the row has.
    Refused(String),
}

/// The pixel was known when the row was claimed; whether it still has a credential is the lane's question.
struct AnyPixel;

impl KnownPixels for AnyPixel {
    fn knows(&self, _: TrafficSource, _: &str) -> bool {
        true
    }
}

/// Prepares a conversion at the moment of sending: its age is checked again here.
pub(super) fn prepare(
    due: Due,
    now: UnixMillis,
    needs_source_url: bool,
    destination: &dyn Destination,
) -> Result<Prepared, Box<(Due, Unsendable)>> {
    #[cfg(feature = "mutations")]
    let now = if is_on(Mutation::IgnoreDeadline) {
        now.min(due.deadline.minus(std::time::Duration::from_secs(1)))
    } else {
        now
    };
    if now >= due.deadline {
        return Err(Box::new((due, Unsendable::Expired)));
    }
    let events = {
        let row = Row::parse(&due.raw);
        let rules = Rules { now, pixels: &AnyPixel, object_network: Some(&due.network), needs_source_url };
        check(&row, rules).map_err(|reasons| reasons.to_string()).and_then(|valid| {
            destination.prepare(&row.key, &valid, due.part).map_err(|reason| reason.to_string())
        })
    };
    match events {
        Ok(mut events) => {
            #[cfg(feature = "mutations")]
            let due = mutated(due, &mut events);
            events.retain(|e| !due.accepted.contains(e.position));
            Ok(Prepared { due, events, accepted: Positions::default() })
        }
        Err(reason) => Err(Box::new((due, Unsendable::Refused(reason)))),
    }
}

#[cfg(feature = "mutations")]
fn mutated(mut due: Due, events: &mut [PreparedEvent]) -> Due {
    if is_on(Mutation::RetryForgetsAccepted) {
        due.accepted = Positions::default();
    }
    if is_on(Mutation::RandomEventId) {
        for event in events {
            let made_up = format!("{:032x}", due.lease.attempt);
            let payload = String::from_utf8_lossy(&event.payload).replace(event.id.as_str(), &made_up);
            event.payload = payload.into_bytes().into();
        }
    }
    due
}

/// A time at which nothing is too late.
#[cfg(feature = "mutations")]
pub(super) fn without_deadline(now: UnixMillis) -> UnixMillis {
    if is_on(Mutation::IgnoreDeadline) { UnixMillis(i64::MIN) } else { now }
}
