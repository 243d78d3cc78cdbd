//! The money of conversions that are lost: their deadline has passed, or the platform refuses them for good.

use domain::expand::{events, increment};
use domain::validate::amounts;
use domain::{Event, Money, Outcome, PixelRef, Row};
use ports::destination::EventOutcome;
use ports::ledger::{Due, Portion};
use ports::metric::name;

use super::delivery::DeliveryItem;
use crate::report::Reporting;

/// Counts the money of a conversion whose deadline has passed.
pub(super) fn count_expired(reporting: &Reporting, due: &Due) {
    let value = unreported_value(due);
    let [platform, pixel] = labels(&due.pixel);
    reporting.metrics.count(name::EXPIRED_REVENUE, &[platform, pixel], micros(value));
    count(reporting, &due.pixel, Outcome::Expired, value);
}

/// Counts the money of a conversion that cannot be sent for good.
pub(super) fn count_unsendable(reporting: &Reporting, due: &Due) {
    count(reporting, &due.pixel, Outcome::Rejected, unreported_value(due));
}

/// Counts the money of what the platform has rejected in a delivery.
pub(super) fn count_rejected(reporting: &Reporting, pixel: &PixelRef, items: &[DeliveryItem]) {
    let rejected = items.iter().filter(|item| item.outcomes.contains(&EventOutcome::Rejected));
    let lacking = rejected.flat_map(|DeliveryItem { prepared, .. }| {
        let events = prepared.events.iter().filter(|event| !prepared.accepted.contains(event.position));
        events.filter_map(|event| event.value)
    });
    count(reporting, pixel, Outcome::Rejected, lacking.sum());
}

fn count(reporting: &Reporting, pixel: &PixelRef, outcome: Outcome, lost: Money) {
    if lost > Money::ZERO {
        let [platform, pixel] = labels(pixel);
        let labels = [platform, pixel, ("outcome", outcome.as_str())];
        reporting.metrics.count(name::LOST_REVENUE, &labels, micros(lost));
    }
}

fn labels(pixel: &PixelRef) -> [(&'static str, &str); 2] {
    [("platform", pixel.platform.as_str()), ("pixel", pixel.code.as_str())]
}

fn micros(money: Money) -> u64 {
    u64::try_from(money.micros()).unwrap_or(0)
}

/// The value of the Purchases that the destination does not have.
fn unreported_value(due: &Due) -> Money {
    let row = Row::parse(&due.raw);
    let events: Vec<Event> = match (due.portion, amounts(&row, Some(&due.network))) {
        (Portion::Increment { first, purchases, value }, _) => {
            increment(&due.lease.key, first, purchases, value).collect()
        }
        (Portion::Full, Some((counts, revenue))) => events(&due.lease.key, counts, revenue).collect(),
        (Portion::Full, None) => Vec::new(),
    };
    events.iter().filter(|event| !due.accepted.contains(event.position)).filter_map(|event| event.value).sum()
}

#[cfg(test)]
mod tests {
    use domain::UnixMillis;
    use ports::ledger::{Lease, Positions};

    use super::*;

    #[test]
    fn what_was_reported_before_is_not_counted_as_expired() {
        let raw = r#"{"session_id":"s","network":"tonic","conversions":3,"revenue":"0.9","click_timestamp":1763800000,
            "pixel_id":"1","ts_click_id":"x","user_agent":"u"}"#;
        let due = |portion, accepted: Positions| Due {
            lease: Lease { key: Row::parse(raw).key, attempt: 1 },
            raw: raw.to_owned(),
            network: "tonic".to_owned(),
            pixel: "tiktok:1".parse().unwrap(),
            deadline: UnixMillis(0),
            odd: None,
            portion,
            accepted,
            maybe_received: None,
            failures: 0,
        };
        // Page view, content view, then three Purchases of 0.3 each.
        assert_eq!(unreported_value(&due(Portion::Full, Positions::default())).to_string(), "0.9");
        assert_eq!(unreported_value(&due(Portion::Full, [0, 1, 2].into_iter().collect())).to_string(), "0.6");
        let portion = Portion::Increment { first: 3, purchases: 2, value: "0.5".parse().unwrap() };
        assert_eq!(unreported_value(&due(portion, [1].into_iter().collect())).to_string(), "0.25");
    }
}
