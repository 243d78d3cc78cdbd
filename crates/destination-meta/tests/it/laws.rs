//! Laws that no input may break, whatever it is. The fuzz targets try them on what they invent, the tests on the seeds.

use std::collections::HashSet;
use std::io::Read;

use bytes::Bytes;
use destination_meta::destination::answered;
use destination_meta::destination::{MetaConfig, PLATFORM};
use destination_meta::errors::{AnswerVerdict, ReadAnswer};
use destination_meta::fields;
use destination_meta::map::{DataProcessing, EventNames, MapConfig, prepare, user_fields};
use destination_meta::usage::UsageHeaders;
use domain::placeholder::names_nothing;
use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use domain::{Money, Row, UnixMillis};
use http::{HeaderMap, HeaderName, HeaderValue};
use outbound_http::Reply;
use ports::destination::EventOutcome;
use ports::notification::{self, Notification};
use row_files::{RowLimits, Rows, decompressed, likeness};
use user_data::{Field, Hints, Normal, normalise};

/// The present of the seeds: 22 November 2025.
const NOW: UnixMillis = UnixMillis(1_763_800_000_000);
/// Longer files and larger counts are other tests' business.
const LONGEST_FILE: u64 = 1 << 20;
const MOST_EVENTS: u32 = 200;

/// A file, and its text as one row: whatever is sent is JSON, adds up, and carries no hash of nothing.
pub(crate) fn rows(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        row(text);
    }
    let open = || decompressed(data, LONGEST_FILE);
    let Ok(reader) = open() else { return };
    let counted = row_files::check(reader, RowLimits::new(1_024, 1_000));
    let read = open().ok().and_then(|reader| read_rows(reader).ok());
    if let Ok(counted) = counted {
        assert_eq!(read, Some(counted), "a checked file is read to its end");
    }
}

fn read_rows(reader: impl Read) -> Result<u64, row_files::FileError> {
    let mut rows = Rows::new(reader, RowLimits::new(1_024, 1_000))?;
    let mut count = 0;
    while let Some(text) = rows.next_row()? {
        assert_eq!(text.number, count);
        let json = serde_json::from_str::<&serde_json::value::RawValue>(text.text);
        assert!(json.is_ok(), "whatever stands in the file, a row is JSON");
        row(text.text);
        count += 1;
    }
    Ok(count)
}

fn row(text: &str) {
    let row = Row::parse(text);
    assert_eq!(row.key, Row::parse(text).key);
    if let Some(conversion) = &row.conversion {
        assert!(!names_nothing(&conversion.session_id), "a session names a visit");
        assert!(row.possible_keys.is_empty() || row.possible_keys.contains(&row.key));
    }
    drop(likeness(text.as_bytes()));
    let map = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_event_source_url: None,
        data_processing: DataProcessing::Unlimited,
    };
    let meta = MetaConfig::new("v25.0", map);
    let platforms = OnePlatform(PLATFORM, &meta);
    let rules = Rules { now: NOW, pixels: &AnyPixel, platforms: &platforms, object_network: Some("tonic") };
    let Ok(valid) = check(&row, rules) else { return };
    if valid.counts().total() > MOST_EVENTS {
        return;
    }
    let fields = user_fields(&valid);
    let Ok(events) = prepare(&meta.map, &row.key, &valid) else { return };
    assert_eq!(events.len(), valid.counts().total() as usize);
    let ids: HashSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), events.len(), "ids are distinct");
    let value: Money = events.iter().filter_map(|event| event.value).sum();
    assert!(valid.counts().purchases == 0 || value == valid.revenue(), "values add up to the revenue");
    for event in &events {
        let json: serde_json::Value = serde_json::from_slice(&event.payload).expect("a payload is JSON");
        let user = json["user_data"].as_object().expect("with user data");
        assert!(user.contains_key("client_user_agent"), "required of websites");
        let values: Vec<(&str, &str)> = user
            .iter()
            .flat_map(|(name, value)| texts(value).map(move |text| (name.as_str(), text)))
            .collect();
        assert!(values.iter().all(|(_, text)| !text.is_empty()));
        // What is not hashed, such as the agent, may look as it likes.
        let mut hashed = values.iter().filter(|(name, _)| fields::field(name).is_some());
        assert!(hashed.all(|(_, text)| !text.starts_with(OF_NOTHING)));
        let sent = fields.iter().filter_map(|field| Some((field.name, &*field.after.as_ref().ok()?.value)));
        let sent: HashSet<_> = sent.collect();
        assert_eq!(sent, values.into_iter().collect(), "the preview shows what is sent");
        let page = json["event_source_url"].as_str().expect("required of websites");
        assert!(!page.contains('#') && !page.contains('@'), "{page}");
    }
}

