//! A held conversion with its events in the destination's words.

use domain::validate::{KnownPixels, Rules, check};
use domain::{Row, TrafficSource, UnixMillis};
use ports::Destination;
use ports::destination::PreparedEvent;
use ports::ledger::{Due, Positions};

use super::mutations;

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
    let now = mutations::time_of_preparing(now, due.deadline);
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
            let due = mutations::prepared(due, &mut events);
            events.retain(|e| !due.accepted.contains(e.position));
            Ok(Prepared { due, events, accepted: Positions::default() })
        }
        Err(reason) => Err(Box::new((due, Unsendable::Refused(reason)))),
    }
}
