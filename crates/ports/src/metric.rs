//! Numbers about the work. A sink never fails and never waits: metrics are not in the way of the work.

/// Labels of a measurement: name and value. Values come from small sets, never from rows.
pub type Labels<'l> = &'l [(&'static str, &'l str)];

/// Where measurements go.
pub trait MetricSink: Send + Sync {
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

/// Every metric by its name, so that none can be misspelt. The first five are the original's and go to CloudWatch.
pub mod name {
    /// Rows that the filter read.
    pub const TOTAL_RECORDS_PROCESSED: &str = "TotalRecordsProcessed";
    /// Rows that passed the filter (the original's name for what was kept).
    pub const TOTAL_RECORDS_FILTERED: &str = "TotalRecordsFiltered";
    /// Percentage of a file's rows that passed the filter.
    pub const FILTERING_RATIO: &str = "FilteringRatio";
    /// Messages done.
    pub const PROCESSED_MESSAGES: &str = "ProcessedMessages";
    /// Messages set aside as dead letters or given back.
    pub const FAILED_MESSAGES: &str = "FailedMessages";
    /// Rows brought to the ledger, by how they stood then.
    pub const ROWS: &str = "efflux_rows_total";
    /// Conversions settled, by outcome.
    pub const SETTLED: &str = "efflux_conversions_settled_total";
    /// Events that the destination accepted.
    pub const EVENTS: &str = "efflux_events_accepted_total";
    /// Requests to the destination, by result.
    pub const REQUESTS: &str = "efflux_destination_requests_total";
    /// Duration of requests to the destination.
    pub const REQUEST_SECONDS: &str = "efflux_destination_request_seconds";
    /// Events of requests whose outcome nobody can know.
    pub const UNKNOWN_OUTCOMES: &str = "efflux_unknown_outcomes_total";
    /// Alarms: a destination acknowledged another number of events than were sent, or added messages.
    pub const ANSWER_ALARMS: &str = "efflux_destination_answer_alarms_total";
    /// Settlements refused because the lease was lost.
    pub const LATE_SETTLEMENTS: &str = "efflux_late_settlements_total";
    /// Objects whose books do not balance: an alarm.
    pub const BOOKS_DIFFERENCE: &str = "efflux_books_difference_total";
    /// Revenue of conversions that expired unreported, in millionths.
    pub const EXPIRED_REVENUE_MICROS: &str = "efflux_expired_revenue_micros_total";
    /// Revenue reported, in millionths.
    pub const REPORTED_REVENUE_MICROS: &str = "efflux_reported_revenue_micros_total";
    /// 1 while every part of the process can do its work, otherwise 0.
    pub const READY: &str = "efflux_ready";
    /// Messages waiting, by queue and state.
    pub const QUEUE_MESSAGES: &str = "efflux_queue_messages";
    /// Ledger entries by state.
    pub const LEDGER_ENTRIES: &str = "efflux_ledger_entries";
    /// Records exported to analytics.
    pub const EXPORTED: &str = "efflux_exported_records_total";
    /// Ledger entries that have changed since their last export.
    pub const UNEXPORTED: &str = "efflux_unexported_entries";
    /// How long the oldest change has waited for export.
    pub const EXPORT_LAG_SECONDS: &str = "efflux_export_lag_seconds";
    /// Partitions optimised.
    pub const OPTIMISED: &str = "efflux_partitions_optimised_total";
    /// Age of the copy of the subscriptions that the filter uses.
    pub const SUBSCRIPTIONS_AGE: &str = "efflux_subscriptions_age_seconds";
    /// Runs of the optimizer, by result.
    pub const OPTIMISE_RUNS: &str = "efflux_optimise_runs_total";
    /// Duration of optimising a partition, by table.
    pub const OPTIMISE_SECONDS: &str = "efflux_optimise_seconds";
    /// Parts of an analytics table before and after the latest run.
    pub const TABLE_PARTS: &str = "efflux_analytics_table_parts";
    /// Bytes of an analytics table before and after the latest run.
    pub const TABLE_BYTES: &str = "efflux_analytics_table_bytes";

    /// All of them with what they mean, for exporters that show a help text.
    pub const ALL: [(&str, &str); 28] = [
        (TOTAL_RECORDS_PROCESSED, "Rows that the filter read"),
        (TOTAL_RECORDS_FILTERED, "Rows that passed the filter"),
        (FILTERING_RATIO, "Percentage of a file's rows that passed the filter"),
        (PROCESSED_MESSAGES, "Messages done"),
        (FAILED_MESSAGES, "Messages set aside as dead letters or given back"),
        (ROWS, "Rows brought to the ledger, by how they stood then"),
        (SETTLED, "Conversions settled, by outcome"),
        (EVENTS, "Events that the destination accepted"),
        (REQUESTS, "Requests to the destination, by result"),
        (REQUEST_SECONDS, "Duration of requests to the destination in seconds"),
        (UNKNOWN_OUTCOMES, "Events of requests whose outcome nobody can know"),
        (ANSWER_ALARMS, "Answers that do not match what was sent"),
        (LATE_SETTLEMENTS, "Settlements refused because the lease was lost"),
        (BOOKS_DIFFERENCE, "Objects whose books do not balance"),
        (EXPIRED_REVENUE_MICROS, "Revenue of conversions that expired unreported, in millionths"),
        (REPORTED_REVENUE_MICROS, "Revenue reported, in millionths"),
        (READY, "1 while every part of the process can do its work, otherwise 0"),
        (QUEUE_MESSAGES, "Messages waiting, by queue and state"),
        (LEDGER_ENTRIES, "Ledger entries by state"),
        (EXPORTED, "Records exported to analytics"),
        (UNEXPORTED, "Ledger entries that have changed since their last export"),
        (EXPORT_LAG_SECONDS, "Age of the oldest change that waits for export in seconds"),
        (OPTIMISED, "Partitions optimised"),
        (SUBSCRIPTIONS_AGE, "Age in seconds of the copy of the subscriptions that the filter uses"),
        (OPTIMISE_RUNS, "Runs of the optimizer, by result"),
        (OPTIMISE_SECONDS, "Duration of optimising a partition in seconds"),
        (TABLE_PARTS, "Parts of an analytics table before and after the latest run"),
        (TABLE_BYTES, "Bytes of an analytics table before and after the latest run"),
    ];
}
