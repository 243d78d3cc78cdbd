//! Numbers about the work. A sink never fails and never waits: metrics are not in the way of the work.

use std::fmt;

#[macro_use]
mod table;
pub mod name;

/// Labels of a measurement: name and value. Values come from small sets, never from rows.
pub type Labels<'l> = &'l [(&'static str, &'l str)];

/// Where measurements go.
pub trait MetricSink: fmt::Debug + Send + Sync {
    /// Adds to a counter; to a counter of money, millionths of its currency.
    fn count(&self, name: &'static str, labels: Labels<'_>, by: u64);
    /// Sets a gauge.
    fn gauge(&self, name: &'static str, labels: Labels<'_>, value: f64);
    /// Records one observation of a distribution.
    fn observe(&self, name: &'static str, labels: Labels<'_>, value: f64);
}

/// A sink that forgets, for tools that report by themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMetrics;

impl MetricSink for NoMetrics {
    fn count(&self, _: &'static str, _: Labels<'_>, _: u64) {}
    fn gauge(&self, _: &'static str, _: Labels<'_>, _: f64) {}
    fn observe(&self, _: &'static str, _: Labels<'_>, _: f64) {}
}

/// How the values of a metric are to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricKind {
    /// It only grows: [`MetricSink::count`].
    Counter,
    /// It only grows, is counted in millionths ([`MetricSink::count`]) and shown in whole units of the feeds' currency.
    Money,
    /// A value of now: [`MetricSink::gauge`].
    Gauge,
    /// A value of now in whole units of the feeds' currency: [`MetricSink::gauge`].
    MoneyGauge,
    /// A distribution, with the upper bounds of its buckets: [`MetricSink::observe`].
    Histogram(&'static [f64]),
}

/// How CloudWatch gets a metric. Each one is billed, and each value of a label once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloudWatch {
    /// Its name there: the legacy system's five keep the names that alarms of old know.
    pub name: &'static str,
    /// The label that becomes a dimension, because alarms look at its single values. No other label is sent.
    pub dimension: Option<&'static str>,
}

/// What is known about a metric beside its values.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name, in every place where it is shown but CloudWatch.
    pub name: &'static str,
    /// How its values are to be read.
    pub kind: MetricKind,
    /// The labels of its measurements.
    pub labels: &'static [&'static str],
    /// How CloudWatch gets it; it is in `/metrics` in any case.
    pub cloudwatch: Option<CloudWatch>,
    doc: &'static str,
}

impl MetricKind {
    /// Whether it is an amount of money; what shows it says in which currency.
    #[must_use]
    pub const fn is_money(self) -> bool {
        matches!(self, Self::Money | Self::MoneyGauge)
    }
}

impl Metric {
    /// What it means, in one line without a full stop.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.doc.trim().trim_end_matches('.')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str) -> &'static Metric {
        name::ALL.iter().find(|metric| metric.name == name).unwrap()
    }

    #[test]
    fn a_row_says_all_about_a_metric() {
        let requests = metric(name::REQUESTS);
        assert_eq!(requests.kind, MetricKind::Counter);
        assert_eq!(requests.labels, ["platform", "pixel", "result"]);
        assert_eq!(requests.cloudwatch, Some(CloudWatch { name: name::REQUESTS, dimension: Some("result") }));
        assert_eq!(requests.help(), "Requests to the destination, by result");
        let read = metric(name::FILTER_ROWS_READ).cloudwatch.unwrap();
        assert_eq!((read.name, read.dimension), ("TotalRecordsProcessed", None));
        assert_eq!(metric(name::ROWS).cloudwatch, None);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = name::ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), name::ALL.len());
    }

    #[test]
    fn a_dimension_is_a_label() {
        for metric in name::ALL {
            let dimension = metric.cloudwatch.and_then(|sent| sent.dimension);
            assert!(dimension.is_none_or(|label| metric.labels.contains(&label)), "{}", metric.name);
        }
    }

    #[test]
    fn buckets_grow() {
        for metric in name::ALL {
            let MetricKind::Histogram(buckets) = metric.kind else { continue };
            assert!(buckets.is_sorted_by(|a, b| a < b), "{}", metric.name);
        }
    }
}
