//! How each deliberate bug of [`ports::mutations`] bends what the reporter does; see [`crate::mutations`].

use std::borrow::Cow;
use std::time::Duration;

use domain::{OddAmount, Row, UnixMillis};
use ports::destination::{EventOutcome, PreparedEvent};
use ports::ledger::{Due, Positions};
use ports::mutations::{Mutation, is_on};

/// Conversions are settled as reported before their events are sent.
pub(super) fn settles_before_send() -> bool {
    is_on(Mutation::SettleBeforeSend)
}

/// The deadline is not checked when events are prepared.
pub(super) fn time_of_preparing(now: UnixMillis, deadline: UnixMillis) -> UnixMillis {
    if is_on(Mutation::IgnoreDeadline) { now.min(deadline.minus(Duration::from_secs(1))) } else { now }
}

/// Nor right before they are sent.
pub(super) fn time_before_sending(now: UnixMillis) -> UnixMillis {
    if is_on(Mutation::IgnoreDeadline) { UnixMillis(i64::MIN) } else { now }
}

/// Events are repeated even when the platform has forgotten their ids.
pub(super) fn time_of_repeating(now: UnixMillis) -> UnixMillis {
    if is_on(Mutation::IgnoreDeduplication) { UnixMillis(i64::MIN) } else { now }
}

/// An event is sent although its click is still to come.
pub(super) fn time_of_click(click: UnixMillis, now: UnixMillis) -> UnixMillis {
    if is_on(Mutation::FutureSent) { click.min(now) } else { click }
}

/// Paid clicks without revenue earned nothing: when their row is claimed, and when it is sent.
pub(super) fn row_of_claim<'c, 'a>(row: &'c Row<'a>) -> Cow<'c, Row<'a>> {
    if is_on(Mutation::MissingIsZero) { Cow::Owned(row_of_due(row.clone())) } else { Cow::Borrowed(row) }
}

/// See [`row_of_claim`].
pub(super) fn row_of_due(mut row: Row<'_>) -> Row<'_> {
    if let Some(conversion) = row.conversion.as_deref_mut().filter(|_| is_on(Mutation::MissingIsZero)) {
        conversion.revenue.get_or_insert_default();
        conversion.unreadable.retain(|field| *field != "revenue");
    }
    row
}

/// An amount is sent at once, whatever is odd about it.
pub(super) fn odd_amount(odd: Option<OddAmount>) -> Option<OddAmount> {
    let is_sent = match odd {
        Some(OddAmount::Zero) => is_on(Mutation::MissingIsZero) || is_on(Mutation::ZeroSent),
        Some(OddAmount::Implausible) => is_on(Mutation::ImplausibleSent),
        None => false,
    };
    odd.filter(|_| !is_sent)
}

/// What the clock shows is believed, whatever other clocks show.
pub(super) fn trusts_the_clock() -> bool {
    is_on(Mutation::TrustClock)
}

/// A retry forgets which events were accepted; event ids are made up at each sending.
pub(super) fn prepared(mut due: Due, events: &mut [PreparedEvent]) -> Due {
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

/// Events with an unknown outcome count as rejected.
pub(super) fn outcomes(mut outcomes: Vec<EventOutcome>) -> Vec<EventOutcome> {
    if is_on(Mutation::UnknownIsRejected) {
        for outcome in outcomes.iter_mut().filter(|outcome| **outcome == EventOutcome::Unknown) {
            *outcome = EventOutcome::Rejected;
        }
    }
    outcomes
}

/// All events of a refused request are rejected in place of the bad one.
pub(super) fn neighbours_to_drop<T: Copy>(asked: &[T]) -> Option<Vec<T>> {
    is_on(Mutation::NeighboursDropped).then(|| asked.to_vec())
}

/// A refusal that blames an event is believed at once.
pub(super) fn believes_blame() -> bool {
    is_on(Mutation::BlameBelieved)
}
