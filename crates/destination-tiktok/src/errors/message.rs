//! The key that a message names.

/// Keys of the interface. A message is never kept, since it may quote a value.
const KEYS: [&str; 37] = [
    "event_source_id",
    "event_source",
    "test_event_code",
    "partner_name",
    "event_time",
    "event_id",
    "event",
    "limited_data_use",
    "ttclid",
    "ttp",
    "external_id",
    "email",
    "phone",
    "ip",
    "user_agent",
    "locale",
    "first_name",
    "last_name",
    "zip_code",
    "city",
    "state",
    "country",
    "url",
    "referrer",
    "page",
    "user",
    "value",
    "currency",
    "content_id",
    "content_type",
    "contents",
    "order_id",
    "shop_id",
    "price",
    "quantity",
    "properties",
    "data",
];

/// The innermost key among the words of a message: `data.0.user.email` is about `email`.
pub(super) fn named_field(message: &str) -> Option<&'static str> {
    let words = message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let places = words.filter_map(|word| KEYS.iter().position(|key| *key == word));
    let outer = |place: &usize| matches!(KEYS[*place], "data" | "user" | "page" | "properties" | "event");
    let named: Vec<_> = places.collect();
    named.iter().find(|place| !outer(place)).or(named.first()).map(|place| KEYS[*place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_and_nothing_else_is_kept() {
        for (message, key) in [
            ("event_id: Not a valid string.", Some("event_id")),
            ("data.0.user.email: jo@x.example is not a hash", Some("email")),
            ("Invalid user", Some("user")),
            ("Too many requests", None),
            ("", None),
        ] {
            assert_eq!(named_field(message), key, "{message}");
        }
    }
}
