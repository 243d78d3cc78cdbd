//! Looking into a dead-letter queue, and emptying it. SQS cannot list: messages are received, hidden for a moment, and released.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, SendMessageBatchRequestEntry};
use ports::queue::{DeadLetter, Handle};
use ports::{ErrorKind, Result, Retry};

use super::{BATCH, SqsQueue, dead_letter_attributes, handles, seconds};

/// How long dead letters are hidden at most; after a crash they are visible again by then.
const LOOK_TIME: Duration = Duration::from_secs(120);

/// Waiting makes SQS ask all of its servers, so that an empty answer means an empty queue.
const WAIT: Duration = Duration::from_secs(1);

/// How many dead letters are looked at; with more in the queue, the newest of these are shown.
const MOST: usize = 10_000;

/// What SQS takes in one batch of messages.
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// A dead letter that is hidden from others.
struct Hidden {
    handle: Handle,
    letter: DeadLetter,
}

/// The latest dead letters.
pub(super) async fn list(queue: &SqsQueue, limit: usize) -> Result<Vec<DeadLetter>> {
    let taken = take(queue, "queue.dead_letters", |_| false).await?;
    let (handles, mut dead_letters): (Vec<_>, Vec<_>) =
        taken.into_iter().map(|t| (t.handle, t.letter)).unzip();
    release(queue, "queue.dead_letters", &handles).await?;
    dead_letters.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.message_id.cmp(&b.message_id)));
    dead_letters.truncate(limit);
    Ok(dead_letters)
}

/// Puts dead letters back into the queue that they came from.
pub(super) async fn redrive(queue: &SqsQueue, message_ids: &[String]) -> Result<Vec<String>> {
    const OPERATION: &str = "queue.redrive";
    let found = find(queue, OPERATION, message_ids).await?;
    for batch in batches(&found) {
        send_back(queue, OPERATION, batch).await?;
    }
    Ok(ids(found))
}

/// Deletes dead letters.
pub(super) async fn discard(queue: &SqsQueue, message_ids: &[String]) -> Result<Vec<String>> {
    const OPERATION: &str = "queue.discard";
    let found = find(queue, OPERATION, message_ids).await?;
    let handles: Vec<_> = found.iter().map(|t| t.handle.clone()).collect();
    handles::delete(&queue.client, &queue.dead, OPERATION, &handles).await?;
    Ok(ids(found))
}

fn ids(found: Vec<Hidden>) -> Vec<String> {
    let ids: BTreeSet<_> = found.into_iter().map(|t| t.letter.message_id).collect();
    ids.into_iter().collect()
}

/// The dead letters of these ids, hidden from others, which are released.
async fn find(queue: &SqsQueue, operation: &'static str, message_ids: &[String]) -> Result<Vec<Hidden>> {
    let wanted: BTreeSet<_> = message_ids.iter().map(String::as_str).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut missing = wanted.clone();
    let taken = take(queue, operation, |letter| {
        missing.remove(letter.message_id.as_str());
        missing.is_empty()
    });
    let (found, others): (Vec<_>, Vec<_>) =
        taken.await?.into_iter().partition(|t| wanted.contains(t.letter.message_id.as_str()));
    let others: Vec<_> = others.into_iter().map(|t| t.handle).collect();
    release(queue, operation, &others).await?;
    Ok(found)
}

/// Receives dead letters until `enough` says so of one, or none is left. After an error none stays hidden.
async fn take(
    queue: &SqsQueue,
    operation: &'static str,
    mut enough: impl FnMut(&DeadLetter) -> bool,
) -> Result<Vec<Hidden>> {
    // By SQS's id: a dead letter that became visible during a long look comes again.
    let mut taken: BTreeMap<String, Hidden> = BTreeMap::new();
    let mut done = false;
    while !done && taken.len() < MOST {
        let messages = match receive(queue, operation).await {
            Ok(messages) => messages,
            Err(error) => {
                let handles: Vec<_> = taken.into_values().map(|t| t.handle).collect();
                // The first error says more; what cannot be released becomes visible by itself.
                if let Err(second) = release(queue, operation, &handles).await {
                    tracing::warn!(error = ?second, "cannot release dead letters; they become visible by themselves");
                }
                return Err(error);
            }
        };
        let before = taken.len();
        for message in messages {
            let letter = dead_letter_attributes::from_message(&message, queue.clock.now());
            done |= enough(&letter);
            let handle = Handle(message.receipt_handle.unwrap_or_default());
            taken.insert(message.message_id.unwrap_or_default(), Hidden { handle, letter });
        }
        done |= taken.len() == before;
    }
    Ok(taken.into_values().collect())
}

async fn receive(queue: &SqsQueue, operation: &'static str) -> Result<Vec<Message>> {
    let answer = queue
        .client
        .receive_message()
        .queue_url(&queue.dead.url)
        .max_number_of_messages(BATCH as i32)
        .wait_time_seconds(seconds(WAIT, WAIT))
        .visibility_timeout(seconds(LOOK_TIME, LOOK_TIME))
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
        .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
        .send()
        .await
        .map_err(|e| queue.dead.call(operation, "sqs:ReceiveMessage").failed(e))?;
    Ok(answer.messages.unwrap_or_default())
}

async fn release(queue: &SqsQueue, operation: &'static str, handles: &[Handle]) -> Result<()> {
    handles::hide(&queue.client, &queue.dead, operation, handles, Duration::ZERO).await.map(|_| ())
}

/// Dead letters by tens, as long as their texts fit into one call.
fn batches(dead_letters: &[Hidden]) -> Vec<&[Hidden]> {
    let (mut batches, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (i, t) in dead_letters.iter().enumerate() {
        if i > start && (i - start == BATCH || bytes + t.letter.body.len() > MAX_BATCH_BYTES) {
            batches.push(&dead_letters[start..i]);
            (start, bytes) = (i, 0);
        }
        bytes += t.letter.body.len();
    }
    if start < dead_letters.len() {
        batches.push(&dead_letters[start..]);
    }
    batches
}

/// Sends a batch to the queue, then deletes from the dead-letter queue what has arrived.
async fn send_back(queue: &SqsQueue, operation: &'static str, batch: &[Hidden]) -> Result<()> {
    let call = queue.main.call(operation, "sqs:SendMessage");
    let entry = |(i, t): (usize, &Hidden)| {
        SendMessageBatchRequestEntry::builder().id(i.to_string()).message_body(&t.letter.body).build()
    };
    let entries = batch.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>();
    let entries =
        entries.map_err(|e| call.error(ErrorKind::Invalid, "the request cannot be made").source(e))?;
    let request = queue.client.send_message_batch().queue_url(&queue.main.url).set_entries(Some(entries));
    let answer = request.send().await.map_err(|e| call.failed(e))?;
    let arrived: Vec<_> = answer
        .successful
        .iter()
        .filter_map(|s| s.id.parse::<usize>().ok())
        .filter_map(|i| batch.get(i))
        .map(|t| t.handle.clone())
        .collect();
    handles::delete(&queue.client, &queue.dead, operation, &arrived).await?;
    match answer.failed.first() {
        None => Ok(()),
        Some(failure) => Err(call
            .refused(Some(&failure.code), if failure.sender_fault { 400 } else { 500 })
            .retry_with(Retry::After(None))),
    }
}
