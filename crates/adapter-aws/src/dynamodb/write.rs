//! Writes subscriptions in batches, until each is taken.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use ports::backoff::Backoff;
use ports::subscriptions::Subscription;
use ports::{ErrorKind, Result};

use super::{DynamoSubscriptions, IdType, item};

/// What DynamoDB takes in one call.
const BATCH: usize = 25;

/// How often a batch is sent before what is left of it is an error: with the pauses between, some 6 s.
const TRIES: u32 = 7;

/// The pauses between.
const PAUSES: Backoff = Backoff::even(Duration::from_millis(100), Duration::from_secs(10));

/// Adds or replaces; of several with one id the last counts.
pub(super) async fn put(
    store: &DynamoSubscriptions,
    ids: IdType,
    subscriptions: &[Subscription],
) -> Result<()> {
    let call = store.call("subscriptions.put", "dynamodb:BatchWriteItem");
    let by_id: BTreeMap<_, _> = subscriptions.iter().map(|s| (s.id.as_str(), s)).collect();
    let requests = by_id.into_values().map(|subscription| {
        let item = item::write(subscription, ids)?;
        let put = PutRequest::builder().set_item(Some(item)).build().ok()?;
        Some(WriteRequest::builder().put_request(put).build())
    });
    let requests: Option<Vec<_>> = requests.collect();
    let requests = requests.ok_or_else(|| {
        call.error(ErrorKind::Invalid, "its ids are numbers, and one that was given is not a number")
    })?;
    for batch in requests.chunks(BATCH) {
        write(store, batch.to_vec()).await?;
    }
    Ok(())
}

async fn write(store: &DynamoSubscriptions, mut batch: Vec<WriteRequest>) -> Result<()> {
    let call = store.call("subscriptions.put", "dynamodb:BatchWriteItem");
    for doublings in 0..TRIES {
        let items = HashMap::from([(store.table.to_string(), batch)]);
        let answer = store.client.batch_write_item().set_request_items(Some(items)).send().await;
        let left = answer.map_err(|e| call.failed(e))?.unprocessed_items.unwrap_or_default();
        batch = left.into_values().flatten().collect();
        if batch.is_empty() {
            return Ok(());
        }
        store.clock.sleep(PAUSES.pause(doublings)).await;
    }
    Err(call.error(ErrorKind::Throttled, "it takes no more for now; raise its write capacity if this lasts"))
}
