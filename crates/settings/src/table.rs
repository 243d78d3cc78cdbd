//! Every setting: name, default, and what it is for.

/// A program that is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// filter-svc
    Filter,
    /// reporter-svc
    Reporter,
    /// optimizer-svc
    Optimizer,
    /// efflux: all of them
    Efflux,
}

impl Service {
    /// The name of the binary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter-svc",
            Self::Reporter => "reporter-svc",
            Self::Optimizer => "optimizer-svc",
            Self::Efflux => "efflux",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Filter => F,
            Self::Reporter => R,
            Self::Optimizer => O,
            Self::Efflux => F | R | O,
        }
    }
}

const F: u8 = 1;
const R: u8 = 2;
const O: u8 = 4;
const ALL: u8 = F | R | O;

/// One setting.
pub(crate) struct Setting {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    /// Empty: there is none.
    pub(crate) default: &'static str,
    pub(crate) help: &'static str,
    used_by: u8,
    /// With `ENVIRONMENT_LOCATION=aws` the services that use it do not start without it.
    pub(crate) address: bool,
}

impl Setting {
    pub(crate) const fn used_by(&self, service: Service) -> bool {
        self.used_by & service.bit() != 0
    }
}

const fn setting(
    group: &'static str,
    name: &'static str,
    default: &'static str,
    help: &'static str,
    used_by: u8,
) -> Setting {
    Setting { group, name, default, help, used_by, address: false }
}

const fn address(name: &'static str, help: &'static str, used_by: u8) -> Setting {
    Setting { group: "Backends", name, default: "", help, used_by, address: true }
}

