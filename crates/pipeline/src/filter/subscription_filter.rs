//! Which rows are kept: those that meet all conditions of their campaign's subscription.

use std::collections::HashMap;
use std::fmt;

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
        self.left_out(row, object_network).map(|left_out| left_out.reason())
    }

    /// The same with what the row says and what the subscription asks for.
    #[must_use]
    pub fn left_out<'r>(&'r self, row: &'r Row<'_>, object_network: &'r str) -> Option<LeftOut<'r>> {
        let conversion = row.conversion.as_deref()?;
        let Some(campaign) = conversion.campaign_id.as_deref() else {
            return Some(LeftOut { campaign: None, unmet: Unmet::NoCampaign });
        };
        let unmet = match self.0.get(campaign) {
            None => Some(Unmet::NotSubscribed),
            Some(conditions) => conditions.unmet(conversion, object_network),
        };
        unmet.map(|unmet| LeftOut { campaign: Some(campaign), unmet })
    }
}

/// A row that is filtered out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut<'r> {
    /// The campaign that it names.
    pub campaign: Option<&'r str>,
    /// What does not hold.
    pub unmet: Unmet<'r>,
}

/// A condition that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet<'r> {
    /// The row names no campaign.
    NoCampaign,
    /// Its campaign has no subscription.
    NotSubscribed,
    /// The subscription is switched off.
    Disabled,
    /// The row's network, and those that the subscription names.
    Network(&'r str, &'r [String]),
    /// The row's country, and those that the subscription names.
    Country(Option<&'r str>, &'r [String]),
    /// What the row earned, and what it must at least.
    Revenue(Money, Money),
}

impl LeftOut<'_> {
    /// The word for it in receipts.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self.unmet {
            Unmet::NoCampaign => NO_CAMPAIGN,
            Unmet::NotSubscribed => NOT_SUBSCRIBED,
            Unmet::Disabled => SUBSCRIPTION_DISABLED,
            Unmet::Network(..) => OTHER_NETWORK,
            Unmet::Country(..) => OTHER_COUNTRY,
            Unmet::Revenue(..) => BELOW_MIN_REVENUE,
        }
    }
}

/// For people: `country: DE is not in US,CA`.
impl fmt::Display for Unmet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCampaign => f.write_str("campaign: the row names none"),
            Self::NotSubscribed => f.write_str("campaign: it has no subscription"),
            Self::Disabled => f.write_str("state: the subscription is switched off"),
            Self::Network(network, asked) => {
                write!(f, "network: {network} is not in {}", asked.join(","))
            }
            Self::Country(Some(country), asked) => {
                write!(f, "country: {country} is not in {}", asked.join(","))
            }
            Self::Country(None, asked) => {
                write!(f, "country: the row names none, and it must be in {}", asked.join(","))
            }
            Self::Revenue(revenue, least) => write!(f, "min-revenue: {revenue} is less than {least}"),
        }
    }
}

impl Conditions {
    /// The first condition that does not hold.
    fn unmet<'r>(&'r self, conversion: &'r Conversion<'_>, object_network: &'r str) -> Option<Unmet<'r>> {
        let network = conversion.network.as_deref().unwrap_or(object_network);
        let country = conversion.country_code.as_deref();
        let revenue = conversion.revenue.unwrap_or_default();
        if !self.enabled {
            Some(Unmet::Disabled)
        } else if !among(&self.networks, Some(network)) {
            Some(Unmet::Network(network, &self.networks))
        } else if !among(&self.countries, country) {
            Some(Unmet::Country(country, &self.countries))
        } else {
            let least = self.min_revenue.filter(|least| revenue < *least)?;
            Some(Unmet::Revenue(revenue, least))
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
    fn the_condition_that_does_not_hold_is_named() {
        let only = Subscription {
            countries: vec!["US".into(), "CA".into()],
            min_revenue: "0.5".parse().ok(),
            ..Subscription::of("7")
        };
        let filter = SubscriptionFilter::new(vec![only]);
        for (row, campaign, said) in [
            (
                r#"{"session_id":"s","campaign_id":7,"country_code":"DE","revenue":1}"#,
                Some("7"),
                "country: DE is not in US,CA",
            ),
            (
                r#"{"session_id":"s","campaign_id":7,"country_code":"US","revenue":0.1}"#,
                Some("7"),
                "min-revenue: 0.1 is less than 0.5",
            ),
            (r#"{"session_id":"s","campaign_id":8}"#, Some("8"), "campaign: it has no subscription"),
            (r#"{"session_id":"s"}"#, None, "campaign: the row names none"),
        ] {
            let row = Row::parse(row);
            let left_out = filter.left_out(&row, "tonic").unwrap();
            assert_eq!((left_out.campaign, left_out.unmet.to_string().as_str()), (campaign, said));
        }
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
