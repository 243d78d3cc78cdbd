//! Feed networks as data: which of a row's counts become which events.

use crate::row::{Conversion, Count};

/// Where the number of events of one kind comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountSource {
    /// The same number for every conversion.
    Always(u32),
    /// `lander_visitors`
    LanderVisitors,
    /// `lander_searches`
    LanderSearches,
    /// `visits`
    Visits,
    /// `serp`
    Serp,
    /// `conversions`
    Conversions,
}

impl CountSource {
    /// The field that says it.
    #[must_use]
    pub const fn field(self) -> Option<&'static str> {
        Some(match self {
            Self::Always(_) => return None,
            Self::LanderVisitors => "lander_visitors",
            Self::LanderSearches => "lander_searches",
            Self::Visits => "visits",
            Self::Serp => "serp",
            Self::Conversions => "conversions",
        })
    }

    /// The number that a row gives.
    #[must_use]
    pub fn of(self, conversion: &Conversion<'_>) -> Count {
        match self {
            Self::Always(n) => Count::Number(i64::from(n)),
            Self::LanderVisitors => conversion.lander_visitors,
            Self::LanderSearches => conversion.lander_searches,
            Self::Visits => conversion.visits,
            Self::Serp => conversion.serp,
            Self::Conversions => conversion.conversions,
        }
    }
}

/// What a feed network's rows mean.
#[derive(Debug, PartialEq, Eq)]
pub struct Network {
    /// Lower-case name, as it stands in rows and object keys; empty for a network that is not in the table.
    pub name: &'static str,
    /// Number of PageView events.
    pub page_views: CountSource,
    /// Number of ViewContent events.
    pub view_contents: CountSource,
    /// Number of Purchase events.
    pub purchases: CountSource,
}

/// The networks that Efflux knows.
pub static NETWORKS: [Network; 4] = [
    Network {
        name: "tonic",
        page_views: CountSource::Always(1),
        view_contents: CountSource::Always(1),
        purchases: CountSource::Conversions,
    },
    Network {
        name: "sedo",
        page_views: CountSource::Always(1),
        view_contents: CountSource::Always(1),
        purchases: CountSource::Conversions,
    },
    Network {
        name: "crossroads",
        page_views: CountSource::LanderVisitors,
        view_contents: CountSource::LanderSearches,
        purchases: CountSource::Conversions,
    },
    Network {
        name: "airfind",
        page_views: CountSource::Visits,
        view_contents: CountSource::Serp,
        purchases: CountSource::Conversions,
    },
];

/// The fields that rows of every network have, beside their counts.
const ALWAYS: [&str; 7] =
    ["session_id", "click_timestamp", "pixel_id", "campaign_id", "traffic_source", "ts_click_id", "revenue"];

/// Any other network: its Purchases are sent, nothing is guessed about its visits.
pub static UNKNOWN: Network = Network {
    name: "",
    page_views: CountSource::Always(0),
    view_contents: CountSource::Always(0),
    purchases: CountSource::Conversions,
};

impl Network {
    /// Finds a network by its name in any spelling of case; [`UNKNOWN`] when there is none.
    #[must_use]
    pub fn find(name: &str) -> &'static Self {
        NETWORKS.iter().find(|n| n.name.eq_ignore_ascii_case(name)).unwrap_or(&UNKNOWN)
    }

    /// The network of a row: the row's own word first, then that of the object it came in.
    #[must_use]
    pub fn of(conversion: &Conversion<'_>, object_network: Option<&str>) -> &'static Self {
        conversion.network.as_deref().or(object_network).map_or(&UNKNOWN, Self::find)
    }

    /// The fields that rows of this network always have, though not every row says something in them.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let counts = [self.page_views, self.view_contents, self.purchases];
        ALWAYS.into_iter().chain(counts.into_iter().filter_map(CountSource::field))
    }

    /// Whether the network is in the table.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.name.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(Network::find("Crossroads").name, "crossroads");
        assert!(!Network::find("system1").is_known());
    }
}