/// A text, or the texts of a list.
fn texts(value: &serde_json::Value) -> impl Iterator<Item = &str> {
    let one = std::slice::from_ref(value);
    let all = value.as_array().map_or(one, Vec::as_slice);
    all.iter().map(|text| text.as_str().expect("user data is texts"))
}

const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A message: wrapping it once more changes nothing, and what is wrong with it is said without repeating it.
pub(crate) fn notifications(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let wrapped = serde_json::json!({"Type": "Notification", "Message": text}).to_string();
    match (notification::parse(text), notification::parse(&wrapped)) {
        (Ok(plain), Ok(wrapped)) => assert_eq!(plain, wrapped),
        (Ok(Notification::Created(objects)), Err(_)) => drop(objects),
        (Ok(Notification::CreatedAmongOthers { created, unreadable }), Err(_)) => {
            assert!(!created.is_empty() && unreadable.what.len() < 200);
        }
        (Err(error), _) => assert!(error.what.len() < 200, "{error}"),
        (Ok(Notification::Test), Err(_)) => {}
    }
}

/// `STATUS`, header lines, a blank line and a body: every event has an outcome, and waits have an end.
pub(crate) fn answers(data: &[u8]) {
    let Some((status, rest)) = split(data, b"\n") else { return };
    let status = str::from_utf8(status).ok().and_then(|s| s.parse().ok()).unwrap_or(200);
    let (head, body) = split(rest, b"\n\n").unwrap_or((b"", rest));
    let headers = headers(head);
    let usage = UsageHeaders::parse(&headers);
    assert!(usage.regain_after().is_none_or(|wait| wait.as_secs() <= 3600));
    let reply = Reply { status, headers, body: Bytes::copy_from_slice(body) };
    let answer = ReadAnswer::read(&reply);
    assert_eq!(answer.success.is_some(), answer.verdict == AnswerVerdict::Accepted);
    for sent in [1, 3, 1000] {
        let report = answered(&reply, sent);
        assert_eq!(report.outcomes.len(), sent);
        let rejected = report.outcomes.iter().filter(|o| **o == EventOutcome::Rejected).count();
        let not_processed = report.outcomes.iter().filter(|o| **o == EventOutcome::NotProcessed).count();
        assert!(rejected == 0 && not_processed == 0 || rejected == 1 && not_processed == sent - 1);
    }
}

fn split<'d>(data: &'d [u8], at: &[u8]) -> Option<(&'d [u8], &'d [u8])> {
    let place = data.windows(at.len()).position(|window| window == at)?;
    Some((&data[..place], &data[place + at.len()..]))
}

fn headers(text: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in text.split(|byte| *byte == b'\n').take(20) {
        if let Some((name, value)) = split(line, b": ")
            && let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.insert(name, value);
        }
    }
    headers
}

/// A byte for the field, one for the country, and a value: normalising it twice is normalising it once.
pub(crate) fn values(data: &[u8]) {
    const COUNTRIES: [Option<&str>; 8] =
        [None, Some("US"), Some("GB"), Some("IT"), Some("DE"), Some("JP"), Some("CA"), Some("nowhere")];
    let [field, country, value @ ..] = data else { return };
    let Ok(value) = str::from_utf8(value) else { return };
    let field = Field::ALL[usize::from(*field) % Field::ALL.len()];
    let hints = Hints { country: COUNTRIES[usize::from(*country) % COUNTRIES.len()], year: Some(2025) };
    let normal = normalise(field, value, hints);
    let Some(once) = text(&normal) else { return };
    // A longer value may begin like the hash of nothing: it is hashed as a whole.
    let of_nothing = match &normal {
        Normal::AlreadyHashed(hash) => hash.starts_with(OF_NOTHING),
        _ => once == OF_NOTHING,
    };
    assert!(!once.is_empty() && !of_nothing);
    // With a country, a telephone number without its `+` no longer says that it is international.
    let marked = field == Field::Phone && hints.country.is_some() && once.len() < 32;
    let again = if marked { format!("+{once}") } else { once.clone() };
    assert_eq!(text(&normalise(field, &again, hints)), Some(once));
}

fn text(normal: &Normal<'_>) -> Option<String> {
    match normal {
        Normal::Value(text) | Normal::AlreadyHashed(text) => Some(text.to_string()),
        Normal::Omitted(_) => None,
    }
}
