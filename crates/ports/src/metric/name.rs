//! Every metric by its name, so that none can be misspelt.

use super::{CloudWatch, Metric, MetricKind};

/// Upper bounds in seconds.
const SECONDS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
/// Upper bounds of shares.
const RATIO: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0];

metrics! {
    /// Rows that the filter read.
    FILTER_ROWS_READ = counter "efflux_filter_rows_read_total" ["service", "network"], cloudwatch as "TotalRecordsProcessed";
    /// Rows that passed the filter.
    FILTER_ROWS_KEPT = counter "efflux_filter_rows_kept_total" ["service", "network"], cloudwatch as "TotalRecordsFiltered";
    /// Share of a file's rows that passed the filter; CloudWatch gets it in percent.
    FILTER_KEPT_RATIO = ratio "efflux_filter_kept_ratio" ["service", "network"], cloudwatch as "FilteringRatio";
    /// Files that look wrong as a whole, by whether they are held for the operator.
    SUSPICIOUS_FILES = counter "efflux_suspicious_files_total" ["service", "held"], cloudwatch;
    /// Sessions with more click ids than one visitor can have: what stands there names nobody.
    SHARED_SESSIONS = counter "efflux_shared_sessions_total" [], cloudwatch;
    /// Messages done.
    MESSAGES_PROCESSED = counter "efflux_messages_processed_total" ["service"], cloudwatch as "ProcessedMessages";
    /// Messages that became dead letters or were released.
    MESSAGES_FAILED = counter "efflux_messages_failed_total" ["service"], cloudwatch as "FailedMessages";
    /// Rows that the filter left out, by reason.
    FILTER_ROWS_LEFT_OUT = counter "efflux_filter_rows_left_out_total" ["service", "network", "reason"];
    /// Rows brought to the ledger, by how they stood then; the invalid ones and those that wait by reason.
    ROWS = counter "efflux_rows_total" ["outcome", "reason"];
    /// Attempts that ended, by the state in which they left their conversions; what waits counts again.
    SETTLED = counter "efflux_conversions_settled_total" ["platform", "pixel", "outcome"], cloudwatch by "outcome";
    /// Events that the destination accepted.
    EVENTS = counter "efflux_events_accepted_total" ["platform", "pixel"], cloudwatch;
    /// Requests to the destination, by result.
    REQUESTS = counter "efflux_destination_requests_total" ["platform", "pixel", "result"], cloudwatch by "result";
    /// Duration of requests to the destination in seconds.
    REQUEST_SECONDS = seconds "efflux_destination_request_seconds" ["platform"], cloudwatch;
    /// Events of requests whose outcome is unknown.
    UNKNOWN_OUTCOMES = counter "efflux_unknown_outcomes_total" ["platform", "pixel"], cloudwatch;
    /// Answers that do not match what was sent.
    ANSWER_ALARMS = counter "efflux_destination_answer_alarms_total" ["platform", "pixel"], cloudwatch;
    /// Settlements refused because the lease was lost.
    LATE_SETTLEMENTS = counter "efflux_late_settlements_total" [];
    /// Rows that the receipts of objects miss or have too many.
    BOOKS_DIFFERENCE = counter "efflux_books_difference_total" [], cloudwatch;
    /// Revenue of conversions that expired unreported.
    EXPIRED_REVENUE = money "efflux_expired_revenue_total" ["platform", "pixel"], cloudwatch;
    /// Revenue of conversions that expired or were rejected, and that no event reported, by outcome.
    LOST_REVENUE = money "efflux_lost_revenue_total" ["platform", "pixel", "outcome"];
    /// Revenue reported.
    REPORTED_REVENUE = money "efflux_reported_revenue_total" ["platform", "pixel"], cloudwatch;
    /// What retention has erased, by store: entries of the ledger, states in analytics, files.
    ERASED = counter "efflux_erased_total" ["store"];
    /// 1 while every part of the process can do its work, otherwise 0.
    READY = gauge "efflux_ready" [], cloudwatch;
    /// 1 while a part of the process can do its work, otherwise 0, as `/health/ready` says it.
    PART_READY = gauge "efflux_part_ready" ["part"];
    /// 1 after a pixel's credentials were accepted, 0 after all of them were refused.
    PIXEL_CREDENTIALS = gauge "efflux_pixel_credentials_accepted" ["platform", "pixel"];
    /// Room on the disk of a folder in bytes: `data` is EFFLUX_DATA_DIR, `spool` holds temporary files.
    DISK_FREE_BYTES = gauge "efflux_disk_free_bytes" ["folder"];
    /// Size of the disk of a folder in bytes.
    DISK_SIZE_BYTES = gauge "efflux_disk_size_bytes" ["folder"];
    /// Messages waiting, by queue and state.
    QUEUE_MESSAGES = gauge "efflux_queue_messages" ["queue", "state"];
    /// Age of the oldest message that waits, in seconds, where the queue tells it.
    QUEUE_OLDEST_MESSAGE_AGE = gauge "efflux_queue_oldest_message_age_seconds" ["queue"];
    /// Ledger entries by state.
    LEDGER_ENTRIES = gauge "efflux_ledger_entries" ["state"], cloudwatch by "state";
    /// Ledger entries that are set aside because they are damaged.
    DAMAGED_ENTRIES = gauge "efflux_damaged_entries" [], cloudwatch;
    /// Revenue that feeds stated for open conversions and no event reported, in units of the feeds' currency.
    UNREPORTED_REVENUE = money_gauge "efflux_unreported_revenue" ["platform", "pixel", "state", "reason"];
    /// The part of it whose deadline comes within 24 hours.
    EXPIRING_REVENUE = money_gauge "efflux_expiring_revenue" ["platform", "pixel"];
    /// Seconds until the nearest deadline of an open conversion; infinite without one.
    NEAREST_DEADLINE = gauge "efflux_nearest_deadline_seconds" ["platform", "pixel"];
    /// Age in seconds of the oldest open conversion.
    OLDEST_OPEN_AGE = gauge "efflux_oldest_open_conversion_age_seconds" ["platform", "pixel"];
    /// Records exported to analytics.
    EXPORTED = counter "efflux_exported_records_total" [];
    /// Ledger entries that have changed since their last export.
    UNEXPORTED = gauge "efflux_unexported_entries" [];
    /// Age of the oldest change that waits for export in seconds.
    EXPORT_LAG_SECONDS = gauge "efflux_export_lag_seconds" [];
    /// Notices for the operator, by what became of them: sent, failed, dropped.
    NOTICES = counter "efflux_notices_total" ["result"];
    /// Partitions optimised.
    OPTIMISED = counter "efflux_partitions_optimised_total" ["table"];
    /// Age in seconds of the copy of the subscriptions that the filter uses.
    SUBSCRIPTIONS_AGE = gauge "efflux_subscriptions_age_seconds" [];
    /// Runs of the optimizer, by result.
    OPTIMISE_RUNS = counter "efflux_optimise_runs_total" ["result"];
    /// Duration of optimising a partition in seconds.
    OPTIMISE_SECONDS = seconds "efflux_optimise_seconds" ["table"];
    /// Parts of an analytics table before and after the latest run.
    TABLE_PARTS = gauge "efflux_analytics_table_parts" ["table", "when"];
    /// Bytes of an analytics table before and after the latest run.
    TABLE_BYTES = gauge "efflux_analytics_table_bytes" ["table", "when"];
}
