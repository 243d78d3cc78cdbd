//! Which rows are kept: those that meet all conditions of their campaign's subscription.

use std::collections::HashMap;

use domain::row::Conversion;
use domain::{Money, Row};
use ports::subscriptions::Subscription;

/// Why a row is filtered out: its campaign is not subscribed.
pub const NOT_SUBSCRIBED: &str = "not_subscribed";

/// Why a row is filtered out: it names no campaign.
pub const NO_CAMPAIGN: &str = "no_campaign";

/// Why a row is filtered out: its campaign's subscription is switched off.
pub const SUBSCRIPTION_DISABLED: &str = "subscription_disabled";

/// Why a row is filtered out: it is of a feed network that its campaign's subscription does not name.
pub const OTHER_NETWORK: &str = "other_network";

/// Why a row is filtered out: its visitor's country is unknown, or its campaign's subscription does not name it.
pub const OTHER_COUNTRY: &str = "other_country";

/// Why a row is filtered out: it earned less than its campaign's subscription asks for.
pub const BELOW_MIN_REVENUE: &str = "below_min_revenue";

/// The conditions of all subscriptions, by campaign.
#[derive(Debug, Default)]
pub struct SubscriptionFilter(HashMap<String, Conditions>);

#[derive(Debug)]
struct Conditions {
    enabled: bool,
    networks: Vec<String>,
    countries: Vec<String>,
    min_revenue: Option<Money>,
}

impl SubscriptionFilter {
    /// The filter that these subscriptions make.
    #[must_use]
    pub fn new(subscriptions: Vec<Subscription>) -> Self {
        let conditions = subscriptions.into_iter().map(|s| {
            let Subscription { id, enabled, networks, countries, min_revenue, note: _ } = s;
            (id, Conditions { enabled, networks, countries, min_revenue })
        });
        Self(conditions.collect())
    }

    /// Why a row of an object of this network is filtered out; `None` when it is kept. A row that cannot be read is kept: the
    /// ledger records it as invalid.
    #[must_use]
    pub fn rejects(&self, row: &Row<'_>, object_network: &str) -> Option<&'static str> {
        let conversion = row.conversion.as_deref()?;
        let Some(id) = conversion.campaign_id.as_deref() else { return Some(NO_CAMPAIGN) };
        match self.0.get(id) {
            None => Some(NOT_SUBSCRIBED),
            Some(conditions) => conditions.unmet(conversion, object_network),
        }
    }
}

impl Conditions {
    /// The first condition that does not hold.
    fn unmet(&self, conversion: &Conversion<'_>, object_network: &str) -> Option<&'static str> {
        let network = conversion.network.as_deref().unwrap_or(object_network);
        let revenue = conversion.revenue.unwrap_or_default();
        if !self.enabled {
            Some(SUBSCRIPTION_DISABLED)
        } else if !among(&self.networks, Some(network)) {
            Some(OTHER_NETWORK)
        } else if !among(&self.countries, conversion.country_code.as_deref()) {
            Some(OTHER_COUNTRY)
        } else if self.min_revenue.is_some_and(|least| revenue < least) {
            Some(BELOW_MIN_REVENUE)
        } else {
            None
        }
    }
}

/// Whether a word is among those asked for, whatever its case. An empty list accepts everything, a missing word too.
fn among(asked: &[String], word: Option<&str>) -> bool {
    asked.is_empty() || word.is_some_and(|word| asked.iter().any(|a| a.trim().eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject_reason(subscription: Subscription, row: &str) -> Option<&'static str> {
        SubscriptionFilter::new(vec![subscription]).rejects(&Row::parse(row), "tonic")
    }

    #[test]
    fn every_condition_must_hold() {
        let full = Subscription {
            networks: vec!["Tonic".into(), "sedo".into()],
            countries: vec!["us".into(), "DE".into()],
            min_revenue: "0.5".parse().ok(),
            ..Subscription::of("7")
        };
        let good = r#"{"session_id":"s","campaign_id":7,"country_code":"US","revenue":0.5}"#;
        assert_eq!(reject_reason(full.clone(), good), None, "the object says the network");
        let cases = [
            (
                r#"{"session_id":"s","campaign_id":"7","country_code":"US","revenue":"0.49"}"#,
                BELOW_MIN_REVENUE,
            ),
            (r#"{"session_id":"s","campaign_id":"7","country_code":"US"}"#, BELOW_MIN_REVENUE),
            (r#"{"session_id":"s","campaign_id":"7","country_code":"FR","revenue":1}"#, OTHER_COUNTRY),
            (r#"{"session_id":"s","campaign_id":"7","revenue":1}"#, OTHER_COUNTRY),
            (
                r#"{"session_id":"s","campaign_id":"7","network":"airfind","country_code":"US","revenue":1}"#,
                OTHER_NETWORK,
            ),
            (r#"{"session_id":"s","campaign_id":"8"}"#, NOT_SUBSCRIBED),
            (r#"{"session_id":"s"}"#, NO_CAMPAIGN),
        ];
        for (row, reason) in cases {
            assert_eq!(reject_reason(full.clone(), row), Some(reason), "{row}");
        }
        assert_eq!(reject_reason(Subscription { enabled: false, ..full }, good), Some(SUBSCRIPTION_DISABLED));
    }

    #[test]
    fn a_bare_subscription_keeps_every_row_and_rows_that_cannot_be_read_are_kept() {
        assert_eq!(reject_reason(Subscription::of("7"), r#"{"session_id":"s","campaign_id":7}"#), None);
        assert_eq!(
            reject_reason(Subscription::of("7"), r#"{"campaign_id":8}"#),
            None,
            "malformed: for the ledger"
        );
    }
}
