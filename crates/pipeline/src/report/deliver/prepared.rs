//! A claimed conversion with its events in the destination's format.

use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use domain::{ConversionKey, FeedMap, OddAmount, Reason, Row, UnixMillis};
use ports::Destination;
use ports::destination::PreparedEvent;
use ports::ledger::{Due, Portion, Positions};

use super::unknown_outcome::needs_a_person;
use crate::memory::Shared;
use crate::report::{OnUnknown, ZeroRevenue, mutations};

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
    /// Its amount waits, and its time has not come: a wrong clock made it due. It waits until then.
    Waits(OddAmount, UnixMillis),
    /// Its click lies a little in the future: it may be sent from then on.
    Future(UnixMillis),
    /// It has paid clicks without revenue, which versions before took for zero. Nothing of it was sent.
    MissingRevenue,
    /// The text that the ledger has for it is that of another conversion: its events would have the wrong ids.
    AnothersText,
    /// The rules have become stricter, or the destination needs more than the row has.
    Refused(String),
}

/// Prepares a conversion right before it is sent: its age is checked again here. Whether the pixel still has a credential is
/// checked when the batch is sent.
pub(super) fn prepare(
    Claimed { due, memory, .. }: Claimed,
    now: UnixMillis,
    destination: &dyn Destination,
    feeds: &FeedMap,
    (on_unknown, zero_revenue): (OnUnknown, ZeroRevenue),
) -> Result<Prepared, Box<(Due, Unsendable)>> {
    let now = mutations::time_of_preparing(now, due.deadline);
    if now >= due.deadline {
        return Err(Box::new((due, Unsendable::Expired)));
    }
    if let Some(odd) = due.odd {
        let until = zero_revenue.due_at(odd, due.deadline);
        if now < until {
            return Err(Box::new((due, Unsendable::Waits(odd, until))));
        }
    }
    if needs_a_person(due.maybe_received, on_unknown, destination.rules(), now) {
        return Err(Box::new((due, Unsendable::MaybeReceived)));
    }
    match events(&due, now, destination, feeds) {
        Ok(mut events) => {
            let due = mutations::prepared(due, &mut events);
            events.retain(|e| !due.accepted.contains(e.position));
            Ok(Prepared { due, events, accepted: Positions::default(), _memory: memory })
        }
        Err(reason) => Err(Box::new((due, reason))),
    }
}

/// The events of a conversion in the destination's format.
fn events(
    due: &Due,
    now: UnixMillis,
    destination: &dyn Destination,
    feeds: &FeedMap,
) -> Result<Vec<PreparedEvent>, Unsendable> {
    let row = row_of(due, feeds);
    if !belongs(&row, &due.lease.key) {
        return Err(Unsendable::AnothersText);
    }
    let platforms = OnePlatform(destination.platform(), destination);
    let rules = Rules { now, pixels: &AnyPixel, platforms: &platforms, object_network: Some(&due.network) };
    let valid = check(&row, rules).map_err(|reasons| match reasons.category() {
        Some(Reason::MissingRevenue) => Unsendable::MissingRevenue,
        _ => Unsendable::Refused(reasons.to_string()),
    })?;
    let click = valid.click_time().millis();
    if mutations::time_of_click(click, now) > now {
        return Err(Unsendable::Future(click));
    }
    let events = destination.prepare(&due.lease.key, &valid, due.portion);
    events.map_err(|reason| Unsendable::Refused(reason.to_string()))
}

/// Whether a row may be that of an entry, which may stand under a key of an earlier version. A checksum does not tell: a page that
/// was written to the wrong place has its own. A row without identity is refused as malformed.
fn belongs(row: &Row<'_>, key: &ConversionKey) -> bool {
    row.conversion.is_none() || row.key == *key || row.possible_keys.contains(key)
}

/// The row. Versions before took a missing revenue for zero: what they have begun to send goes on so.
fn row_of<'d>(due: &'d Due, feeds: &FeedMap) -> Row<'d> {
    let mut row = Row::of_feed(&due.raw, feeds, Some(&due.network));
    let is_begun = due.portion != Portion::Full || !due.accepted.is_empty() || due.maybe_received.is_some();
    if let Some(conversion) = row.conversion.as_deref_mut().filter(|_| is_begun) {
        conversion.revenue.get_or_insert_default();
    }
    mutations::row_of_due(row)
}
