//! Makes what a deployment needs, for emulators and tests. In AWS the infrastructure's template does. Making again what is
//! there changes nothing.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus,
};
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus,
    CreateBucketConfiguration, Event, ExpirationStatus, FilterRule, FilterRuleName, LifecycleExpiration,
    LifecycleRule, LifecycleRuleFilter, NotificationConfiguration, NotificationConfigurationFilter,
    PublicAccessBlockConfiguration, QueueConfiguration, S3KeyFilter, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use ports::{ErrorKind, Result};

use crate::connect::Aws;
use crate::error::{Call, code};
use crate::{dynamodb, s3, sqs};

/// Where buckets have no location.
const FIRST_REGION: &str = "us-east-1";

/// How long a dead letter is kept: the longest that SQS offers.
const DEAD_LETTER_SECONDS: &str = "1209600";

/// Looks before a table that is being made is given up, and the time between two: a minute.
const TABLE_LOOKS: u32 = 60;
const TABLE_PAUSE: Duration = Duration::from_secs(1);

/// A queue and its dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrls {
    /// The queue.
    pub main: String,
    /// Its dead-letter queue: `<name>-dlq`.
    pub dead: String,
}

/// Makes a queue and its dead-letter queue, to which SQS moves what was delivered `max_receives` times without an end. A message that is
/// received without a time is hidden for `visibility`.
///
/// # Errors
/// What SQS refuses.
pub async fn queue(aws: &Aws, name: &str, max_receives: u32, visibility: Duration) -> Result<QueueUrls> {
    let client = sqs::client(aws);
    let dead = format!("{name}-dlq");
    let keep = HashMap::from([(Attribute::MessageRetentionPeriod, DEAD_LETTER_SECONDS.to_owned())]);
    let dead_url = create_queue(&client, &dead, keep).await?;
    let target = arn(&client, &dead_url).await?;
    let redrive = serde_json::json!({"deadLetterTargetArn": target, "maxReceiveCount": max_receives});
    let attributes = HashMap::from([
        (Attribute::RedrivePolicy, redrive.to_string()),
        (Attribute::VisibilityTimeout, visibility.as_secs().to_string()),
    ]);
    let main = create_queue(&client, name, attributes).await?;
    Ok(QueueUrls { main, dead: dead_url })
}

async fn create_queue(
    client: &aws_sdk_sqs::Client,
    name: &str,
    attributes: HashMap<Attribute, String>,
) -> Result<String> {
    let call = Call { operation: "provision.queue", permission: "sqs:CreateQueue", what: name };
    let request = client.create_queue().queue_name(name).set_attributes(Some(attributes));
    let url = match request.send().await {
        Ok(answer) => answer.queue_url,
        // It is there with other attributes, which the operator chose.
        Err(e) if matches!(code(&e), Some("QueueAlreadyExists" | "QueueNameExists")) => {
            client.get_queue_url().queue_name(name).send().await.map_err(|e| call.failed(e))?.queue_url
        }
        Err(e) => return Err(call.failed(e)),
    };
    url.ok_or_else(|| call.error(ErrorKind::Corrupt, "the answer has no URL"))
}

async fn arn(client: &aws_sdk_sqs::Client, url: &str) -> Result<String> {
    let call = Call { operation: "provision.queue", permission: "sqs:GetQueueAttributes", what: url };
    let request = client.get_queue_attributes().queue_url(url).attribute_names(Attribute::QueueArn);
    let attributes = request.send().await.map_err(|e| call.failed(e))?.attributes.unwrap_or_default();
    let arn = attributes.get(&Attribute::QueueArn).cloned();
    arn.ok_or_else(|| call.error(ErrorKind::Corrupt, "the answer has no ARN"))
}

/// Makes a bucket.
///
/// # Errors
/// What S3 refuses.
pub async fn bucket(aws: &Aws, bucket: &str) -> Result<()> {
    let call = Call { operation: "provision.bucket", permission: "s3:CreateBucket", what: bucket };
    let region = aws.sdk.region().map(AsRef::as_ref).filter(|region| *region != FIRST_REGION);
    let place = region.map(|region: &str| {
        CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region))
            .build()
    });
    let created =
        s3::client(aws).create_bucket().bucket(bucket).set_create_bucket_configuration(place).send().await;
    match created {
        Ok(_) => Ok(()),
        Err(e) if code(&e) == Some("BucketAlreadyOwnedByYou") => Ok(()),
        Err(e) => Err(call.failed(e)),
    }
}

