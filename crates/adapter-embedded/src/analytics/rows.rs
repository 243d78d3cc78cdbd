//! Records as rows for people.

use domain::row::Origin;
use ports::ledger::Record;
use rusqlite::{Transaction, named_params};

const INSERT: &str = "
    INSERT OR IGNORE INTO report_conversions (key, version, partition, outcome, reason, reasons, network, pixel,
        campaign_id, session_id, keyword_clicked, click_timestamp, observed_count, observed_revenue, reported_count,
        reported_revenue, events, object, row, attempts, created_at, updated_at, platform,
        country, reported_at)
    VALUES (:key, :version, :partition, :outcome, :reason, :reasons, :network, :pixel, :campaign, :session, :keyword,
        :click, :observed_count, :observed_revenue, :reported_count, :reported_revenue, :events, :object, :row,
        :attempts, :created, :updated, :platform, :country, :reported_at)";

/// Adds records; those that are there already (key and version) are left as they are.
pub(super) fn insert(tx: &Transaction<'_>, records: &[Record]) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(INSERT)?;
    for record in records {
        let Origin { campaign, country } = Origin::of(&record.raw);
        statement.execute(named_params! {
            ":key": record.key.to_string(),
            ":version": whole(record.version),
            ":partition": partition(record),
            ":outcome": record.outcome.as_str(),
            ":reason": record.reason,
            ":reasons": record.reasons,
            ":network": record.network,
            ":pixel": record.pixel.as_ref().map(|pixel| pixel.code.as_str()),
            ":campaign": campaign,
            ":session": record.session_id,
            ":keyword": record.keyword_clicked,
            ":click": record.click_time.map(|t| t.0),
            ":observed_count": record.observed.count,
            ":observed_revenue": record.observed.revenue.to_string(),
            ":reported_count": record.reported.count,
            ":reported_revenue": record.reported.revenue.to_string(),
            ":events": whole(record.events),
            ":object": record.source.object,
            ":row": whole(record.source.row),
            ":attempts": record.attempts,
            ":created": record.created_at.0,
            ":updated": record.updated_at.0,
            ":platform": record.pixel.as_ref().map(|pixel| pixel.platform.as_str()),
            ":country": country,
            ":reported_at": record.reported_at.map(|t| t.0),
        })?;
    }
    Ok(())
}

/// How many conversions there are, whatever the number of their states.
pub(super) fn conversions(tx: &Transaction<'_>) -> rusqlite::Result<u64> {
    let number: i64 = tx
        .prepare_cached("SELECT count(DISTINCT key) FROM report_conversions")?
        .query_row([], |r| r.get(0))?;
    Ok(u64::try_from(number).unwrap_or(0))
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The month of the click, `2026-11`; rows that state no click go by their last change.
fn partition(record: &Record) -> String {
    let date = record.click_time.map_or(record.updated_at, |t| t.millis()).rfc3339();
    match date.get(..7) {
        Some(month) if date.contains('T') => month.to_owned(),
        _ => "no-date".to_owned(),
    }
}
