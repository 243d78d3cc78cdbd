//! Which rows are kept: those that meet all conditions of their campaign's subscription.

use std::collections::HashMap;

use domain::row::Conversion;
use domain::{Money, Row};
use ports::subscriptions::Subscription;

/// Why a row was left out: nobody subscribed its campaign.
pub const NOT_SUBSCRIBED: &str = "not_subscribed";

/// Why a row was left out: it names no campaign.
pub const NO_CAMPAIGN: &str = "no_campaign";

/// Why a row was left out: its campaign's subscription is switched off.
pub const SUBSCRIPTION_DISABLED: &str = "subscription_disabled";

/// Why a row was left out: it is of a feed network that its campaign's subscription does not name.
pub const OTHER_NETWORK: &str = "other_network";

/// Why a row was left out: its visitor is in no country that its campaign's subscription names, or nobody knows where.
pub const OTHER_COUNTRY: &str = "other_country";

/// Why a row was left out: it earned less than its campaign's subscription asks for.
pub const BELOW_MIN_REVENUE: &str = "below_min_revenue";

/// The subscriptions, ready to be asked about rows.
#[derive(Debug, Default)]
pub struct Choice(HashMap<String, Conditions>);

#[derive(Debug)]
struct Conditions {
    enabled: bool,
    networks: Vec<String>,
    countries: Vec<String>,
    min_revenue: Option<Money>,
}

impl Choice {
    /// The choice that these subscriptions make.
    #[must_use]
    pub fn of(subscriptions: Vec<Subscription>) -> Self {
        let conditions = subscriptions.into_iter().map(|s| {
            let Subscription { id, enabled, networks, countries, min_revenue, note: _ } = s;
            (id, Conditions { enabled, networks, countries, min_revenue })
        });
        Self(conditions.collect())
    }

    /// Why a row of an object of this network is not passed on; `None` when it is. A row that cannot be read is passed on:
    /// the ledger records it as invalid.
    #[must_use]
    pub fn left_out(&self, row: &Row<'_>, object_network: &str) -> Option<&'static str> {
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

/// Whether a word is among those asked for, in any spelling of case; nothing asked for takes every word and none.
fn among(asked: &[String], word: Option<&str>) -> bool {
    asked.is_empty() || word.is_some_and(|word| asked.iter().any(|a| a.trim().eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(subscription: Subscription, row: &str) -> Option<&'static str> {
        Choice::of(vec![subscription]).left_out(&Row::parse(row), "tonic")
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
        assert_eq!(left_out(full.clone(), good), None, "the object says the network");
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
            assert_eq!(left_out(full.clone(), row), Some(reason), "{row}");
        }
        assert_eq!(left_out(Subscription { enabled: false, ..full }, good), Some(SUBSCRIPTION_DISABLED));
    }

    #[test]
    fn a_bare_subscription_takes_every_row_and_what_cannot_be_read_goes_on() {
        assert_eq!(left_out(Subscription::of("7"), r#"{"session_id":"s","campaign_id":7}"#), None);
        assert_eq!(
            left_out(Subscription::of("7"), r#"{"campaign_id":8}"#),
            None,
            "malformed: for the ledger"
        );
    }
}