/// All of them, in the order in which help shows them.
pub(crate) static TABLE: &[Setting] = &[
    setting("Service", "PORT", "5000", "Port of the HTTP surface; 0 takes any free one", ALL),
    setting("Service", "HTTP_BIND", "127.0.0.1", "Address the HTTP surface binds to", ALL),
    setting(
        "Service",
        "ENVIRONMENT_LOCATION",
        "local",
        "local: backends without an address are embedded; aws: every address must be set",
        ALL,
    ),
    setting(
        "Service",
        "LOGGING_ENVIRONMENT",
        "development",
        "production: JSON lines; otherwise readable text",
        ALL,
    ),
    setting(
        "Service",
        "LOG_LEVEL",
        "info",
        "error, warn, info, debug, trace, or a filter such as info,pipeline=debug",
        ALL,
    ),
    setting("Service", "SHUTDOWN_SECONDS", "25", "Time to finish in-flight work after SIGTERM", ALL),
    setting(
        "Backends",
        "EFFLUX_DATA_DIR",
        "./efflux-data",
        "Folder of the embedded backends; several processes may share it",
        ALL,
    ),
    address(
        "TRIGGER_CONVERSION_REPORTS_QUEUE_URL",
        "SQS queue of interpreted files; with it files are on S3 and subscriptions in DynamoDB",
        F,
    ),
    address("TRIGGER_DLQ_URL", "Dead-letter queue of the former", F),
    address(
        "REPORT_CONVERSIONS_QUEUE_URL",
        "SQS queue of filtered files; with it files are on S3 and subscriptions in DynamoDB",
        R,
    ),
    address("REPORT_DLQ_URL", "Dead-letter queue of the former", R),
    address("MONGODB_URI", "Ledger; MONGODB_URI_TEST is read too, as the legacy system did", R),
    setting("Backends", "MONGODB_DATABASE", "efflux", "Database of the ledger", R),
    setting(
        "Backends",
        "LEDGER_LEGACY",
        "false",
        "Recognise what the legacy system wrote into the ledger's collection, until it is migrated",
        R,
    ),
    address("CLICKHOUSE_URL", "Analytics: http://user:password@host:8123/database", R | O),
    address("DATABASE_URL", "PostgreSQL with pixels and tokens, and the optimizer's lock", R | O),
    setting(
        "Backends",
        "AWS_ENDPOINT_URL",
        "",
        "Where an emulator answers in place of AWS; the AWS SDK's other settings are its own",
        F | R | O,
    ),
    setting(
        "Backends",
        "CLOUDWATCH_NAMESPACE",
        "",
        "Sends metrics to CloudWatch under this name; with ENVIRONMENT_LOCATION=aws it is Efflux unless set",
        ALL,
    ),
    setting("Backends", "ENVIRONMENT", "development", "Names the deployment in metrics", ALL),
    setting(
        "Backends",
        "INTERPRETED_EVENTS_BUCKET",
        "interpreted-events-bucket",
        "Bucket of interpreted files",
        F,
    ),
    setting(
        "Backends",
        "REPORT_CONVERSIONS_BUCKET",
        "report-conversions-bucket",
        "Bucket of filtered files and their receipts",
        F | R,
    ),
    setting(
        "Backends",
        "SUBSCRIPTIONS_TABLE",
        "conversion-reporting-subscriptions",
        "DynamoDB table of subscribed campaigns",
        F,
    ),
    setting(
        "Work",
        "DISABLE_POLLING_FOR_CONVERSION_REPORTS_TRIGGER",
        "false",
        "Do not take messages of the trigger queue",
        F,
    ),
    setting(
        "Work",
        "DISABLE_POLLING_FOR_CONVERSION_REPORTING",
        "false",
        "Do not take messages of the report queue",
        R,
    ),
    setting("Work", "DISABLE_SUBSCRIPTION_FILTERING", "false", "Keep the rows of all campaigns", F),
    setting("Work", "FILTER_CONCURRENCY", "4", "Files that the filter works on at once", F),
    setting("Work", "REPORT_CONCURRENCY", "4", "Files that the reporter works on at once", R),
    setting("Work", "REQUESTS_PER_PIXEL", "4", "The most requests under way to one pixel", R),
    setting(
        "Work",
        "MAX_OBJECT_BYTES",
        "268435456",
        "Longest file that is read, stored and decompressed",
        F | R,
    ),
    setting(
        "Work",
        "QUEUE_VISIBILITY_SECONDS",
        "60",
        "How long a message stays invisible without a heartbeat",
        F | R,
    ),
    setting(
        "Work",
        "MAX_RECEIVES",
        "3",
        "Receives without success after which a message becomes a dead letter; an outage of a backend uses none up",
        F | R,
    ),
    setting(
        "Work",
        "LEASE_SECONDS",
        "120",
        "How long the lease on a claimed conversion lasts without a heartbeat",
        R,
    ),
    setting(
        "Work",
        "RETRY_FIRST_SECONDS",
        "10",
        "Wait after the first failed attempt; it doubles with each",
        R,
    ),
    setting("Work", "RETRY_LONGEST_SECONDS", "1800", "Longest wait between two attempts", R),
    setting("Work", "PARKED_PROBE_SECONDS", "300", "How often a pixel without a working token is probed", R),
    setting("Work", "SUBSCRIPTIONS_REFRESH_SECONDS", "30", "How often subscriptions are read again", F),
    setting("Work", "PIXELS_REFRESH_SECONDS", "5", "How often pixels and tokens are read again", R),
    setting(
        "Work",
        "RESTATEMENTS",
        "first",
        "first: what was reported once is a duplicate from then on; increments: further Purchases for further paid clicks",
        R,
    ),
    setting(
        "Meta",
        "META_GRAPH_URL",
        "https://graph.facebook.com",
        "Address of the Graph API, or of a sandbox",
        R,
    ),
    setting(
        "Meta",
        "META_GRAPH_VERSION",
        "v25.0",
        "Graph API version; v25.0 is served until 29 July 2028",
        R,
    ),
    setting(
        "Meta",
        "META_EVENT_NAMES",
        "standard",
        "standard, or legacy for ad sets trained on \"Page View\" and \"View content\"",
        R,
    ),
    setting("Meta", "META_CURRENCY", "USD", "ISO 4217 code of the feeds' amounts", R),
    setting(
        "Meta",
        "META_DEFAULT_EVENT_SOURCE_URL",
        "",
        "Page of conversions that name neither address nor domain",
        R,
    ),
    setting(
        "Meta",
        "META_TEST_EVENT_CODE",
        "",
        "Shows events in Events Manager's test view; Meta counts them all the same",
        R,
    ),
    setting("Meta", "META_PARTNER_AGENT", "efflux_1_0", "Who sends, for Meta: 2 to 22 characters", R),
    setting(
        "Meta",
        "META_APP_SECRET",
        "",
        "Secret of the tokens' app; with it every request carries appsecret_proof",
        R,
    ),
    setting(
        "Meta",
        "META_DATA_PROCESSING_OPTIONS",
        "",
        "LDU: limited data use; none: explicitly unlimited; unset: nothing is said",
        R,
    ),
    setting(
        "Meta",
        "META_DATA_PROCESSING_OPTIONS_COUNTRY",
        "0",
        "With LDU: 1 for the United States, 0 lets Meta find out",
        R,
    ),
    setting(
        "Meta",
        "META_DATA_PROCESSING_OPTIONS_STATE",
        "0",
        "With LDU and country 1: 1000 (California) to 1013, 0 lets Meta find out",
        R,
    ),
    setting(
        "Meta",
        "META_ON_UNKNOWN_OUTCOME",
        "resend",
        "resend with the same event ids, or hold for a person, when no answer came",
        R,
    ),
    setting("Meta", "META_REQUEST_TIMEOUT_MS", "10000", "Longest time for one request", R),
    setting("Meta", "META_CONNECT_TIMEOUT_MS", "3000", "Longest time for a connection", R),
    setting(
        "Optimizer",
        "OPTIMIZE_SCHEDULE",
        "0 1,4,7,10,13,16,19,22 * * *",
        "When to optimise: cron, UTC",
        O,
    ),
    setting(
        "Optimizer",
        "OPTIMIZE_TABLES",
        "report_conversions",
        "Tables to optimise, separated by commas",
        O,
    ),
    setting(
        "Optimizer",
        "OPTIMIZE_SETTLE_MINUTES",
        "30",
        "A partition that changed less than this ago is skipped, as the current month mostly is",
        O,
    ),
];

/// Settings of the embedded queue's dead-letter queues and other names that are read elsewhere, so that they raise no warning.
pub(crate) const ALSO_KNOWN: &[&str] = &["MONGODB_URI_TEST"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = TABLE.iter().map(|s| s.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
