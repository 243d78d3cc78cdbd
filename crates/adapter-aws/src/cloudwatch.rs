//! Metrics on CloudWatch, gathered in memory and sent now and then. The work never waits for it.

mod batch;
mod gather;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::MetricDatum;
use aws_smithy_types::retry::RetryConfig;
use ports::metric::Labels;
use ports::{Clock, MetricSink, Result, Retry};
use tokio_util::sync::CancellationToken;

use crate::connect::Aws;
use crate::error::Call;
use gather::{Gathered, Series};

/// Batches that wait for CloudWatch to come back: an hour at the usual interval. Beyond, the oldest are dropped.
const MOST_WAITING: usize = 60;

/// How metrics are sent.
#[derive(Debug, Clone)]
pub struct CloudWatchConfig {
    /// The namespace: `Efflux`.
    pub namespace: String,
    /// The value of the dimension `Environment`.
    pub environment: String,
    /// The value of the dimension `Service`, where a measurement does not name its own.
    pub service: String,
    /// The time between two sends: one data point per metric.
    pub interval: Duration,
}

/// A sink whose numbers go to CloudWatch while [`run`](Self::run) runs.
///
/// Only the metrics that [`ports::metric::name`] marks for it are sent, by service, environment and at most one label: each
/// further one is billed. All of them are in the process's own `/metrics`.
#[derive(Clone)]
pub struct CloudWatchMetrics {
    client: Client,
    config: Arc<CloudWatchConfig>,
    clock: Arc<dyn Clock>,
    gathered: Arc<Mutex<Gathered>>,
    waiting: Arc<tokio::sync::Mutex<VecDeque<Vec<MetricDatum>>>>,
    dropped: Arc<AtomicU64>,
}

impl CloudWatchMetrics {
    /// A sink. Nothing is sent before [`run`](Self::run) or [`flush`](Self::flush).
    #[must_use]
    pub fn new(aws: &Aws, config: CloudWatchConfig) -> Self {
        // A second attempt could count twice what the first one brought.
        let client = aws_sdk_cloudwatch::config::Builder::from(&aws.sdk)
            .interceptor(aws.requests.clone())
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            client: Client::from_conf(client),
            config: Arc::new(config),
            gathered: Arc::new(Mutex::new(Gathered::starting(aws.clock.now()))),
            clock: Arc::clone(&aws.clock),
            waiting: Arc::default(),
            dropped: Arc::default(),
        }
    }

    /// Sends at each interval until `stop`, and once more then.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            tokio::select! { () = stop.cancelled() => {}, () = self.clock.sleep(self.config.interval) => {} }
            // Asked before the send: what is gathered during it still has its turn.
            let last = stop.is_cancelled();
            if let Err(error) = self.flush().await {
                tracing::warn!(error = ?error, dropped = self.dropped(), "cannot send metrics to CloudWatch; the work goes on");
            }
            if last {
                return;
            }
        }
    }

    /// Sends what was gathered, and what could not be sent before.
    ///
    /// # Errors
    /// CloudWatch's. What it did not take is kept for the next time, up to a limit; what it may have taken is not sent again.
    pub async fn flush(&self) -> Result<()> {
        let mut waiting = self.waiting.lock().await;
        let closed = self.gathered().close(self.clock.now());
        waiting.extend(batch::of(&closed, &self.config));
        while waiting.len() > MOST_WAITING {
            self.drop_oldest(&mut waiting);
        }
        while let Some(batch) = waiting.front() {
            if let Err(error) = self.put(batch.clone()).await {
                if !matches!(error.retry(), Retry::After(_)) {
                    self.drop_oldest(&mut waiting);
                }
                return Err(error);
            }
            waiting.pop_front();
        }
        Ok(())
    }

    /// Data points that CloudWatch has not got and will not get.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn drop_oldest(&self, waiting: &mut VecDeque<Vec<MetricDatum>>) {
        let lost = waiting.pop_front().map_or(0, |batch| batch.len());
        self.dropped.fetch_add(lost as u64, Ordering::Relaxed);
    }

    async fn put(&self, batch: Vec<MetricDatum>) -> Result<()> {
        let what = format!("namespace {}", self.config.namespace);
        let call = Call { operation: "metrics.flush", permission: "cloudwatch:PutMetricData", what: &what };
        let request =
            self.client.put_metric_data().namespace(&self.config.namespace).set_metric_data(Some(batch));
        request.send().await.map(|_| ()).map_err(|e| call.failed(e))
    }

    fn gathered(&self) -> std::sync::MutexGuard<'_, Gathered> {
        // A thread that panicked in there left numbers that are whole.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        let series = Series::of(name, labels, &self.config.service).filter(|_| value.is_finite());
        if let Some(series) = series {
            self.gathered().add(series, value);
        }
    }
}

impl MetricSink for CloudWatchMetrics {
    fn count(&self, name: &'static str, labels: Labels<'_>, by: u64) {
        self.add(name, labels, by as f64);
    }

    fn gauge(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        self.add(name, labels, value);
    }

    fn observe(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        self.add(name, labels, value);
    }
}

impl fmt::Debug for CloudWatchMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudWatchMetrics").field("config", &self.config).finish_non_exhaustive()
    }
}
