//! What goes wrong with queues, buckets and the table in real deployments.

mod bucket;
mod queue;

use std::time::Duration;

use async_trait::async_trait;
use ports::diagnose::{Check, Diagnose};

use crate::connect::Aws;
use crate::dynamodb::DynamoSubscriptions;

/// What the settings expect of a queue, its dead-letter queue, and the bucket that announces its objects there.
#[derive(Debug, Clone)]
pub struct Announcing {
    /// The queue's URL.
    pub queue: String,
    /// Its dead-letter queue's.
    pub dead_letters: String,
    /// The bucket.
    pub bucket: String,
    /// What the keys begin with that must be announced.
    pub prefix: String,
}

/// What the settings expect of AWS.
#[derive(Debug, Clone)]
pub struct AwsExpectations {
    /// Each queue with its bucket.
    pub ways: Vec<Announcing>,
    /// The table of subscriptions, where it is used.
    pub table: Option<String>,
    /// How long the services hide a message between heartbeats.
    pub visibility: Duration,
    /// How often a message may end by its own doing.
    pub max_receives: u32,
}

/// Examines what a deployment has on AWS.
#[derive(Debug)]
pub struct AwsDiagnosis {
    aws: Aws,
    expected: AwsExpectations,
}

impl AwsDiagnosis {
    /// Nothing is asked yet.
    #[must_use]
    pub const fn new(aws: Aws, expected: AwsExpectations) -> Self {
        Self { aws, expected }
    }

    async fn table(&self) -> Option<Check> {
        let table = self.expected.table.as_deref()?;
        let name = format!("table {table}");
        Some(match DynamoSubscriptions::new(&self.aws, table).check().await {
            Ok(()) => Check::ok(name, "it can be read"),
            Err(error) => Check::failed(name, &error),
        })
    }
}

#[async_trait]
impl Diagnose for AwsDiagnosis {
    async fn findings(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        for way in &self.expected.ways {
            checks.extend(queue::checks(&self.aws, way, &self.expected).await);
            checks.extend(bucket::checks(&self.aws, way).await);
        }
        checks.extend(self.table().await);
        checks
    }
}

/// The last part of an address or a resource name.
fn last(text: &str) -> &str {
    text.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default()
}
