//! Records as rows. Nothing in them is about a person: no address, no agent, no raw text.

use std::borrow::Cow;
use std::time::Duration;

use clickhouse::Row;
use domain::UnixMillis;
use domain::row::Origin;
use ports::Result;
use ports::ledger::Record;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::ClickHouse;

/// Longest time for a block.
const INSERT_TIME: Duration = Duration::from_secs(60);

/// The last moment that ClickHouse's times know: the end of the year 2299.
const LAST_MOMENT: i64 = 10_413_791_999_999;

/// The columns, in their types on the wire: times in milliseconds, money in millionths.
#[derive(Debug, Row, Serialize)]
struct Columns<'r> {
    key: String,
    version: u64,
    outcome: &'r str,
    reason: &'r str,
    reasons: &'r str,
    network: &'r str,
    pixel: &'r str,
    platform: &'r str,
    campaign_id: Cow<'r, str>,
    country: Cow<'r, str>,
    session_id: &'r str,
    keyword_clicked: &'r str,
    click_timestamp: Option<i64>,
    observed_count: i64,
    observed_revenue: i64,
    reported_count: i64,
    reported_revenue: i64,
    events: u64,
    object: &'r str,
    row: u64,
    attempts: u32,
    created_at: i64,
    updated_at: i64,
    reported_at: Option<i64>,
}

impl<'r> From<&'r Record> for Columns<'r> {
    fn from(record: &'r Record) -> Self {
        let Origin { campaign, country } = Origin::of(&record.raw);
        Self {
            key: record.key.to_string(),
            version: record.version,
            outcome: record.outcome.as_str(),
            reason: &record.reason,
            reasons: &record.reasons,
            network: &record.network,
            pixel: record.pixel.as_ref().map_or("", |pixel| pixel.code.as_str()),
            platform: record.pixel.as_ref().map_or("", |pixel| pixel.platform.as_str()),
            campaign_id: campaign.unwrap_or_default(),
            country: country.unwrap_or_default(),
            session_id: record.session_id.as_deref().unwrap_or_default(),
            keyword_clicked: record.keyword_clicked.as_deref().unwrap_or_default(),
            click_timestamp: record.click_time.map(|t| moment(t.millis())),
            observed_count: record.observed.count,
            observed_revenue: record.observed.revenue.micros(),
            reported_count: record.reported.count,
            reported_revenue: record.reported.revenue.micros(),
            events: record.events,
            object: &record.source.object,
            row: record.source.row,
            attempts: record.attempts,
            created_at: moment(record.created_at),
            updated_at: moment(record.updated_at),
            reported_at: record.reported_at.map(moment),
        }
    }
}

/// Inserts a block, which is there whole or not at all. The same block again is recognised by its token; later than the server
/// remembers tokens it is merged away by key and version.
pub(super) async fn insert(server: &ClickHouse, records: &[Record]) -> Result<()> {
    let work = async {
        let mut insert = server
            .client()
            .insert::<Columns<'_>>("report_conversions")
            .await?
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", token(records))
            // The answer must mean that the rows are there.
            .with_setting("async_insert", "0")
            .with_setting("wait_end_of_query", "1");
        for record in records {
            insert.write(&Columns::from(record)).await?;
        }
        insert.end().await
    };
    server.within("analytics.insert", INSERT_TIME, work).await
}

/// Names a block by what is in it.
fn token(records: &[Record]) -> String {
    let mut digest = Sha256::new();
    for record in records {
        digest.update(record.key.as_bytes());
        digest.update(record.version.to_be_bytes());
    }
    hex::encode(digest.finalize())
}

pub(super) fn moment(at: UnixMillis) -> i64 {
    at.0.clamp(0, LAST_MOMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_ones_that_the_server_knows() {
        assert_eq!(moment(UnixMillis(i64::MAX)), LAST_MOMENT);
        assert_eq!(moment(UnixMillis(-1)), 0);
    }
}
