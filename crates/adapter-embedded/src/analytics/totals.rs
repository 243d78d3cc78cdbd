//! Conversions added up: read one by one, because their money is text, which keeps every digit.

use std::collections::BTreeMap;
use std::error::Error;
use std::str::FromStr;

use domain::{Money, Outcome};
use ports::analytics::{CountedAt, Grouping, Total, Totals};
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, named_params};

/// See [`AnalyticsStore::totals`](ports::AnalyticsStore::totals). It stops behind the first sum that is too many.
pub(super) fn find(tx: &Transaction<'_>, wanted: &Totals) -> rusqlite::Result<Vec<Total>> {
    let mut statement = tx.prepare_cached(&query(wanted))?;
    let only = &wanted.only;
    let mut rows = statement.query(named_params! {
        ":from": wanted.when.start.0,
        ":to": wanted.when.end.0,
        ":platform": only.pixel.as_ref().map(|pixel| pixel.platform.as_str()),
        ":pixel": only.pixel.as_ref().map(|pixel| pixel.code.as_str()),
        ":network": only.network,
        ":campaign": only.campaign,
    })?;
    let mut sums = BTreeMap::new();
    while let Some(row) = rows.next()?
        && sums.len() <= wanted.limit
    {
        add(&mut sums, row)?;
    }
    Ok(sums.into_values().collect())
}

fn query(wanted: &Totals) -> String {
    let time = match wanted.counted_at {
        CountedAt::Settled => "coalesce(reported_at, updated_at)",
        CountedAt::Clicked => "coalesce(click_timestamp * 1000, created_at)",
        CountedAt::Entered => "created_at",
    };
    let group = match wanted.by {
        Grouping::Pixel => "coalesce(platform || ':' || pixel, '')".to_owned(),
        Grouping::Network => "network".to_owned(),
        Grouping::Campaign => "coalesce(campaign_id, '')".to_owned(),
        Grouping::Country => "coalesce(country, '')".to_owned(),
        Grouping::Slot(length) => {
            let length = length.as_millis().max(1);
            format!("CAST({time} / {length} * {length} AS TEXT)")
        }
    };
    format!(
        "SELECT {group}, outcome, observed_revenue, reported_revenue, reported_count, events
         FROM report_conversions_latest
         WHERE {time} >= :from AND {time} < :to AND (:pixel IS NULL OR platform = :platform AND pixel = :pixel)
            AND (:network IS NULL OR network = :network) AND (:campaign IS NULL OR campaign_id = :campaign)"
    )
}

fn add(sums: &mut BTreeMap<(String, String), Total>, row: &Row<'_>) -> rusqlite::Result<()> {
    let (group, word): (String, String) = (row.get(0)?, row.get(1)?);
    let (stated, reported): (Money, Money) = (parsed(row, 2)?, parsed(row, 3)?);
    let outcome: Outcome = parsed(row, 1)?;
    let sum = sums.entry((group.clone(), word)).or_insert_with(|| Total {
        group,
        outcome,
        conversions: 0,
        stated: Money::ZERO,
        reported: Money::ZERO,
        unreported: Money::ZERO,
        purchases: 0,
        events: 0,
    });
    sum.conversions += 1;
    sum.stated = sum.stated + stated;
    sum.reported = sum.reported + reported;
    sum.unreported = sum.unreported + (stated - reported).max(Money::ZERO);
    sum.purchases += u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0);
    sum.events += u64::try_from(row.get::<_, i64>(5)?).unwrap_or(0);
    Ok(())
}

fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}
