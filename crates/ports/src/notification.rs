//! The message bodies that queues deliver when an object is created, in every form they really come in.

use domain::ObjectRef;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// These objects were created. Empty when the message speaks of other things only, such as removals.
    Created(Vec<ObjectRef>),
    /// These objects were created, and some of the message's records cannot be read: the former must not wait for the latter.
    CreatedAmongOthers {
        /// The objects; at least one.
        created: Vec<ObjectRef>,
        /// What is wrong with the rest.
        unreadable: NotANotification,
    },
    /// S3 sends this once when a notification is configured; there is nothing to do.
    Test,
}

/// A message that is not a notification of a kind we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message is not an object notification: {what}")]
pub struct NotANotification {
    /// What is wrong with it, without its content.
    pub what: String,
}

impl NotANotification {
    fn because(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    // S3
    #[serde(borrow, rename = "Records")]
    records: Option<Vec<&'a RawValue>>,
    #[serde(rename = "Event")]
    event: Option<String>,
    // SNS
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    // EventBridge
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(rename = "eventName")]
    event_name: String,
    #[serde(borrow)]
    s3: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Detail {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
    // S3 and EventBridge spell it differently; absent where the bucket keeps one version only.
    #[serde(rename = "versionId", alias = "version-id")]
    version: Option<String>,
}

/// Reads a message body: S3's own (several records, test event, removals), the same wrapped by SNS, or EventBridge's.
///
/// # Errors
/// [`NotANotification`] says what the body is instead; it never repeats the body.
pub fn parse(body: &str) -> Result<Notification, NotANotification> {
    parse_nested(body, 2)
}

fn parse_nested(body: &str, wrappings_left: u8) -> Result<Notification, NotANotification> {
    let envelope: Envelope<'_> = serde_json::from_str(body).map_err(|e| {
        let what = if e.is_data() { "not an object with the expected fields" } else { "not JSON" };
        NotANotification::because(format!("{what} (line {}, column {})", e.line(), e.column()))
    })?;
    if let Some(records) = envelope.records {
        return from_records(&records);
    }
    if envelope.event.as_deref() == Some("s3:TestEvent") {
        return Ok(Notification::Test);
    }
    if let (Some("Notification"), Some(message)) = (envelope.kind.as_deref(), &envelope.message) {
        return match wrappings_left {
            0 => Err(NotANotification::because("wrapped too many times")),
            _ => parse_nested(message, wrappings_left - 1),
        };
    }
    match (envelope.detail_type.as_deref(), envelope.detail) {
        // EventBridge does not encode keys.
        (Some("Object Created"), detail) => {
            let detail = detail.and_then(|detail| serde_json::from_str::<Detail>(detail.get()).ok());
            let Some(Detail { bucket, object }) = detail else {
                return Err(NotANotification::because(
                    "it says that an object was created, without bucket and key",
                ));
            };
            Ok(Notification::Created(vec![
                ObjectRef::new(bucket.name, object.key).at_version(object.version),
            ]))
        }
        (Some(_), _) => Ok(Notification::Created(Vec::new())),
        (None, _) => {
            Err(NotANotification::because("it has neither Records, nor an SNS message, nor a detail"))
        }
    }
}

/// One strange record costs its neighbours nothing.
fn from_records(records: &[&RawValue]) -> Result<Notification, NotANotification> {
    let (mut created, mut unreadable) = (Vec::with_capacity(records.len()), Vec::new());
    for (i, record) in records.iter().enumerate() {
        match from_record(record) {
            Ok(object) => created.extend(object),
            Err(what) => unreadable.push(format!("record {i} has {what}")),
        }
    }
    if unreadable.is_empty() {
        return Ok(Notification::Created(created));
    }
    let others = unreadable.len().saturating_sub(MOST_NAMED);
    unreadable.truncate(MOST_NAMED);
    let more = if others > 0 { format!(", and {others} more") } else { String::new() };
    let unreadable = NotANotification::because(unreadable.join(", ") + &more);
    if created.is_empty() {
        Err(unreadable)
    } else {
        Ok(Notification::CreatedAmongOthers { created, unreadable })
    }
}

/// So many unreadable records are named.
const MOST_NAMED: usize = 3;

