//! Queues on SQS. The dead-letter queue of each is a queue like others; what lies in it says why by message attributes.

mod dead_letter_attributes;
mod delivery;
mod handles;
mod redrive;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use ports::queue::{DeadLetter, Delivery, Depth, Handle, StillHeld};
use ports::{Clock, EventQueue, Result};

use crate::connect::{Aws, timeouts_with};
use crate::error::Call;

/// What SQS takes in one call.
const BATCH: usize = 10;

/// The longest that SQS waits for a message.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// The longest that SQS hides a message.
const MAX_VISIBILITY: Duration = Duration::from_secs(43_200);

/// How long a message is kept from others while it is moved to the dead-letter queue.
const MOVE_TIME: Duration = Duration::from_secs(60);

/// A queue and its dead-letter queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    main: Address,
    dead: Address,
    clock: Arc<dyn Clock>,
}

/// A queue's URL, and its name for messages.
#[derive(Debug, Clone)]
struct Address {
    url: String,
    name: String,
}

impl Address {
    fn new(url: String) -> Self {
        let name = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        Self { name: format!("queue {name}"), url }
    }

    fn call(&self, operation: &'static str, permission: &'static str) -> Call<'_> {
        Call { operation, permission, what: &self.name }
    }
}

impl SqsQueue {
    /// The queue with this URL. What is given up goes to the other.
    #[must_use]
    pub fn new(aws: &Aws, url: impl Into<String>, dead_letter_url: impl Into<String>) -> Self {
        Self {
            client: client(aws),
            main: Address::new(url.into()),
            dead: Address::new(dead_letter_url.into()),
            clock: Arc::clone(&aws.clock),
        }
    }

    /// Whether both queues exist and their attributes may be read.
    ///
    /// # Errors
    /// What is missing or denied, and what to do about it.
    pub async fn check(&self) -> Result<()> {
        tokio::try_join!(self.waiting("queue.check", &self.main), self.waiting("queue.check", &self.dead))
            .map(|_| ())
    }

    /// Messages in a queue that could be received now, and those that could not.
    async fn waiting(&self, operation: &'static str, queue: &Address) -> Result<(u64, u64)> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
            ApproximateNumberOfMessagesNotVisible as InHand,
        };
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&queue.url)
            .set_attribute_names(Some(vec![Visible, Delayed, InHand]))
            .send()
            .await
            .map_err(|e| queue.call(operation, "sqs:GetQueueAttributes").failed(e))?;
        let attributes: HashMap<_, _> = answer.attributes.unwrap_or_default();
        let count = |name| attributes.get(&name).and_then(|n| n.parse::<u64>().ok()).unwrap_or_default();
        Ok((count(Visible), count(Delayed) + count(InHand)))
    }
}

/// A client that counts its requests.
pub(crate) fn client(aws: &Aws) -> Client {
    let config = aws_sdk_sqs::config::Builder::from(&aws.sdk).interceptor(aws.requests.clone()).build();
    Client::from_conf(config)
}

/// Whole seconds, rounded up: SQS knows no others.
fn seconds(time: Duration, most: Duration) -> i32 {
    let whole = time.min(most).as_millis().div_ceil(1000);
    i32::try_from(whole).unwrap_or(i32::MAX)
}

#[async_trait]
impl EventQueue for SqsQueue {
    async fn send(&self, body: &str) -> Result<()> {
        let sent = self.client.send_message().queue_url(&self.main.url).message_body(body).send().await;
        sent.map(|_| ()).map_err(|e| self.main.call("queue.send", "sqs:SendMessage").failed(e))
    }

    async fn receive(&self, max: usize, wait: Duration, visibility: Duration) -> Result<Vec<Delivery>> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let patience =
            aws_sdk_sqs::config::Builder::default().timeout_config(timeouts_with(wait.min(MAX_WAIT)));
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.main.url)
            .max_number_of_messages(i32::try_from(max.min(BATCH)).unwrap_or(1))
            .wait_time_seconds(seconds(wait, MAX_WAIT))
            .visibility_timeout(seconds(visibility, MAX_VISIBILITY))
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(patience)
            .send()
            .await
            .map_err(|e| self.main.call("queue.receive", "sqs:ReceiveMessage").failed(e))?;
        let now = self.clock.now();
        Ok(answer.messages.unwrap_or_default().into_iter().map(|m| delivery::from_message(m, now)).collect())
    }

    async fn acknowledge(&self, handles: &[Handle]) -> Result<Vec<StillHeld>> {
        handles::delete(&self.client, &self.main, "queue.acknowledge", handles).await
    }

    async fn extend(&self, handles: &[Handle], visibility: Duration) -> Result<Vec<StillHeld>> {
        handles::hide(&self.client, &self.main, "queue.extend", handles, visibility).await
    }

    async fn release(&self, handles: &[Handle], delay: Duration) -> Result<Vec<StillHeld>> {
        handles::hide(&self.client, &self.main, "queue.release", handles, delay).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str, service: &str) -> Result<StillHeld> {
        let handles = std::slice::from_ref(&delivery.handle);
        // Asked first: a worker that lost the message must not make a dead letter of it. It also stays hidden until it is moved.
        let held = handles::hide(&self.client, &self.main, "queue.dead_letter", handles, MOVE_TIME).await?;
        if held == [StillHeld::No] {
            return Ok(StillHeld::No);
        }
        self.client
            .send_message()
            .queue_url(&self.dead.url)
            .message_body(&delivery.body)
            .set_message_attributes(Some(dead_letter_attributes::attributes(
                delivery,
                reason,
                service,
                self.clock.now(),
            )))
            .send()
            .await
            .map_err(|e| self.dead.call("queue.dead_letter", "sqs:SendMessage").failed(e))?;
        // It lies in the dead-letter queue now: a crash before this leaves it in both queues, and it becomes a dead letter again.
        handles::delete(&self.client, &self.main, "queue.dead_letter", handles).await?;
        Ok(StillHeld::Yes)
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        redrive::list(self, limit).await
    }

    async fn redrive(&self, message_ids: &[String]) -> Result<Vec<String>> {
        redrive::redrive(self, message_ids).await
    }

    async fn discard(&self, message_ids: &[String]) -> Result<Vec<String>> {
        redrive::discard(self, message_ids).await
    }

    async fn depth(&self) -> Result<Depth> {
        let (main, dead) = tokio::try_join!(
            self.waiting("queue.depth", &self.main),
            self.waiting("queue.depth", &self.dead)
        )?;
        // SQS reports the age of the oldest message to CloudWatch only.
        Ok(Depth { visible: main.0, hidden: main.1, dead: dead.0 + dead.1, oldest_age: None })
    }
}
