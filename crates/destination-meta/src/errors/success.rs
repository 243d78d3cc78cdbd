//! The body of a success.

use std::fmt;

use outbound_http::limits::amount;
use serde::Deserialize;
use serde::de::Error as _;

/// What Meta says of a request it took.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Success {
    /// How many events it took. Compare with the number sent: 0 has been seen with status 200.
    #[serde(deserialize_with = "count")]
    pub events_received: u64,
    /// Remarks, usually none; what they can contain is not documented, so `Debug` only counts them.
    #[serde(default, deserialize_with = "messages")]
    pub messages: Vec<String>,
    /// Meta's id of the request, for its support.
    #[serde(default)]
    pub fbtrace_id: Option<String>,
}

/// A whole number in any form: `2`, `2.0`, `"2"`.
fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    // Beyond a billion, no request had so many events.
    let whole = |n: &f64| n.fract() == 0.0 && (0.0..=1e9).contains(n);
    let of_amount = || amount(&value).filter(whole).map(|n| n as u64);
    value.as_u64().or_else(of_amount).ok_or_else(|| D::Error::custom("not a count"))
}

/// Anything but a list of texts is ignored: a success must not be lost over it.
fn messages<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(list.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect())
}

impl Success {
    /// Reads the body; `None` when it is not a success of this endpoint (a proxy's page, for one).
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

impl fmt::Debug for Success {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Success")
            .field("events_received", &self.events_received)
            .field("messages", &self.messages.len())
            .field("fbtrace_id", &self.fbtrace_id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_successes() {
        let body = br#"{"events_received":2,"messages":["a",{"b":1}],"fbtrace_id":"AbC"}"#;
        let success = Success::parse(body).unwrap();
        assert_eq!((success.events_received, success.messages.len()), (2, 2));
        assert_eq!(success.fbtrace_id.as_deref(), Some("AbC"));
        assert_eq!(Success::parse(br#"{"events_received":0}"#).unwrap().messages, [""; 0]);
        assert!(Success::parse(br#"{"events_received":1,"messages":null}"#).is_some());
        for body in [r#"{"events_received":"2"}"#, r#"{"events_received":2.0}"#, r#"{"events_received":2e0}"#]
        {
            assert_eq!(Success::parse(body.as_bytes()).unwrap().events_received, 2, "{body}");
        }
    }

    #[test]
    fn junk_is_not_a_success() {
        for body in [
            "",
            "<html>Service Unavailable</html>",
            "{}",
            "[]",
            r#"{"events_received":"many"}"#,
            r#"{"events_received":1.5}"#,
            r#"{"events_received":-1}"#,
            r#"{"events_received":"1e400"}"#,
            r#"{"events_received":true}"#,
        ] {
            assert_eq!(Success::parse(body.as_bytes()), None, "{body}");
        }
    }
}
