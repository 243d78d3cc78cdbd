//! Settings as types.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Everything that a service can be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The HTTP surface.
    pub http: HttpSettings,
    /// Logs.
    pub telemetry: TelemetrySettings,
    /// Where the backends are.
    pub backends: BackendSettings,
    /// Names of buckets and tables.
    pub buckets: BucketSettings,
    /// What is switched off.
    pub toggles: Toggles,
    /// Queues.
    pub queues: QueueSettings,
    /// Bounds and intervals.
    pub limits: LimitSettings,
    /// What becomes of figures that outgrow what was reported.
    pub restatements: Restatements,
    /// Meta.
    pub meta: MetaSettings,
    /// The optimizer.
    pub optimizer: OptimizerSettings,
    /// What looks like a mistake and stops nothing.
    pub warnings: Vec<String>,
}

/// The HTTP surface.
#[derive(Debug, Clone, Copy)]
pub struct HttpSettings {
    /// Address to bind to.
    pub bind: IpAddr,
    /// Port; 0 takes any free one.
    pub port: u16,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Logs.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// How lines look.
    pub format: LogFormat,
    /// Level, or filter by module.
    pub level: String,
}

/// Where the backends are. What has no address is embedded.
#[derive(Debug, Clone)]
pub struct BackendSettings {
    /// Folder of the embedded backends.
    pub data_dir: PathBuf,
    /// SQS, S3 and DynamoDB.
    pub aws: Option<AwsSettings>,
    /// The ledger's MongoDB.
    pub mongodb: Option<MongoSettings>,
    /// ClickHouse, with credentials in it.
    pub clickhouse: Option<SecretString>,
    /// PostgreSQL, with credentials in it.
    pub postgres: Option<SecretString>,
    /// CloudWatch.
    pub cloudwatch: Option<CloudWatchSettings>,
    /// Where an emulator answers in place of AWS.
    pub aws_endpoint: Option<Url>,
}

/// SQS. Files are on S3 and subscriptions in DynamoDB then.
#[derive(Debug, Clone)]
pub struct AwsSettings {
    /// Notifications of interpreted files.
    pub trigger: Option<QueueAddress>,
    /// Notifications of filtered files.
    pub report: Option<QueueAddress>,
}

/// A queue and where its dead letters go.
#[derive(Debug, Clone)]
pub struct QueueAddress {
    /// The queue.
    pub queue: Url,
    /// Its dead-letter queue.
    pub dead_letters: Url,
}

/// MongoDB.
#[derive(Debug, Clone)]
pub struct MongoSettings {
    /// Address with credentials.
    pub uri: SecretString,
    /// Database of the ledger.
    pub database: String,
    /// Whether documents of the original are recognised.
    pub legacy: bool,
}

/// CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatchSettings {
    /// Name under which metrics are kept.
    pub namespace: String,
    /// Value of the dimension Environment.
    pub environment: String,
}

/// Names of buckets and tables.
#[derive(Debug, Clone)]
pub struct BucketSettings {
    /// Interpreted files.
    pub interpreted: String,
    /// Filtered files.
    pub report: String,
    /// DynamoDB table of subscribed campaigns.
    pub subscriptions_table: String,
}

/// What is switched off.
#[derive(Debug, Clone, Copy)]
pub struct Toggles {
    /// Do not take messages of the trigger queue.
    pub disable_trigger_polling: bool,
    /// Do not take messages of the report queue.
    pub disable_report_polling: bool,
    /// Keep the rows of all campaigns.
    pub disable_subscription_filtering: bool,
}

/// Queues.
#[derive(Debug, Clone, Copy)]
pub struct QueueSettings {
    /// How long a message stays invisible without a heartbeat.
    pub visibility: Duration,
    /// Deliveries after which a message becomes a dead letter.
    pub max_receives: u32,
}

/// Bounds and intervals.
#[derive(Debug, Clone, Copy)]
pub struct LimitSettings {
    /// Longest file, in bytes.
    pub max_object_bytes: u64,
    /// Files that the filter works on at once.
    pub filter_concurrency: usize,
    /// Files that the reporter works on at once.
    pub report_concurrency: usize,
    /// The most requests under way to one pixel.
    pub requests_per_pixel: usize,
    /// How long a claim is a process's own.
    pub lease: Duration,
    /// Waits between attempts.
    pub retry: RetrySettings,
    /// How often subscriptions are read again.
    pub subscriptions_refresh: Duration,
    /// How often pixels are read again.
    pub pixels_refresh: Duration,
    /// Time to finish in-flight work.
    pub shutdown: Duration,
}

/// Waits between attempts.
#[derive(Debug, Clone, Copy)]
pub struct RetrySettings {
    /// After the first failure.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
    /// How often a parked pixel is probed.
    pub probe: Duration,
}

/// What becomes of figures that outgrow what was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restatements {
    /// They are kept as observed.
    First,
    /// Further Purchases are sent for further paid clicks.
    Increments,
}

/// The spelling of event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventNames {
    /// Meta's.
    Standard,
    /// The original's.
    Legacy,
}

/// What happens when nobody can know whether events were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknownOutcome {
    /// They are sent again under the same ids.
    Resend,
    /// They wait for a person.
    Hold,
}

/// What Meta may do with the data of people of the United States.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataProcessing {
    /// Nothing is said.
    Unsaid,
    /// Everything, explicitly.
    Unlimited,
    /// Limited data use, in Meta's numbers for country and state.
    Limited {
        /// 0 or 1.
        country: u8,
        /// 0, or 1000 to 1013.
        state: u16,
    },
}

/// Meta.
#[derive(Debug, Clone)]
pub struct MetaSettings {
    /// Address of the Graph API.
    pub graph_url: Url,
    /// Its version.
    pub graph_version: String,
    /// The spelling of event names.
    pub event_names: EventNames,
    /// ISO 4217 code, upper case.
    pub currency: String,
    /// Page of conversions that name none.
    pub default_event_source_url: Option<Url>,
    /// For Events Manager's test view.
    pub test_event_code: Option<String>,
    /// Who sends.
    pub partner_agent: String,
    /// Secret of the tokens' app.
    pub app_secret: Option<SecretString>,
    /// Limited data use.
    pub data_processing: DataProcessing,
    /// What happens when no answer came.
    pub on_unknown_outcome: OnUnknownOutcome,
    /// Longest time for one request.
    pub request_timeout: Duration,
    /// Longest time for a connection.
    pub connect_timeout: Duration,
}

/// The optimizer.
#[derive(Debug, Clone)]
pub struct OptimizerSettings {
    /// Cron pattern, checked.
    pub schedule: String,
    /// Tables.
    pub tables: Vec<String>,
    /// A partition that changed less than this ago is left alone.
    pub settle: Duration,
}
