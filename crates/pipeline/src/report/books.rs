//! Checks that the rows of an object add up, and counts the money that was lost to time.

use domain::expand::expand;
use domain::validate::{KnownPixels, Rules, check};
use domain::{Money, Row, TrafficSource, UnixMillis};
use ports::ledger::{Due, Part};
use ports::metric::name;

use super::Reporting;

impl Reporting {
    /// Reads an object's books and raises an alarm when they do not balance.
    pub(super) async fn check_books(&self, object: &str) {
        match self.ledger.receipt(object).await {
            Ok(Some(receipt)) if !receipt.balances() && receipt.refused.is_none() => {
                let sum: u64 = receipt.outcomes.iter().map(|o| o.rows).sum();
                tracing::error!(
                    object,
                    rows_in = receipt.rows_in,
                    outcomes = sum,
                    "the books do not balance"
                );
                self.metrics.count(name::BOOKS_DIFFERENCE, &[], receipt.rows_in.abs_diff(sum));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(object, error = ?error, "cannot check the books"),
        }
    }

    /// Counts the money of a conversion whose time ran out.
    pub(super) fn count_expired(&self, due: &Due) {
        let micros = u64::try_from(untold(due).micros()).unwrap_or(0);
        self.metrics.count(name::EXPIRED_REVENUE_MICROS, &[], micros);
    }
}

/// Any pixel will do: only amounts are read.
struct AnyPixel;

impl KnownPixels for AnyPixel {
    fn knows(&self, _: TrafficSource, _: &str) -> bool {
        true
    }
}

/// The worth of the Purchases that the destination does not have.
fn untold(due: &Due) -> Money {
    let row = Row::parse(&due.raw);
    let now = row.conversion.as_deref().and_then(|c| c.click_time).map_or(UnixMillis(0), |t| t.millis());
    let rules = Rules { now, pixels: &AnyPixel, object_network: Some(&due.network), needs_source_url: false };
    let values: Vec<(u32, Option<Money>)> = match (due.part, check(&row, rules)) {
        (Part::Increment { first, purchases, worth }, _) => {
            domain::expand::increment(&row.key, first, purchases, worth)
                .map(|e| (e.position, e.value))
                .collect()
        }
        (Part::Whole, Ok(valid)) => expand(&row.key, &valid).map(|e| (e.position, e.value)).collect(),
        (Part::Whole, Err(_)) => Vec::new(),
    };
    values
        .into_iter()
        .filter(|(position, _)| !due.accepted.contains(*position))
        .filter_map(|(_, value)| value)
        .sum()
}

#[cfg(test)]
mod tests {
    use domain::PixelCode;
    use ports::ledger::{Lease, Positions};

    use super::*;

    #[test]
    fn what_was_told_before_is_not_counted_as_expired() {
        let raw = r#"{"session_id":"s","network":"tonic","conversions":3,"revenue":"0.9","click_timestamp":1763800000,
            "pixel_id":"1","traffic_source":"Facebook","ts_click_id":"x","user_agent":"u"}"#;
        let due = |part, accepted: Positions| Due {
            lease: Lease { key: Row::parse(raw).key, attempt: 1 },
            raw: raw.to_owned(),
            network: "tonic".to_owned(),
            pixel: PixelCode::new("1").unwrap(),
            deadline: UnixMillis(0),
            part,
            accepted,
            failures: 0,
        };
        // Page view, content view, then three Purchases of 0.3 each.
        assert_eq!(untold(&due(Part::Whole, Positions::default())).to_string(), "0.9");
        assert_eq!(untold(&due(Part::Whole, [0, 1, 2].into_iter().collect())).to_string(), "0.6");
        let part = Part::Increment { first: 3, purchases: 2, worth: "0.5".parse().unwrap() };
        assert_eq!(untold(&due(part, [1].into_iter().collect())).to_string(), "0.25");
    }
}
