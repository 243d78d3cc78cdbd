//! What a dead letter says beyond its text, as message attributes.

use std::collections::HashMap;

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use domain::UnixMillis;
use ports::queue::{DeadLetter, Delivery};

use super::delivery;

const REASON: &str = "efflux.reason";
const SERVICE: &str = "efflux.service";
const AT: &str = "efflux.at";
const MESSAGE_ID: &str = "efflux.message_id";
const RECEIVE_COUNT: &str = "efflux.receive_count";

/// The reason of a dead letter that SQS moved by itself.
const MOVED_BY_SQS: &str = "SQS moved it after too many deliveries (the queue's redrive policy)";

/// A reason that is longer is cut.
const MAX_REASON_BYTES: usize = 2048;

/// What the other attributes take with their names and types, at most.
const OTHER_ATTRIBUTES_BYTES: usize = 512;

/// What SQS takes as one message: since August 2025 more, but a queue may be set to less.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// The attributes of a message that becomes a dead letter.
pub(super) fn attributes(
    delivery: &Delivery,
    reason: &str,
    service: &str,
    at: UnixMillis,
) -> HashMap<String, MessageAttributeValue> {
    let room = MAX_MESSAGE_BYTES.saturating_sub(delivery.body.len() + OTHER_ATTRIBUTES_BYTES);
    // SQS takes no empty value.
    let reason =
        Some(cut(&allowed(reason), room.clamp(64, MAX_REASON_BYTES)).to_owned()).filter(|r| !r.is_empty());
    let pairs = [
        (REASON, "String", reason.unwrap_or_else(|| "no reason given".to_owned())),
        (SERVICE, "String", allowed(service)),
        (AT, "Number", at.0.to_string()),
        (MESSAGE_ID, "String", delivery.message_id.clone()),
        (RECEIVE_COUNT, "Number", delivery.receive_count.to_string()),
    ];
    let attribute = |(name, kind, value): (&str, &str, String)| {
        // Only a missing type fails to build, and there is one.
        let value = MessageAttributeValue::builder().data_type(kind).string_value(value).build().ok()?;
        Some((name.to_owned(), value))
    };
    pairs.into_iter().filter(|(_, _, value)| !value.is_empty()).filter_map(attribute).collect()
}

/// A message of the dead-letter queue as a dead letter, whether we put it there or SQS did.
pub(super) fn from_message(message: &Message, now: UnixMillis) -> DeadLetter {
    let text = |name| message.message_attributes.as_ref()?.get(name)?.string_value.as_deref();
    let delivered = || {
        let count = delivery::number(message, &MessageSystemAttributeName::ApproximateReceiveCount)?;
        // This look was a delivery too.
        u32::try_from(count - 1).ok()
    };
    DeadLetter {
        message_id: text(MESSAGE_ID).or(message.message_id()).unwrap_or_default().to_owned(),
        body: message.body().unwrap_or_default().to_owned(),
        reason: text(REASON).unwrap_or(MOVED_BY_SQS).to_owned(),
        service: text(SERVICE).unwrap_or("sqs").to_owned(),
        at: text(AT)
            .and_then(|t| t.parse().ok().map(UnixMillis))
            .or_else(|| delivery::sent_at(message))
            .unwrap_or(now),
        receive_count: text(RECEIVE_COUNT).and_then(|t| t.parse().ok()).or_else(delivered).unwrap_or(1),
    }
}

/// The text without what SQS refuses: control characters and the two that are not characters.
fn allowed(text: &str) -> String {
    let refused =
        |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if refused(c) { ' ' } else { c }).collect()
}

fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use ports::queue::Handle;

    use super::*;

    fn delivery(body: String) -> Delivery {
        Delivery {
            message_id: "id".to_owned(),
            handle: Handle("handle".to_owned()),
            body,
            receive_count: 7,
            sent_at: UnixMillis(1),
        }
    }

    fn read(attributes: HashMap<String, MessageAttributeValue>) -> DeadLetter {
        let message =
            Message::builder().message_id("other").body("x").set_message_attributes(Some(attributes));
        from_message(&message.build(), UnixMillis(9))
    }

    #[test]
    fn what_is_written_is_read() {
        let letter = read(attributes(&delivery("x".to_owned()), "für\n\u{1}", "filter-svc", UnixMillis(5)));
        assert_eq!((letter.message_id.as_str(), letter.receive_count, letter.at), ("id", 7, UnixMillis(5)));
        assert_eq!((letter.reason.as_str(), letter.service.as_str()), ("für\n ", "filter-svc"));
    }

    #[test]
    fn a_dead_letter_fits_into_a_message() {
        let long = "ü".repeat(4000);
        for body in [0, 255 * 1024, 256 * 1024 - OTHER_ATTRIBUTES_BYTES - 64] {
            let attributes = attributes(&delivery("x".repeat(body)), &long, "service", UnixMillis(5));
            let size: usize = attributes
                .iter()
                .map(|(name, v)| name.len() + v.data_type.len() + v.string_value().map_or(0, str::len))
                .sum();
            assert!(body + size <= MAX_MESSAGE_BYTES && size > 100, "{body} {size}");
        }
        assert_eq!(
            read(attributes(&delivery(String::new()), "", "s", UnixMillis(5))).reason,
            "no reason given"
        );
    }

    #[test]
    fn what_sqs_moved_says_so() {
        let letter = read(HashMap::new());
        assert_eq!(
            (letter.message_id.as_str(), letter.service.as_str(), letter.at),
            ("other", "sqs", UnixMillis(9))
        );
    }
}
