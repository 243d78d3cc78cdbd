//! SQS, S3, DynamoDB and CloudWatch.

use std::sync::Arc;
use std::time::Duration;

use adapter_aws::cloudwatch::{CloudWatchConfig, CloudWatchMetrics};
use adapter_aws::dynamodb::DynamoSubscriptions;
use adapter_aws::s3::S3Blobs;
use adapter_aws::sqs::SqsQueue;
use adapter_aws::{Aws, AwsConfig};
use ports::{BlobStore, Clock, EventQueue, MetricSink, SubscriptionStore};
use settings::{QueueAddress, Settings};

use crate::OpenError;
use crate::checked::checked;
use crate::log::backend_chosen;
use crate::upload::Upload;

/// One data point a minute is what alarms look at.
const METRICS_INTERVAL: Duration = Duration::from_secs(60);

/// Connects; nothing is asked yet.
pub(crate) async fn connect(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Aws, OpenError> {
    let config = AwsConfig { endpoint: settings.backends.aws_endpoint.clone(), ..AwsConfig::default() };
    Ok(Aws::connect(config, Arc::clone(clock)).await?)
}

pub(crate) async fn queue(
    aws: &Aws,
    port: &'static str,
    address: &QueueAddress,
) -> Result<Arc<dyn EventQueue>, OpenError> {
    backend_chosen(port, "sqs", address.queue.as_str());
    let queue = SqsQueue::new(aws, address.queue.as_str(), address.dead_letters.as_str());
    checked(port, Box::pin(queue.check())).await?;
    Ok(Arc::new(queue))
}

pub(crate) async fn blobs(aws: &Aws, settings: &Settings) -> Result<Arc<dyn BlobStore>, OpenError> {
    let buckets = &settings.buckets;
    backend_chosen("blobs", "s3", &format!("{}, {}", buckets.interpreted, buckets.report));
    let blobs = S3Blobs::new(aws);
    checked("blobs", Box::pin(blobs.check(&buckets.report))).await?;
    Ok(Arc::new(blobs))
}

pub(crate) async fn subscriptions(
    aws: &Aws,
    settings: &Settings,
) -> Result<Arc<dyn SubscriptionStore>, OpenError> {
    let table = &settings.buckets.subscriptions_table;
    backend_chosen("subscriptions", "dynamodb", table);
    let subscriptions = DynamoSubscriptions::new(aws, table);
    checked("subscriptions", Box::pin(subscriptions.check())).await?;
    Ok(Arc::new(subscriptions))
}

/// Metrics for CloudWatch, if the settings name it.
pub(crate) async fn cloudwatch(
    settings: &Settings,
    service: &'static str,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Upload>, OpenError> {
    let Some(wanted) = &settings.backends.cloudwatch else { return Ok(None) };
    backend_chosen("metrics", "cloudwatch", &wanted.namespace);
    let config = CloudWatchConfig {
        namespace: wanted.namespace.clone(),
        environment: wanted.environment.clone(),
        service: service.to_owned(),
        interval: METRICS_INTERVAL,
    };
    let sink = CloudWatchMetrics::new(&connect(settings, clock).await?, config);
    let uploading = sink.clone();
    Ok(Some(Upload {
        sink: Arc::new(sink) as Arc<dyn MetricSink>,
        run: Box::new(|stop| Box::pin(async move { uploading.run(stop).await })),
    }))
}