/// Keeps a bucket from the public, encrypts what is put into it, and expires it after so many days.
///
/// # Errors
/// What S3 refuses.
pub async fn protect(aws: &Aws, bucket: &str, days: i32) -> Result<()> {
    let call = |permission| Call { operation: "provision.bucket", permission, what: bucket };
    let client = s3::client(aws);
    let unmade =
        |e| call("s3:PutBucketPolicy").error(ErrorKind::Invalid, "the request cannot be made").source(e);
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .block_public_policy(true)
        .ignore_public_acls(true)
        .restrict_public_buckets(true)
        .build();
    let request = client.put_public_access_block().bucket(bucket).public_access_block_configuration(block);
    request.send().await.map_err(|e| call("s3:PutBucketPublicAccessBlock").failed(e))?;

    let aes = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build();
    let rule =
        ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(aes.map_err(unmade)?);
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule.build()).build().map_err(unmade)?;
    let request = client.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(rules);
    request.send().await.map_err(|e| call("s3:PutEncryptionConfiguration").failed(e))?;

    let rule = LifecycleRule::builder()
        .id("personal-data")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .expiration(LifecycleExpiration::builder().days(days).build())
        .build();
    let rules =
        BucketLifecycleConfiguration::builder().rules(rule.map_err(unmade)?).build().map_err(unmade)?;
    let request = client.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(rules);
    request.send().await.map(|_| ()).map_err(|e| call("s3:PutLifecycleConfiguration").failed(e))
}

/// Has a bucket keep each version of an object.
///
/// # Errors
/// What S3 refuses.
pub async fn keep_versions(aws: &Aws, bucket: &str) -> Result<()> {
    let call = Call { operation: "provision.bucket", permission: "s3:PutBucketVersioning", what: bucket };
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let request = s3::client(aws).put_bucket_versioning().bucket(bucket).versioning_configuration(on);
    request.send().await.map(|_| ()).map_err(|e| call.failed(e))
}

/// Has each new object of a bucket whose key begins with `prefix` announced in a queue, which is opened to the bucket.
/// Replaces what the bucket announced before.
///
/// # Errors
/// What S3 or SQS refuses.
pub async fn announce(aws: &Aws, bucket: &str, prefix: &str, queue_url: &str) -> Result<()> {
    let queues = sqs::client(aws);
    let queue_arn = arn(&queues, queue_url).await?;
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": format!("arn:aws:s3:::{bucket}")}},
    }]});
    let call =
        Call { operation: "provision.announce", permission: "sqs:SetQueueAttributes", what: queue_url };
    let request =
        queues.set_queue_attributes().queue_url(queue_url).attributes(Attribute::Policy, policy.to_string());
    request.send().await.map_err(|e| call.failed(e))?;

    let call = Call { operation: "provision.announce", permission: "s3:PutBucketNotification", what: bucket };
    let queue = QueueConfiguration::builder()
        .queue_arn(queue_arn)
        .events(Event::S3ObjectCreated)
        .set_filter(keys_that_begin_with(prefix))
        .build()
        .map_err(|e| call.error(ErrorKind::Invalid, "the request cannot be made").source(e))?;
    let all = NotificationConfiguration::builder().queue_configurations(queue).build();
    let request = s3::client(aws)
        .put_bucket_notification_configuration()
        .bucket(bucket)
        .notification_configuration(all);
    request.send().await.map(|_| ()).map_err(|e| call.failed(e))
}

/// `None` for all keys: a rule needs a value.
fn keys_that_begin_with(prefix: &str) -> Option<NotificationConfigurationFilter> {
    if prefix.is_empty() {
        return None;
    }
    let rule = FilterRule::builder().name(FilterRuleName::Prefix).value(prefix).build();
    let keys = S3KeyFilter::builder().filter_rules(rule).build();
    Some(NotificationConfigurationFilter::builder().key(keys).build())
}

/// Makes a table of subscriptions and waits until it can be used.
///
/// # Errors
/// What DynamoDB refuses.
pub async fn subscriptions(aws: &Aws, table: &str) -> Result<()> {
    const ID: &str = "id";
    let client = dynamodb::client(aws);
    let call = Call { operation: "provision.table", permission: "dynamodb:CreateTable", what: table };
    let unmade = |e: BuildError| call.error(ErrorKind::Invalid, "the request cannot be made").source(e);
    let key = KeySchemaElement::builder().attribute_name(ID).key_type(KeyType::Hash).build();
    let id = AttributeDefinition::builder().attribute_name(ID).attribute_type(ScalarAttributeType::S).build();
    let created = client
        .create_table()
        .table_name(table)
        .key_schema(key.map_err(unmade)?)
        .attribute_definitions(id.map_err(unmade)?)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await;
    match created {
        Ok(_) => {}
        Err(e) if code(&e) == Some("ResourceInUseException") => {}
        Err(e) => return Err(call.failed(e)),
    }
    for _ in 0..TABLE_LOOKS {
        let answer = client.describe_table().table_name(table).send().await.map_err(|e| call.failed(e))?;
        if answer.table.and_then(|t| t.table_status) == Some(TableStatus::Active) {
            return Ok(());
        }
        aws.clock.sleep(TABLE_PAUSE).await;
    }
    Err(call.error(ErrorKind::Timeout, "it is still being made; look at it in the console"))
}
