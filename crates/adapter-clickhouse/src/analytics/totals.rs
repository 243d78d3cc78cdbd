//! Conversions added up by the server.

use std::time::Duration;

use clickhouse::Row;
use domain::Money;
use ports::analytics::{CountedAt, Grouping, Total, Totals};
use ports::{Error, ErrorKind, Result};
use serde::Deserialize;

use crate::ClickHouse;

const OPERATION: &str = "analytics.totals";

/// Longest time for the sums: they may be over years.
const TOTALS_TIME: Duration = Duration::from_secs(120);

/// A sum as the server answers it: money in millionths.
#[derive(Debug, Row, Deserialize)]
struct Sum {
    group_name: String,
    outcome_name: String,
    conversions: u64,
    stated: i128,
    reported: i128,
    unreported: i128,
    purchases: i64,
    accepted: u64,
}

/// See [`AnalyticsStore::totals`](ports::AnalyticsStore::totals).
pub(super) async fn find(server: &ClickHouse, wanted: &Totals) -> Result<Vec<Total>> {
    let only = &wanted.only;
    let mut select = server.client().query(&query(wanted));
    for moment in [wanted.when.start, wanted.when.end] {
        select = select.bind(super::rows::moment(moment));
    }
    if let Some(pixel) = &only.pixel {
        select = select.bind(pixel.platform.as_str()).bind(pixel.code.as_str());
    }
    for text in [&only.network, &only.campaign].into_iter().flatten() {
        select = select.bind(text);
    }
    let sums = select.bind(wanted.limit as u64 + 1).fetch_all::<Sum>();
    let found = server.within(OPERATION, TOTALS_TIME, sums).await?;
    if found.len() > wanted.limit {
        return Err(wanted.too_many());
    }
    found.into_iter().map(Sum::total).collect()
}

/// Its placeholders: two moments, platform and pixel, network, campaign, limit.
fn query(wanted: &Totals) -> String {
    let time = match wanted.counted_at {
        CountedAt::Settled => "ifNull(reported_at, updated_at)",
        CountedAt::Clicked => "ifNull(click_timestamp, created_at)",
        CountedAt::Entered => "created_at",
    };
    let group = match wanted.by {
        Grouping::Pixel => "if(pixel = '', '', concat(platform, ':', pixel))".to_owned(),
        Grouping::Network => "network".to_owned(),
        Grouping::Campaign => "campaign_id".to_owned(),
        Grouping::Country => "country".to_owned(),
        Grouping::Slot(length) => {
            let length = length.as_millis().max(1);
            format!("intDiv(toUnixTimestamp64Milli({time}), {length}) * {length}")
        }
    };
    let conditions: String = [
        (wanted.only.pixel.is_some(), " AND platform = ? AND pixel = ?"),
        (wanted.only.network.is_some(), " AND network = ?"),
        (wanted.only.campaign.is_some(), " AND campaign_id = ?"),
    ]
    .into_iter()
    .filter_map(|(is_asked, condition)| is_asked.then_some(condition))
    .collect();
    format!(
        "SELECT toString({group}) AS group_name, toString(outcome) AS outcome_name, count() AS conversions,
            sum(observed_revenue) AS stated, sum(reported_revenue) AS reported,
            sum(greatest(observed_revenue - reported_revenue, toDecimal64(0, 6))) AS unreported,
            sum(reported_count) AS purchases, sum(events) AS accepted
         FROM report_conversions_latest
         WHERE toUnixTimestamp64Milli({time}) >= ? AND toUnixTimestamp64Milli({time}) < ?{conditions}
         GROUP BY group_name, outcome_name ORDER BY group_name, outcome_name LIMIT ?"
    )
}

impl Sum {
    fn total(self) -> Result<Total> {
        let unreadable = |error| {
            let detail = "an outcome that this version does not know: use a later one";
            Error::new(ErrorKind::Corrupt, OPERATION).detail(detail).source(error)
        };
        Ok(Total {
            outcome: self.outcome_name.parse().map_err(unreadable)?,
            group: self.group_name,
            conversions: self.conversions,
            stated: money(self.stated),
            reported: money(self.reported),
            unreported: money(self.unreported),
            purchases: u64::try_from(self.purchases).unwrap_or(0),
            events: self.accepted,
        })
    }
}

/// Sums beyond nine trillions are cut.
fn money(millionths: i128) -> Money {
    let most = if millionths < 0 { i64::MIN } else { i64::MAX };
    Money::from_micros(i64::try_from(millionths).unwrap_or(most))
}
