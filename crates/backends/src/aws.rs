//! SQS, S3, DynamoDB and CloudWatch.

use std::sync::Arc;
use std::time::Duration;

use adapter_aws::cloudwatch::{CloudWatchConfig, CloudWatchMetrics};
use adapter_aws::diagnose::{Announcing, AwsDiagnosis, AwsExpectations};
use adapter_aws::dynamodb::DynamoSubscriptions;
use adapter_aws::s3::S3Blobs;
use adapter_aws::sqs::SqsQueue;
use adapter_aws::{Aws, AwsConfig, provision as make};
use domain::object::FILTERED_PREFIX;
use ports::{BlobStore, Clock, Diagnose, EventQueue, MetricSink, SubscriptionStore};
use settings::{QueueAddress, Settings};

use crate::OpenError;
use crate::checked::checked;
use crate::log::backend_chosen;
use crate::upload::Upload;

/// One data point a minute is what alarms look at.
const METRICS_INTERVAL: Duration = Duration::from_secs(60);

/// The worker sets messages aside by itself, with a reason; SQS does it only for what crashes every worker.
const SQS_MAX_RECEIVES: u32 = 1_000;

/// What the keys of interpreted files begin with.
const INTERPRETED_PREFIX: &str = "networks/";

/// Connects; nothing is asked yet.
async fn connect(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Aws, OpenError> {
    let config = AwsConfig { endpoint: settings.backends.aws_endpoint.clone(), ..AwsConfig::default() };
    Ok(Aws::connect(config, Arc::clone(clock)).await?)
}

/// Ports on AWS, connected to when the first one needs it.
pub(crate) struct OnAws<'s> {
    settings: &'s Settings,
    clock: &'s Arc<dyn Clock>,
    aws: Option<Aws>,
}

impl<'s> OnAws<'s> {
    pub(crate) const fn new(settings: &'s Settings, clock: &'s Arc<dyn Clock>) -> Self {
        Self { settings, clock, aws: None }
    }

    pub(crate) async fn trigger_queue(
        &mut self,
        address: &QueueAddress,
    ) -> Result<Arc<dyn EventQueue>, OpenError> {
        self.queue("trigger queue", address).await
    }

    pub(crate) async fn report_queue(
        &mut self,
        address: &QueueAddress,
    ) -> Result<Arc<dyn EventQueue>, OpenError> {
        self.queue("report queue", address).await
    }

    pub(crate) async fn blobs(&mut self) -> Result<Arc<dyn BlobStore>, OpenError> {
        let buckets = &self.settings.buckets;
        let aws = self.connected().await?;
        backend_chosen("blobs", "s3", &format!("{}, {}", buckets.interpreted, buckets.report));
        let blobs = S3Blobs::new(aws);
        checked("blobs", Box::pin(blobs.check(&buckets.report))).await?;
        Ok(Arc::new(blobs))
    }

    pub(crate) async fn subscriptions(&mut self) -> Result<Arc<dyn SubscriptionStore>, OpenError> {
        let table = &self.settings.buckets.subscriptions_table;
        let aws = self.connected().await?;
        backend_chosen("subscriptions", "dynamodb", table);
        let subscriptions = DynamoSubscriptions::new(aws, table);
        checked("subscriptions", Box::pin(subscriptions.check())).await?;
        Ok(Arc::new(subscriptions))
    }

    async fn queue(
        &mut self,
        port: &'static str,
        address: &QueueAddress,
    ) -> Result<Arc<dyn EventQueue>, OpenError> {
        let aws = self.connected().await?;
        backend_chosen(port, "sqs", address.queue.as_str());
        let queue = SqsQueue::new(aws, address.queue.as_str(), address.dead_letters.as_str());
        checked(port, Box::pin(queue.check())).await?;
        Ok(Arc::new(queue))
    }

    async fn connected(&mut self) -> Result<&Aws, OpenError> {
        if self.aws.is_none() {
            self.aws = Some(connect(self.settings, self.clock).await?);
        }
        Ok(self.aws.as_ref().expect("it was connected above"))
    }
}

/// What examines queues, buckets and the table.
pub(crate) async fn diagnosis(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn Diagnose>, OpenError> {
    let buckets = &settings.buckets;
    let queues = settings.backends.aws.as_ref();
    let ways = [
        (queues.and_then(|q| q.trigger.as_ref()), &buckets.interpreted, INTERPRETED_PREFIX),
        (queues.and_then(|q| q.report.as_ref()), &buckets.report, FILTERED_PREFIX),
    ];
    let ways = ways.into_iter().filter_map(|(address, bucket, prefix)| {
        let address = address?;
        Some(Announcing {
            queue: address.queue.to_string(),
            dead_letters: address.dead_letters.to_string(),
            bucket: bucket.clone(),
            prefix: prefix.to_owned(),
        })
    });
    let expected = AwsExpectations {
        ways: ways.collect(),
        table: Some(buckets.subscriptions_table.clone()),
        visibility: settings.queues.visibility,
        max_receives: settings.queues.max_receives,
    };
    Ok(Box::new(AwsDiagnosis::new(connect(settings, clock).await?, expected)))
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

/// Makes the queues, buckets, notifications and the table that the settings name.
pub(crate) async fn provision(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Vec<String>, OpenError> {
    let aws = connect(settings, clock).await?;
    let buckets = &settings.buckets;
    let mut done = Vec::new();
    let queues = settings.backends.aws.as_ref();
    let ways = [
        (queues.and_then(|q| q.trigger.as_ref()), &buckets.interpreted, ""),
        (queues.and_then(|q| q.report.as_ref()), &buckets.report, FILTERED_PREFIX),
    ];
    for (address, bucket, prefix) in ways {
        let Some(address) = address else { continue };
        let name = address.queue.path_segments().and_then(Iterator::last).unwrap_or_default();
        let made = make::queue(&aws, name, SQS_MAX_RECEIVES, settings.queues.visibility).await?;
        make::bucket(&aws, bucket).await?;
        let days = settings.intervals.retention.as_secs() / 86_400;
        make::protect(&aws, bucket, i32::try_from(days).unwrap_or(i32::MAX)).await?;
        make::announce(&aws, bucket, prefix, &made.main).await?;
        done.push(format!("bucket {bucket} announces what is put below `{prefix}` in {}", made.main));
        if !made.dead.ends_with(address.dead_letters.path()) {
            done.push(format!("its dead letters are in {}: set the address to that", made.dead));
        }
    }
    make::subscriptions(&aws, &buckets.subscriptions_table).await?;
    done.push(format!("table {}", buckets.subscriptions_table));
    Ok(done)
}
