//! From SQS's messages to deliveries.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use domain::UnixMillis;
use ports::queue::{Delivery, Handle};

/// A message as a delivery. SQS always sends the attributes that were asked for; what another server leaves out is the least
/// that can be true.
pub(super) fn from_message(message: Message, now: UnixMillis) -> Delivery {
    let attribute = |name| number(&message, &name);
    Delivery {
        receive_count: attribute(MessageSystemAttributeName::ApproximateReceiveCount)
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(1),
        sent_at: sent_at(&message).unwrap_or(now),
        message_id: message.message_id.unwrap_or_default(),
        handle: Handle(message.receipt_handle.unwrap_or_default()),
        body: message.body.unwrap_or_default(),
    }
}

/// When SQS took the message.
pub(super) fn sent_at(message: &Message) -> Option<UnixMillis> {
    number(message, &MessageSystemAttributeName::SentTimestamp).map(UnixMillis)
}

pub(super) fn number(message: &Message, name: &MessageSystemAttributeName) -> Option<i64> {
    message.attributes.as_ref()?.get(name)?.parse().ok()
}
