//! Where the backends are, and what is missing.

use std::path::PathBuf;

use ports::configuration::MongoSettings;
use secrecy::SecretString;
use url::Url;

use crate::address::web_address;
use crate::reader::Reader;
use crate::service::{Location, LocationSettings};
use crate::setting::{ALL, F, O, R, Service, section};
use crate::transport::{Transport, with_tls};

section! {
    /// What is set, before it is known what belongs together.
    pub(crate) struct Addresses in "Backends";
    /// Folder of the embedded backends; several processes may share it.
    data_dir: String = "EFFLUX_DATA_DIR", "./efflux-data", ALL, text();
    /// SQS queue of interpreted files; with it files are on S3 and subscriptions in DynamoDB.
    trigger: Option<Url> = "TRIGGER_CONVERSION_REPORTS_QUEUE_URL", "", F, address(web_address);
    /// Dead-letter queue of the former.
    trigger_dead_letters: Option<String> = "TRIGGER_DLQ_URL", "", F, given_address();
    /// SQS queue of filtered files; with it files are on S3 and subscriptions in DynamoDB.
    report: Option<Url> = "REPORT_CONVERSIONS_QUEUE_URL", "", R, address(web_address);
    /// Dead-letter queue of the former.
    report_dead_letters: Option<String> = "REPORT_DLQ_URL", "", R, given_address();
    /// Ledger; MONGODB_URI_TEST is read too, as the legacy system did.
    mongodb: Option<SecretString> = "MONGODB_URI" or "MONGODB_URI_TEST", "", R, secret_address();
    /// Database of the ledger.
    mongodb_database: String = "MONGODB_DATABASE", "efflux", R, text();
    /// Recognise what the legacy system wrote into the ledger's collection, until it is migrated.
    ledger_legacy: bool = "LEDGER_LEGACY", "false", R, switch();
    /// Analytics: http://user:password@host:8123/database.
    clickhouse: Option<SecretString> = "CLICKHOUSE_URL", "", R | O, secret_address();
    /// PostgreSQL with pixels and tokens, and the optimizer's lock.
    postgres: Option<SecretString> = "DATABASE_URL", "", R | O, secret_address();
    /// Where an emulator answers in place of AWS; the AWS SDK's other settings are its own.
    aws_endpoint: Option<Url> = "AWS_ENDPOINT_URL", "", ALL, optional(web_address);
    /// Sends metrics to CloudWatch under this name; with ENVIRONMENT_LOCATION=aws it is Efflux unless set.
    namespace: Option<String> = "CLOUDWATCH_NAMESPACE", "", ALL, optional_text();
    /// Names the deployment in metrics and notices.
    environment: String = "ENVIRONMENT", "development", ALL, text();
}

section! {
    /// Names of buckets and tables.
    pub struct BucketSettings in "Backends";
    /// Bucket of interpreted files.
    interpreted: String = "INTERPRETED_EVENTS_BUCKET", "interpreted-events-bucket", F, text();
    /// Bucket of filtered files and their receipts.
    report: String = "REPORT_CONVERSIONS_BUCKET", "report-conversions-bucket", F | R, text();
    /// DynamoDB table of subscribed campaigns.
    subscriptions_table: String = "SUBSCRIPTIONS_TABLE", "conversion-reporting-subscriptions", F, text();
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
    /// Names the deployment in metrics and notices.
    pub environment: String,
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

/// CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatchSettings {
    /// Name under which metrics are kept.
    pub namespace: String,
    /// Value of the dimension Environment.
    pub environment: String,
}

impl BackendSettings {
    /// Whether anything is embedded.
    #[must_use]
    pub const fn uses_data_dir(&self) -> bool {
        self.aws.is_none() || self.mongodb.is_none() || self.clickhouse.is_none() || self.postgres.is_none()
    }

    /// What belongs together of what is set.
    pub(crate) fn read(reader: &mut Reader<'_>, location: &LocationSettings) -> Self {
        let given = Addresses::read(reader);
        let in_aws = location.location == Location::Aws;
        let aws = aws(
            reader,
            (given.trigger, given.trigger_dead_letters),
            (given.report, given.report_dead_letters),
        );
        let namespace = given.namespace.or_else(|| in_aws.then(|| "Efflux".to_owned()));
        let (database, legacy, environment) =
            (given.mongodb_database, given.ledger_legacy, given.environment);
        Self {
            data_dir: PathBuf::from(given.data_dir),
            aws,
            mongodb: given.mongodb.map(|uri| MongoSettings { uri, database, legacy }),
            clickhouse: given.clickhouse,
            postgres: given.postgres.map(|address| match location.transport() {
                Transport::Encrypted => with_tls(&address),
                Transport::Any => address,
            }),
            cloudwatch: namespace
                .map(|namespace| CloudWatchSettings { namespace, environment: environment.clone() }),
            aws_endpoint: given.aws_endpoint,
            environment,
        }
    }
}

/// The addresses of a queue and of its dead-letter queue, as far as they are set.
type Given = (Option<Url>, Option<String>);

/// The queues that the service uses; `None` when none has an address. One of two would leave half of the files in a folder.
fn aws(reader: &mut Reader<'_>, trigger: Given, report: Given) -> Option<AwsSettings> {
    let trigger = queue(reader, trigger, "TRIGGER_CONVERSION_REPORTS_QUEUE_URL", "TRIGGER_DLQ_URL");
    let report = queue(reader, report, "REPORT_CONVERSIONS_QUEUE_URL", "REPORT_DLQ_URL");
    if reader.service == Service::Efflux && trigger.is_some() != report.is_some() {
        reader.problem(
            "TRIGGER_CONVERSION_REPORTS_QUEUE_URL, REPORT_CONVERSIONS_QUEUE_URL: set both or neither",
        );
    }
    (trigger.is_some() || report.is_some()).then_some(AwsSettings { trigger, report })
}

fn queue(reader: &mut Reader<'_>, given: Given, name: &str, dead_letters: &str) -> Option<QueueAddress> {
    let queue = given.0?;
    let Some(address) = given.1 else {
        reader.problem(format!("{dead_letters}: {name} is set, so this is needed too"));
        return None;
    };
    let dead_letters = reader.read(dead_letters, &address, web_address)?;
    Some(QueueAddress { queue, dead_letters })
}
