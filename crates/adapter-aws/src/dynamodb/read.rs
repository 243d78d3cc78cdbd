//! Reads a part of the table, page by page.

use std::time::Duration;

use ports::subscriptions::Subscription;
use ports::{ErrorKind, Result, Retry};

use super::{DynamoSubscriptions, item};
use crate::connect::timeouts_with;

/// A full page may take this much longer than a small answer.
const PAGE_TIME: Duration = Duration::from_secs(10);

/// All subscriptions of one segment. A page holds up to 1 MB.
pub(super) async fn segment(store: &DynamoSubscriptions, segment: i32, of: i32) -> Result<Vec<Subscription>> {
    let call = store.call("subscriptions.snapshot", "dynamodb:Scan");
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = store
            .client
            .scan()
            .table_name(&*store.table)
            .segment(segment)
            .total_segments(of)
            // What was put a moment ago counts.
            .consistent_read(true)
            .set_exclusive_start_key(next)
            .customize()
            .config_override(
                aws_sdk_dynamodb::config::Builder::default().timeout_config(timeouts_with(PAGE_TIME)),
            )
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        for attributes in page.items.unwrap_or_default() {
            // Refused whole: without the condition too much would be reported, without the campaign too little, and neither
            // can be taken back. The operator can repair the item, so another try can succeed.
            let subscription = item::read(&attributes).map_err(|unreadable| {
                call.error(ErrorKind::Corrupt, &unreadable.to_string()).retry_with(Retry::After(None))
            })?;
            all.push(subscription);
        }
        next = page.last_evaluated_key.filter(|key| !key.is_empty());
        if next.is_none() {
            return Ok(all);
        }
    }
}
