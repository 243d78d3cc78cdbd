//! What a later statement of the same conversion changes. Counts and revenue are cumulative and move both ways.

use crate::event::MAX_EVENTS_PER_CONVERSION;
use crate::money::Money;

/// A cumulative figure: how many paid clicks, and what they earned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Paid clicks.
    pub count: i64,
    /// Their revenue.
    pub revenue: Money,
}

/// What has grown beyond what was reported, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restatement {
    /// The observed figures are the reported ones.
    Same,
    /// There are new paid clicks, and they earned money.
    Grown {
        /// How many; at least 1.
        purchases: u32,
        /// What they are worth together: the observed revenue less the reported one; above zero.
        value: Money,
    },
    /// The figures changed in a way that no new event can express: recorded, never sent.
    Recorded,
}

/// Compares what a feed says now with what has been reported.
///
/// Platforms take no correction of an event that they have, so a decrease cannot be sent, and a rise in money alone has
/// no event to carry it; both wait in the observed figures until a new paid click comes. Clicks that added no money wait
/// for it: once they are sent, no event is left to carry it. A count beyond [`MAX_EVENTS_PER_CONVERSION`] is a broken
/// feed's and never sent.
#[must_use]
pub fn restate(reported: Figures, observed: Figures) -> Restatement {
    if observed == reported {
        return Restatement::Same;
    }
    if observed.count > i64::from(MAX_EVENTS_PER_CONVERSION) {
        return Restatement::Recorded;
    }
    match u32::try_from(observed.count.saturating_sub(reported.count)) {
        Ok(purchases) if purchases > 0 && observed.revenue > reported.revenue => {
            Restatement::Grown { purchases, value: observed.revenue - reported.revenue }
        }
        _ => Restatement::Recorded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(count: i64, revenue: &str) -> Figures {
        Figures { count, revenue: revenue.parse().unwrap() }
    }

    #[test]
    fn only_growth_in_clicks_can_be_sent() {
        let reported = figures(2, "0.50");
        assert_eq!(restate(reported, figures(2, "0.5")), Restatement::Same);
        assert_eq!(
            restate(reported, figures(3, "0.81")),
            Restatement::Grown { purchases: 1, value: "0.31".parse().unwrap() }
        );
        assert_eq!(
            restate(reported, figures(3, "0.50")),
            Restatement::Recorded,
            "their money is still to come"
        );
        assert_eq!(restate(reported, figures(3, "0.40")), Restatement::Recorded);
        assert_eq!(restate(reported, figures(2, "0.90")), Restatement::Recorded);
        assert_eq!(restate(reported, figures(1, "0.20")), Restatement::Recorded);
        assert_eq!(restate(reported, figures(10_001, "90")), Restatement::Recorded);
    }
}
