//! From gathered numbers to what PutMetricData takes.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit, StatisticSet};
use ports::metric::name;

use super::CloudWatchConfig;
use super::gather::{Gathered, Statistics};

/// Data points in one request: CloudWatch takes 1,000, and 1 MB, of which one has less than a thousandth.
const BATCH: usize = 1000;

/// All series as batches of data points, stamped with the start of their interval.
pub(super) fn of(gathered: &Gathered, config: &CloudWatchConfig) -> Vec<Vec<MetricDatum>> {
    let at = DateTime::from_millis(gathered.since.0);
    let points: Vec<_> = gathered
        .series
        .iter()
        .map(|(series, statistics)| {
            let label = series.label.as_ref().map(|(label, value)| dimension(label, value));
            let service = dimension("Service", &series.service);
            let dimensions =
                [dimension("Environment", &config.environment), service].into_iter().chain(label);
            MetricDatum::builder()
                .metric_name(series.there)
                .set_dimensions(Some(dimensions.collect()))
                .timestamp(at)
                .unit(unit(series.name))
                .statistic_values(set(statistics, scale(series.name)))
                .build()
        })
        .collect();
    points.chunks(BATCH).map(<[_]>::to_vec).collect()
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

/// What a value is multiplied with: shares are shown in percent, and money is counted in millionths.
fn scale(metric: &str) -> f64 {
    match metric {
        name::FILTER_KEPT_RATIO => 100.0,
        name::EXPIRED_REVENUE | name::LOST_REVENUE | name::REPORTED_REVENUE => 1e-6,
        _ => 1.0,
    }
}

fn set(statistics: &Statistics, scale: f64) -> StatisticSet {
    StatisticSet::builder()
        .sample_count(statistics.samples as f64)
        .sum(statistics.sum * scale)
        .minimum(statistics.least * scale)
        .maximum(statistics.most * scale)
        .build()
}

fn unit(metric: &str) -> StandardUnit {
    match metric {
        name::FILTER_KEPT_RATIO => StandardUnit::Percent,
        name::REQUEST_SECONDS => StandardUnit::Seconds,
        // Money, and yes or no.
        name::EXPIRED_REVENUE | name::LOST_REVENUE | name::REPORTED_REVENUE | name::READY => {
            StandardUnit::None
        }
        _ => StandardUnit::Count,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::UnixMillis;
    use ports::metric::MetricKind;

    use super::super::gather::Series;
    use super::*;

    #[test]
    fn no_batch_is_larger_than_cloudwatch_takes() {
        let config = CloudWatchConfig {
            namespace: "Efflux".to_owned(),
            environment: "test".to_owned(),
            service: "efflux".to_owned(),
            interval: Duration::from_secs(60),
        };
        let mut gathered = Gathered::starting(UnixMillis(60_000));
        for i in 0..2001 {
            let series = Series::of(name::MESSAGES_PROCESSED, &[], &i.to_string()).unwrap();
            gathered.add(series, 1.0);
        }
        let sizes: Vec<_> = of(&gathered, &config).iter().map(Vec::len).collect();
        assert_eq!(sizes, [1000, 1000, 1]);
        assert_eq!(unit(name::FILTER_KEPT_RATIO), StandardUnit::Percent);
    }

    #[test]
    fn money_is_sent_in_whole_units() {
        for metric in name::ALL.iter().filter(|metric| metric.kind == MetricKind::Money) {
            assert_eq!(
                (scale(metric.name), unit(metric.name)),
                (1e-6, StandardUnit::None),
                "{}",
                metric.name
            );
        }
    }
}
