//! How the work is done: what is switched off, bounds, intervals, and the rules of reporting.

use std::time::Duration;

use domain::Money;
use ports::configuration::{OnUnknown, ZeroRevenue};
use ports::ledger::Restatements;

use crate::setting::{F, O, R, section};

section! {
    /// What is switched off.
    #[derive(Copy)]
    pub struct Toggles in "Work";
    /// Do not take messages of the trigger queue.
    disable_trigger_polling: bool = "DISABLE_POLLING_FOR_CONVERSION_REPORTS_TRIGGER", "false", F, switch();
    /// Do not take messages of the report queue.
    disable_report_polling: bool = "DISABLE_POLLING_FOR_CONVERSION_REPORTING", "false", R, switch();
    /// Keep the rows of all campaigns.
    disable_subscription_filtering: bool = "DISABLE_SUBSCRIPTION_FILTERING", "false", F, switch();
    /// Keep files that look wrong as a whole for the operator, before any event of them leaves.
    hold_suspicious_files: bool = "HOLD_SUSPICIOUS_FILES", "false", F, switch();
}

section! {
    /// Bounds.
    #[derive(Copy)]
    pub struct LimitSettings in "Work";
    /// Files that the filter works on at once.
    filter_concurrency: usize = "FILTER_CONCURRENCY", "4", F, number(1..=256);
    /// Files that the reporter works on at once.
    report_concurrency: usize = "REPORT_CONCURRENCY", "4", R, number(1..=256);
    /// The most requests under way to one pixel.
    requests_per_pixel: usize = "REQUESTS_PER_PIXEL", "4", R, number(1..=64);
    /// Longest interpreted file, stored and decompressed; a filtered one may be twice as long.
    max_object_bytes: u64 = "MAX_OBJECT_BYTES", "268435456", F | R, number(1..=1 << 40);
    /// Longest row in bytes; a longer one is malformed, and the others of its file are not harmed.
    max_row_bytes: usize = "MAX_ROW_BYTES", "65536", F | R, number(1_024..=4_194_304);
    /// The most rows of a file; one with more is refused.
    max_rows: u64 = "MAX_ROWS", "1000000", F | R, number(1..=1 << 40);
    /// Memory in bytes for the rows that the reporter holds, in all its stages together.
    memory_budget: u64 = "MEMORY_BUDGET", "268435456", R, number(67_108_864..=1 << 40);
}

section! {
    /// Queues.
    #[derive(Copy)]
    pub struct QueueSettings in "Work";
    /// How long a message stays invisible without a heartbeat.
    visibility: Duration = "QUEUE_VISIBILITY_SECONDS", "60", F | R, seconds(3..=43_200);
    /// Attempts that a message may end by its own doing before it becomes a dead letter; outages and ends of services use none up.
    max_receives: u32 = "MAX_RECEIVES", "3", F | R, number(1..=1_000);
}

section! {
    /// How long things last, and how often they are done.
    #[derive(Copy)]
    pub struct IntervalSettings in "Work";
    /// How long the lease on a claimed conversion lasts without a heartbeat.
    lease: Duration = "LEASE_SECONDS", "120", R, seconds(5..=3_600);
    /// Wait after the first failed attempt; it doubles with each.
    retry_first: Duration = "RETRY_FIRST_SECONDS", "10", R, seconds(1..=3_600);
    /// Longest wait between two attempts.
    retry_longest: Duration = "RETRY_LONGEST_SECONDS", "1800", R, seconds(1..=86_400);
    /// How often a pixel without a working token is probed.
    parked_probe: Duration = "PARKED_PROBE_SECONDS", "300", R, seconds(1..=86_400);
    /// How often subscriptions are read again.
    subscriptions_refresh: Duration = "SUBSCRIPTIONS_REFRESH_SECONDS", "30", F, seconds(1..=86_400);
    /// How often pixels, tokens and feeds are read again.
    pixels_refresh: Duration = "PIXELS_REFRESH_SECONDS", "5", R, seconds(1..=86_400);
    /// Days until personal data is erased: the text of a row after its deadline, a file and analytics after the row came.
    retention: Duration = "RETENTION_DAYS", "30", R | O, days(8..=3_650);
}

section! {
    /// Rules of reporting that hold for every destination.
    pub struct ReportingSettings in "Work";
    /// increments: further Purchases for further paid clicks that earned money; first: only the first money of a conversion is sent.
    restatements: Restatements = "RESTATEMENTS", "increments", R, word();
    /// Report the clicks of crawlers, too: programs that visit pages by themselves; otherwise they are invalid.
    report_crawlers: bool = "REPORT_CRAWLERS", "false", R, switch();
    /// What becomes of paid clicks that earned 0 when no row has stated their money by the deadline. hold: they end; send: sent as zero.
    zero_revenue: ZeroRevenue = "ZERO_REVENUE", "hold", R, word();
    /// The most that one paid click may earn, in the feed's currency; what earns more waits for a person.
    max_revenue_per_click: Money = "MAX_REVENUE_PER_CLICK", "1000", R, shaped("an amount above 0", above_zero);
    /// ISO 4217 code of the feeds' amounts; all figures are in it.
    currency: String = "CURRENCY" formerly "META_CURRENCY", "USD", F | R, shaped("a code of three letters", currency);
    /// resend with the same event ids, or hold for a person, when no answer came.
    on_unknown_outcome: OnUnknown = "ON_UNKNOWN_OUTCOME" formerly "META_ON_UNKNOWN_OUTCOME", "resend", R, word();
}

fn above_zero(text: &str) -> Option<Money> {
    text.parse().ok().filter(|amount| *amount > Money::ZERO)
}

/// Upper case.
fn currency(text: &str) -> Option<String> {
    let fits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
    fits.then(|| text.to_ascii_uppercase())
}