/// The object that a record says was created; `None` if it speaks of something else.
fn from_record(record: &RawValue) -> Result<Option<ObjectRef>, &'static str> {
    let record: Record<'_> = serde_json::from_str(record.get()).map_err(|_| "no event name")?;
    if !record.event_name.trim_start_matches("s3:").starts_with("ObjectCreated:") {
        return Ok(None);
    }
    let detail = record.s3.and_then(|detail| serde_json::from_str::<Detail>(detail.get()).ok());
    let Detail { bucket, object } = detail.ok_or("no bucket and key")?;
    let key = decode_key(&object.key).ok_or("a key that is not UTF-8")?;
    Ok(Some(ObjectRef::new(bucket.name, key).at_version(object.version)))
}

/// Undoes S3's encoding of keys, in notifications and lists: `+` is a blank, `%2B` a plus. `None` when it is not UTF-8.
///
/// S3 always encodes, so the decoded key alone is meant. Where a store sends keys as they are, a `+` or `%` in them leads to an
/// object that is not there, and the dead letter names it. The literal key is not tried: it may be that of another object, which would
/// then be reported under the wrong name.
#[must_use]
pub fn decode_key(encoded: &str) -> Option<String> {
    let blanks = encoded.replace('+', " ");
    percent_decode_str(&blanks).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Writes S3's own notification of one created object, as the embedded store raises it.
#[must_use]
pub fn object_created(object: &ObjectRef, size: u64, event_time: &str) -> String {
    let mut body = serde_json::json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": event_time,
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": object.bucket},
            "object": {"key": encode_key(&object.key), "size": size},
        },
    }]});
    if let Some(version) = &object.version {
        body["Records"][0]["s3"]["object"]["versionId"] = version.as_str().into();
    }
    body.to_string()
}

/// The same notification once more, for a file that is held: it passes whatever looks wrong about it.
#[must_use]
pub fn release(object: &ObjectRef, size: u64, event_time: &str) -> String {
    let body = object_created(object, size, event_time);
    format!("{{{RELEASE},{}", body.strip_prefix('{').unwrap_or_default())
}

const RELEASE: &str = r#""effluxRelease":true"#;

/// Whether a message releases a file that is held; see [`release`].
#[must_use]
pub fn is_release(body: &str) -> bool {
    #[derive(Deserialize)]
    struct Release {
        #[serde(rename = "effluxRelease", default)]
        release: bool,
    }
    serde_json::from_str::<Release>(body).is_ok_and(|message| message.release)
}

