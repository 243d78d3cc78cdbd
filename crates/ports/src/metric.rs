//! Numbers about the work. A sink never fails and never waits: metrics are not in the way of the work.

use std::fmt;

/// Labels of a measurement: name and value. Values come from small sets, never from rows.
pub type Labels<'l> = &'l [(&'static str, &'l str)];

/// Where measurements go.
pub trait MetricSink: fmt::Debug + Send + Sync {
    /// Adds to a counter.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows: [`MetricSink::count`].
    Counter,
    /// A value of now: [`MetricSink::gauge`].
    Gauge,
    /// A distribution: [`MetricSink::observe`].
    Histogram,
}

/// Whether CloudWatch gets a metric. Each one is billed, and each value of a label once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloudWatch {
    /// It does not: the metric is in `/metrics` only.
    Withheld,
    /// It gets the metric, without labels of its own.
    Sent,
    /// It gets the metric, and this label becomes a dimension: alarms look at its single values.
    SentBy(&'static str),
}

/// What is known about a metric beside its values.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name, in every place where it is shown.
    pub name: &'static str,
    /// How its values are to be read.
    pub kind: MetricKind,
    /// Whether CloudWatch gets it.
    pub cloudwatch: CloudWatch,
    doc: &'static str,
}

impl Metric {
    /// What it means, in one line without a full stop.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.doc.trim().trim_end_matches('.')
    }
}

/// Makes of each row a constant with the name, and of all rows the list `ALL`. A row is
/// `/// Help.` and `CONSTANT = kind "name";` where `, cloudwatch` or `, cloudwatch by "label"` may stand before the semicolon.
macro_rules! metrics {
    (@kind counter) => { MetricKind::Counter };
    (@kind gauge) => { MetricKind::Gauge };
    (@kind histogram) => { MetricKind::Histogram };
    (@cloudwatch) => { CloudWatch::Withheld };
    (@cloudwatch cloudwatch) => { CloudWatch::Sent };
    (@cloudwatch cloudwatch by $label:literal) => { CloudWatch::SentBy($label) };
    ($(#[doc = $doc:literal] $constant:ident = $kind:ident $name:literal $(, $sent:ident $(by $label:literal)?)?;)+) => {
        $(#[doc = $doc] pub const $constant: &str = $name;)+

        /// All of them, for what shows or sends metrics.
        pub const ALL: &[Metric] = &[$(Metric {
            name: $name,
            kind: metrics!(@kind $kind),
            cloudwatch: metrics!(@cloudwatch $($sent $(by $label)?)?),
            doc: $doc,
        }),+];
    };
}

/// Every metric by its name, so that none can be misspelt. The first five are the legacy system's.
pub mod name {
    use super::{CloudWatch, Metric, MetricKind};

    metrics! {
        /// Rows that the filter read.
        TOTAL_RECORDS_PROCESSED = counter "TotalRecordsProcessed", cloudwatch;
        /// Rows that passed the filter.
        TOTAL_RECORDS_FILTERED = counter "TotalRecordsFiltered", cloudwatch;
        /// Percentage of a file's rows that passed the filter.
        FILTERING_RATIO = histogram "FilteringRatio", cloudwatch;
        /// Messages done.
        PROCESSED_MESSAGES = counter "ProcessedMessages", cloudwatch;
        /// Messages that became dead letters or were released.
        FAILED_MESSAGES = counter "FailedMessages", cloudwatch;
        /// Rows brought to the ledger, by how they stood then.
        ROWS = counter "efflux_rows_total";
        /// Conversions settled, by outcome.
        SETTLED = counter "efflux_conversions_settled_total", cloudwatch by "outcome";
        /// Events that the destination accepted.
        EVENTS = counter "efflux_events_accepted_total", cloudwatch;
        /// Requests to the destination, by result.
        REQUESTS = counter "efflux_destination_requests_total", cloudwatch by "result";
        /// Duration of requests to the destination in seconds.
        REQUEST_SECONDS = histogram "efflux_destination_request_seconds", cloudwatch;
        /// Events of requests whose outcome is unknown.
        UNKNOWN_OUTCOMES = counter "efflux_unknown_outcomes_total", cloudwatch;
        /// Answers that do not match what was sent.
        ANSWER_ALARMS = counter "efflux_destination_answer_alarms_total", cloudwatch;
        /// Settlements refused because the lease was lost.
        LATE_SETTLEMENTS = counter "efflux_late_settlements_total";
        /// Objects whose receipt does not balance.
        BOOKS_DIFFERENCE = counter "efflux_books_difference_total", cloudwatch;
        /// Revenue of conversions that expired unreported, in millionths.
        EXPIRED_REVENUE_MICROS = counter "efflux_expired_revenue_micros_total", cloudwatch;
        /// Revenue reported, in millionths.
        REPORTED_REVENUE_MICROS = counter "efflux_reported_revenue_micros_total", cloudwatch;
        /// 1 while every part of the process can do its work, otherwise 0.
        READY = gauge "efflux_ready", cloudwatch;
        /// Messages waiting, by queue and state.
        QUEUE_MESSAGES = gauge "efflux_queue_messages";
        /// Ledger entries by state.
        LEDGER_ENTRIES = gauge "efflux_ledger_entries", cloudwatch by "state";
        /// Records exported to analytics.
        EXPORTED = counter "efflux_exported_records_total";
        /// Ledger entries that have changed since their last export.
        UNEXPORTED = gauge "efflux_unexported_entries";
        /// Age of the oldest change that waits for export in seconds.
        EXPORT_LAG_SECONDS = gauge "efflux_export_lag_seconds";
        /// What retention has erased, by store: entries of the ledger, states in analytics, files.
        ERASED = counter "efflux_erased_total";
        /// Partitions optimised.
        OPTIMISED = counter "efflux_partitions_optimised_total";
        /// Age in seconds of the copy of the subscriptions that the filter uses.
        SUBSCRIPTIONS_AGE = gauge "efflux_subscriptions_age_seconds";
        /// Runs of the optimizer, by result.
        OPTIMISE_RUNS = counter "efflux_optimise_runs_total";
        /// Duration of optimising a partition in seconds.
        OPTIMISE_SECONDS = histogram "efflux_optimise_seconds";
        /// Parts of an analytics table before and after the latest run.
        TABLE_PARTS = gauge "efflux_analytics_table_parts";
        /// Bytes of an analytics table before and after the latest run.
        TABLE_BYTES = gauge "efflux_analytics_table_bytes";
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
        assert_eq!(requests.cloudwatch, CloudWatch::SentBy("result"));
        assert_eq!(requests.help(), "Requests to the destination, by result");
        assert_eq!(metric(name::READY).cloudwatch, CloudWatch::Sent);
        assert_eq!(metric(name::ROWS).cloudwatch, CloudWatch::Withheld);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = name::ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), name::ALL.len());
    }
}
