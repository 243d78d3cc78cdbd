//! What is done to messages in flight, in batches with an answer for each.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry as Hide,
    DeleteMessageBatchRequestEntry as Delete,
};
use ports::queue::{Handle, StillHeld};
use ports::{ErrorKind, Result, Retry};

use super::{Address, BATCH, MAX_VISIBILITY, seconds};
use crate::error::Call;

/// Deletes messages.
pub(super) async fn delete(
    client: &Client,
    queue: &Address,
    operation: &'static str,
    handles: &[Handle],
) -> Result<Vec<StillHeld>> {
    let call = queue.call(operation, "sqs:DeleteMessage");
    let mut all = Vec::with_capacity(handles.len());
    for chunk in handles.chunks(BATCH) {
        let entries =
            entries(&call, chunk, |id, handle| Delete::builder().id(id).receipt_handle(handle).build())?;
        let request = client.delete_message_batch().queue_url(&queue.url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        all.extend(held(&call, chunk.len(), &answer.failed)?);
    }
    Ok(all)
}

/// Hides messages for a time from now on; for none, they can be received again at once.
pub(super) async fn hide(
    client: &Client,
    queue: &Address,
    operation: &'static str,
    handles: &[Handle],
    time: Duration,
) -> Result<Vec<StillHeld>> {
    let call = queue.call(operation, "sqs:ChangeMessageVisibility");
    let mut all = Vec::with_capacity(handles.len());
    for chunk in handles.chunks(BATCH) {
        let entries = entries(&call, chunk, |id, handle| {
            Hide::builder()
                .id(id)
                .receipt_handle(handle)
                .visibility_timeout(seconds(time, MAX_VISIBILITY))
                .build()
        })?;
        let request =
            client.change_message_visibility_batch().queue_url(&queue.url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        all.extend(held(&call, chunk.len(), &answer.failed)?);
    }
    Ok(all)
}

/// Entries whose ids are their places.
fn entries<T>(
    call: &Call<'_>,
    handles: &[Handle],
    make: impl Fn(String, &str) -> Result<T, BuildError>,
) -> Result<Vec<T>> {
    let numbered = handles.iter().enumerate().map(|(i, handle)| make(i.to_string(), &handle.0));
    numbered
        .collect::<Result<_, _>>()
        .map_err(|e| call.error(ErrorKind::Invalid, "the request cannot be made").source(e))
}

/// An answer for each entry of a batch. A failure of one is a failure of the call: doing the others again is harmless.
fn held(call: &Call<'_>, entries: usize, failed: &[BatchResultErrorEntry]) -> Result<Vec<StillHeld>> {
    let mut all = vec![StillHeld::Yes; entries];
    for failure in failed {
        if !is_stale(failure) {
            let status = if failure.sender_fault { 400 } else { 500 };
            let error = call.refused(Some(&failure.code), status);
            return Err(if failure.sender_fault { error } else { error.retry_with(Retry::After(None)) });
        }
        if let Some(place) = failure.id.parse::<usize>().ok().and_then(|i| all.get_mut(i)) {
            *place = StillHeld::No;
        }
    }
    Ok(all)
}

/// Whether a handle is refused because the message has moved on.
fn is_stale(failure: &BatchResultErrorEntry) -> bool {
    let code = failure.code.rsplit('.').next().unwrap_or_default();
    // SQS has no code of its own for hiding what was deleted.
    let gone =
        || failure.message.as_deref().is_some_and(|m| m.contains("does not exist or is not available"));
    matches!(code, "ReceiptHandleIsInvalid" | "MessageNotInflight" | "InvalidIdFormat")
        || code == "InvalidParameterValue" && gone()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call<'static> =
        Call { operation: "queue.acknowledge", permission: "sqs:DeleteMessage", what: "queue trigger" };

    fn failure(id: &str, code: &str, message: &str, sender_fault: bool) -> BatchResultErrorEntry {
        let entry = BatchResultErrorEntry::builder().id(id).code(code).message(message);
        entry.sender_fault(sender_fault).build().unwrap()
    }

    #[test]
    fn each_entry_has_its_answer() {
        let failed = [
            failure("0", "ReceiptHandleIsInvalid", "", true),
            failure("2", "AWS.SimpleQueueService.MessageNotInflight", "", true),
            failure(
                "3",
                "InvalidParameterValue",
                "Reason: Message does not exist or is not available for visibility timeout change.",
                true,
            ),
        ];
        assert_eq!(
            held(&CALL, 5, &failed).unwrap(),
            [StillHeld::No, StillHeld::Yes, StillHeld::No, StillHeld::No, StillHeld::Yes]
        );
    }

    #[test]
    fn a_failure_is_not_taken_for_a_lost_message() {
        let internal = held(&CALL, 2, &[failure("1", "InternalError", "", false)]).unwrap_err();
        assert_eq!((internal.kind(), internal.retry()), (ErrorKind::Unavailable, Retry::After(None)));
        let limit =
            failure("1", "InvalidParameterValue", "Total VisibilityTimeout is beyond the limit", true);
        assert_eq!(held(&CALL, 2, &[limit]).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