/// S3's encoding of keys: everything but letters, digits, `-._*/`, and a blank as `+`.
fn encode_key(key: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*').remove(b'/').remove(b' ');
    utf8_percent_encode(key, KEPT).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn created(body: &str) -> Vec<String> {
        match parse(body) {
            Ok(Notification::Created(objects)) => objects.iter().map(ObjectRef::id).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_form_is_read() {
        let file = |name: &str| {
            std::fs::read_to_string(format!(
                "{}/tests/data/notifications/{name}.json",
                env!("CARGO_MANIFEST_DIR")
            ))
            .unwrap()
        };
        assert_eq!(
            created(&file("s3-object-created")),
            [
                "interpreted-events-bucket/networks/crossroads/Crossroads-Todays-Interpreted-Data-To-S3/m@example.com LLC/2026-11-22/13/2026-11-22T13:04:05.678Z.json"
            ]
        );
        assert_eq!(created(&file("s3-two-records")).len(), 2);
        assert_eq!(created(&file("s3-object-removed")), [""; 0]);
        assert_eq!(created(&file("sns-wrapped")).len(), 1);
        assert!(created(&file("eventbridge"))[0].contains("m@example.com LLC/"));
        assert_eq!(parse(&file("s3-test-event")), Ok(Notification::Test));
    }

    #[test]
    fn one_topic_may_send_to_another_but_not_for_ever() {
        let wrap = |body: &str| serde_json::json!({"Type": "Notification", "Message": body}).to_string();
        let twice = wrap(&wrap(SIMPLE));
        assert_eq!(created(&twice), created(SIMPLE));
        assert_eq!(parse(&wrap(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#)), Ok(Notification::Test));
        assert!(parse(&wrap(&twice)).unwrap_err().to_string().contains("wrapped too many times"));
    }

    const SIMPLE: &str = r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}"#;

    #[test]
    fn the_version_is_kept() {
        let s3 = r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k","versionId":"v1"}}}]}"#;
        let bridge = r#"{"detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"k","version-id":"v1"}}}"#;
        let expected = ObjectRef::new("b", "k").at_version(Some("v1".to_owned()));
        for body in [s3, bridge] {
            assert_eq!(parse(body), Ok(Notification::Created(vec![expected.clone()])));
        }
        assert_eq!(expected.id(), "b/k");
    }

    #[test]
    fn a_key_of_event_bridge_is_not_decoded() {
        let bridge = r#"{"detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"eb +%41.json"}}}"#;
        let wrapped = serde_json::json!({"Type": "Notification", "Message": bridge}).to_string();
        for body in [bridge, &wrapped] {
            assert_eq!(created(body), ["b/eb +%41.json"]);
        }
        assert_eq!(created(&SIMPLE.replace("\"k\"", r#""eb+%2B%2541.json""#)), ["b/eb +%41.json"]);
    }

    #[test]
    fn any_creation_is_one_and_no_version_is_none() {
        for name in ["s3:ObjectCreated:Post", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload"] {
            assert_eq!(created(&SIMPLE.replace("ObjectCreated:Put", name)), ["b/k"], "{name}");
        }
        for (version, kept) in [("null", None), (r#""""#, None), (r#""null""#, Some("null"))] {
            let body = SIMPLE.replace(r#""key":"k""#, &format!(r#""key":"k","versionId":{version}"#));
            let expected = ObjectRef::new("b", "k").at_version(kept.map(str::to_owned));
            assert_eq!(expected.version.as_deref(), kept);
            assert_eq!(parse(&body), Ok(Notification::Created(vec![expected])), "{version}");
        }
        assert_eq!(created(r#"{"Records":[]}"#), [""; 0]);
    }

    #[test]
    fn one_strange_record_costs_its_neighbours_nothing() {
        let good = |key: &str| {
            format!(
                r#"{{"eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"b"}},"object":{{"key":"{key}"}}}}}}"#
            )
        };
        let removed = r#"{"eventName":"ObjectRemoved:Delete"}"#;
        let body = format!(r#"{{"Records":[{},{removed},{}]}}"#, good("k1"), good("k2"));
        assert_eq!(created(&body), ["b/k1", "b/k2"]);
        for strange in [
            r#"{"eventName":"ObjectCreated:Put"}"#,
            r#"{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"secret"}}}"#,
            r#"{"secret":1}"#,
            "17",
            &good("%ff"),
        ] {
            let body = format!(r#"{{"Records":[{},{strange},{}]}}"#, good("k1"), good("k2"));
            match parse(&body) {
                Ok(Notification::CreatedAmongOthers { created, unreadable }) => {
                    assert_eq!(created.iter().map(ObjectRef::id).collect::<Vec<_>>(), ["b/k1", "b/k2"]);
                    assert!(
                        unreadable.what.starts_with("record 1 has ") && !unreadable.what.contains("secret")
                    );
                }
                other => panic!("{strange}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_creation_without_a_readable_object_is_not_dropped() {
        for detail in [
            "",
            r#","detail":null"#,
            r#","detail":{}"#,
            r#","detail":{"bucket":{"name":"b"}}"#,
            r#","detail":7"#,
        ] {
            assert!(parse(&format!(r#"{{"detail-type":"Object Created"{detail}}}"#)).is_err(), "{detail}");
        }
        assert_eq!(created(r#"{"detail-type":"Object Deleted","detail":{"state":"x"}}"#), [""; 0]);
    }

    #[test]
    fn anything_else_is_named_without_its_content() {
        for body in [
            "",
            "hello secret",
            "[]",
            "17",
            "{}",
            r#"{"Records":[{"secret":1}]}"#,
            r#"{"Records":"x"}"#,
            // `{"Records":[]}` in base64, behind a byte order mark, and not encoded where SNS would have done so.
            "eyJSZWNvcmRzIjpbXX0=",
            "\u{feff}{\"Records\":[]}",
            r#"{"Type":"Notification","Message":{"Records":[],"secret":1}}"#,
        ] {
            let error = parse(body).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_we_raise_is_read_back(key in "[ -~äß漢]{1,40}") {
            let object = ObjectRef::new("b", key);
            let body = object_created(&object, 1, "2026-11-22T13:04:05.678Z");
            prop_assert_eq!(parse(&body), Ok(Notification::Created(vec![object.clone()])));
            let object = object.at_version(Some("v1".to_owned()));
            let release = release(&object, 1, "2026-11-22T13:04:05.678Z");
            prop_assert!(is_release(&release) && !is_release(&body));
            prop_assert_eq!(parse(&release), Ok(Notification::Created(vec![object])));
        }

        #[test]
        fn reading_never_panics(body in ".*") {
            drop(parse(&body));
        }
    }
}
