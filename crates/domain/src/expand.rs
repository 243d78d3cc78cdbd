//! A valid conversion into the events that report it to a platform.

use crate::event::{EventCounts, EventKind};
use crate::key::{ConversionKey, EventId};
use crate::money::Money;
use crate::validate::Valid;

/// One thing reported to a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Position among all events of the conversion, from 0. The same in every expansion of the same figures.
    pub position: u32,
    /// What happened.
    pub kind: EventKind,
    /// The platform recognises a repetition by it.
    pub id: EventId,
    /// What a Purchase is worth; `None` for the others.
    pub value: Option<Money>,
}

/// The events of a conversion: page views, then content views, then Purchases whose values add up to its revenue exactly.
pub fn expand(key: &ConversionKey, valid: &Valid<'_, '_>) -> impl Iterator<Item = Event> {
    events(key, valid.counts(), valid.revenue())
}

/// The events of given counts and revenue; see [`expand`].
pub fn events(key: &ConversionKey, counts: EventCounts, revenue: Money) -> impl Iterator<Item = Event> {
    let key = *key;
    let views = (0..counts.page_views).map(|i| (EventKind::PageView, i, None));
    let contents = (0..counts.view_contents).map(|i| (EventKind::ViewContent, i, None));
    let shares = revenue.split(counts.purchases);
    let purchases = (0..counts.purchases).zip(shares).map(|(i, share)| (EventKind::Purchase, i, Some(share)));
    let all = views.chain(contents).chain(purchases);
    (0..).zip(all).map(move |(position, (kind, index, value))| Event {
        position,
        kind,
        id: EventId::new(&key, kind, index),
        value,
    })
}

/// Purchases that report further paid clicks: those with the next indexes, together worth what is given. Their positions
/// count from 0.
pub fn increment(
    key: &ConversionKey,
    first: u32,
    purchases: u32,
    value: Money,
) -> impl Iterator<Item = Event> {
    let key = *key;
    (0..purchases).zip(value.split(purchases)).map(move |(position, share)| Event {
        position,
        kind: EventKind::Purchase,
        id: EventId::new(&key, EventKind::Purchase, first.saturating_add(position)),
        value: Some(share),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_add_up_and_ids_differ(views in 0_u32..5, contents in 0_u32..5, purchases in 1_u32..50, micros in 0_i64..10_000_000) {
            let key = ConversionKey::new("s", Some("k"));
            let counts = EventCounts { page_views: views, view_contents: contents, purchases };
            let events: Vec<_> = events(&key, counts, Money::from_micros(micros)).collect();
            prop_assert_eq!(events.len(), counts.total() as usize);
            prop_assert_eq!(events.iter().filter_map(|e| e.value).sum::<Money>(), Money::from_micros(micros));
            prop_assert_eq!(events.iter().map(|e| e.id).collect::<HashSet<_>>().len(), events.len());
            prop_assert!(events.iter().zip(0..).all(|(e, i)| e.position == i));
        }

        #[test]
        fn an_increment_goes_on_where_the_whole_ended(purchases in 0_u32..20, more in 1_u32..20, micros in 0_i64..10_000_000) {
            let key = ConversionKey::new("s", Some("k"));
            let ids = |all: &[Event]| all.iter().map(|e| e.id).collect::<Vec<_>>();
            let counts = |purchases| EventCounts { page_views: 0, view_contents: 0, purchases };
            let before: Vec<_> = events(&key, counts(purchases), Money::ZERO).collect();
            let added: Vec<_> = increment(&key, purchases, more, Money::from_micros(micros)).collect();
            let all: Vec<_> = events(&key, counts(purchases + more), Money::ZERO).collect();
            prop_assert_eq!([ids(&before), ids(&added)].concat(), ids(&all));
            prop_assert_eq!(added.iter().filter_map(|e| e.value).sum::<Money>(), Money::from_micros(micros));
            prop_assert!(added.iter().zip(0..).all(|(e, i)| e.position == i));
        }
    }
}
