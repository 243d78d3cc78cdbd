//! The error object, read leniently.

use serde_json::Value;

use super::culprit::{Culprit, culprit};

/// What of an error is worth keeping. Its wording is not: it is translated, and some messages quote the token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetaError {
    /// The main code, such as 100 (invalid parameter) or 190 (token).
    pub code: Option<i64>,
    /// The finer code, such as 2804003 (event too old).
    pub subcode: Option<i64>,
    /// Whether Meta calls the failure passing. `false` proves nothing for throttles.
    pub is_transient: Option<bool>,
    /// Meta's id of the request, for its support.
    pub fbtrace_id: Option<String>,
    /// The place of the bad event in `data`, where the error names it (subcode 2804019).
    pub event_index: Option<usize>,
    /// The field of that event, as in `event_time` or `user_data.em`.
    pub event_field: Option<String>,
    /// The message speaks of a missing permission: with a proof, the one case in which code 100 is about the token.
    pub lacks_permission: bool,
    /// The message speaks of `appsecret_proof`: it is missing or wrong.
    pub about_proof: bool,
}

/// The one subcode that names an event, by a JSON path in the message for the user.
const SCHEMA: i64 = 2_804_019;

impl MetaError {
    /// Reads an error from a body; `None` for HTML, junk, and anything without an `error` object.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let error = body.get("error").filter(|error| error.is_object())?;
        let subcode = number(&error["error_subcode"]);
        let culprit = (subcode == Some(SCHEMA)).then(|| named_event(error)).flatten();
        Some(Self {
            code: number(&error["code"]),
            subcode,
            is_transient: flag(&error["is_transient"]),
            fbtrace_id: trace_id(&error["fbtrace_id"]),
            event_index: culprit.as_ref().map(|culprit| culprit.index),
            event_field: culprit.and_then(|culprit| culprit.field),
            lacks_permission: says(&error["message"], "missing permission"),
            about_proof: says(&error["message"], "appsecret_proof"),
        })
    }
}

/// Numbers come as numbers or as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn flag(value: &Value) -> Option<bool> {
    value
        .as_bool()
        .or_else(|| number(value).map(|number| number != 0))
        .or_else(|| value.as_str()?.parse().ok())
}

/// Only what can be an id, so that nothing else gets into logs.
fn trace_id(value: &Value) -> Option<String> {
    let id = value.as_str()?;
    let shaped = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'='));
    shaped.then(|| id.to_owned())
}

/// The messages come first; `error_data` repeats the path in some answers, as an object or as JSON in a text.
fn named_event(error: &Value) -> Option<Culprit> {
    let messages = ["error_user_msg", "message"].into_iter().filter_map(|key| error[key].as_str());
    messages.clone().find_map(culprit).or_else(|| {
        let data = match &error["error_data"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            data => data.clone(),
        };
        blamed(&data["blame_field_specs"])
    })
}

/// `[["data[0][event_time]"]]`, one level deep or two.
fn blamed(specs: &Value) -> Option<Culprit> {
    match specs {
        Value::String(text) => culprit(text),
        Value::Array(items) => items.iter().find_map(blamed),
        _ => None,
    }
}

/// Whether the message holds these words: for Meta's own English ones, never the translated message for the user.
fn says(message: &Value, words: &str) -> bool {
    message.as_str().unwrap_or_default().to_ascii_lowercase().contains(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Option<MetaError> {
        MetaError::parse(body.as_bytes())
    }

    #[test]
    fn reads_a_full_error() {
        let error = parse(
            r#"{"error":{"message":"Invalid parameter","type":"OAuthException","code":100,"error_subcode":2804019,
            "is_transient":false,"error_user_title":"Schema","error_user_msg":"$['data'][12]['event_time'] fehlt",
            "fbtrace_id":"A1_b-C"}}"#,
        )
        .unwrap();
        assert_eq!(
            (error.code, error.subcode, error.is_transient),
            (Some(100), Some(2_804_019), Some(false))
        );
        assert_eq!((error.event_index, error.event_field.as_deref()), (Some(12), Some("event_time")));
        assert_eq!(error.fbtrace_id.as_deref(), Some("A1_b-C"));
        assert!(!error.lacks_permission);
    }

    #[test]
    fn everything_is_optional() {
        assert_eq!(parse(r#"{"error":{}}"#), Some(MetaError::default()));
        let error = parse(r#"{"error":{"code":"190","error_subcode":null,"is_transient":"true"}}"#).unwrap();
        assert_eq!((error.code, error.subcode, error.is_transient), (Some(190), None, Some(true)));
    }

    #[test]
    fn the_message_says_what_is_missing() {
        let error = parse(r#"{"error":{"code":100,"message":"(#100) Missing Permission"}}"#).unwrap();
        assert!(error.lacks_permission && !error.about_proof);
        let error = parse(r#"{"error":{"code":100,"error_user_msg":"missing permission"}}"#).unwrap();
        assert!(!error.lacks_permission, "what is meant for the user is translated");
    }

    #[test]
    fn error_data_as_object_and_as_text() {
        for data in [
            r#"{"blame_field_specs":[["data[3][user_data]"]]}"#,
            r#""{\"blame_field_specs\":[\"data[3]\"]}""#,
        ] {
            let body = format!(r#"{{"error":{{"code":100,"error_subcode":2804019,"error_data":{data}}}}}"#);
            assert_eq!(parse(&body).unwrap().event_index, Some(3), "{data}");
        }
        let junk = r#"{"error":{"code":100,"error_subcode":2804019,"error_data":"no json"}}"#;
        assert_eq!(parse(junk).unwrap().event_index, None);
    }

    #[test]
    fn other_subcodes_name_no_event() {
        let body = r#"{"error":{"code":100,"error_subcode":2804003,"error_user_msg":"$['data'][1]"}}"#;
        assert_eq!(parse(body).unwrap().event_index, None);
    }

    #[test]
    fn junk_is_not_an_error() {
        for body in
            ["", "<html>", "[]", "null", r#"{"error":"text"}"#, r#"{"events_received":1}"#, "{\"error\":"]
        {
            assert_eq!(parse(body), None, "{body}");
        }
    }

    #[test]
    fn a_quoted_token_is_not_kept() {
        let body =
            r#"{"error":{"code":190,"message":"Malformed access token EAAB","fbtrace_id":"EAAB EAAB"}}"#;
        assert!(!format!("{:?}", parse(body).unwrap()).contains("EAAB"));
    }
}
