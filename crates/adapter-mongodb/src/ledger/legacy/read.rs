//! The legacy system's documents: the feed's row as it was, with `reported`, `valid`, `invalid_reason` and `createdAt` beside it. Types are
//! whatever the feed's JSON had.

use bson::{Bson, Document, doc};
use domain::restate::Figures;
use domain::time::{click_time_from_float, click_time_from_number, click_time_from_text};
use domain::{ConversionKey, Money, Outcome, PixelCode, PixelRef, Platform, UnixMillis};

use crate::ledger::document::{changed, date, observe};

/// What the legacy system added to the row.
const ADDED: [&str; 6] = ["_id", "__v", "reported", "valid", "invalid_reason", "createdAt"];

/// Valid, and never reported: the next row of the conversion takes its place.
const UNREPORTED: &str = "unreported";

/// The key that this ledger gives the document's conversion.
pub(super) fn key(document: &Document) -> ConversionKey {
    match text(document, "session_id") {
        Some(session) => ConversionKey::new(&session, text(document, "keyword_clicked").as_deref()),
        // No identity: each such document is its own.
        None => ConversionKey::of_malformed(name(document).as_bytes()),
    }
}

/// Whether the legacy system had reported it.
pub(super) fn is_reported(document: &Document) -> bool {
    flag(document, "reported") == Some(true)
}

/// The document as an entry of this ledger, all of its own fields with it.
pub(super) fn entry(document: &Document, now: UnixMillis) -> Document {
    let figures = figures(document);
    let observed = figures.unwrap_or_default();
    let reported = is_reported(document);
    let (state, reason) = state(document);
    let sent = if reported { observed } else { Figures::default() };
    let mut entry = document.clone();
    entry.extend(doc! {
        "_id": key(document).to_string(),
        "session_id": text(document, "session_id"),
        "keyword_clicked": text(document, "keyword_clicked"),
        "click_timestamp": seconds(document),
        "reported": i32::from(reported),
        "valid": state != Outcome::Invalid,
        "createdAt": document.get_datetime("createdAt").copied().unwrap_or_else(|_| date(now)),
        "state": state.as_str(),
        "reason": reason.as_str(),
        "reasons": if state == Outcome::Invalid { reason.as_str() } else { "" },
        "object": "original",
        "row": 0_i64,
        "original_id": document.get("_id"),
        "raw": row(document),
        "pixel": pixel(document).map(String::from),
        "network": text(document, "network").unwrap_or_default(),
        "deadline": Bson::Null,
        "owner": Bson::Null,
        "due_at": Bson::Null,
        "reported_count": sent.count,
        "reported_revenue": sent.revenue.to_string(),
        "figures_unknown": figures.is_none(),
        "accepted": "",
        "events": 0_i64,
        "attempt": 0,
        "failures": 0,
        "attempts": [],
        "version": 1_i64,
    });
    entry.extend(observe(observed, None));
    entry.extend(changed(now));
    entry
}

fn pixel(document: &Document) -> Option<PixelRef> {
    let code = PixelCode::new(text(document, "pixel_id")?).ok()?;
    Some(PixelRef::new(Platform::from_feed(text(document, "traffic_source").as_deref())?, code))
}

fn state(document: &Document) -> (Outcome, String) {
    if is_reported(document) {
        return (Outcome::Reported, String::new());
    }
    let words = text(document, "invalid_reason");
    if flag(document, "valid") != Some(false) && words.is_none() {
        return (Outcome::NoEvents, UNREPORTED.to_owned());
    }
    let reason = match words.as_deref() {
        Some("Invalid pixel") => "invalid_pixel",
        Some("Conversion older than 7 days") => "older_than_7_days",
        Some("Missing traffic source click id") => "missing_click_id",
        Some(other) => other,
        None => "malformed",
    };
    (Outcome::Invalid, reason.to_owned())
}

/// Count and revenue; none when either cannot be read, because then it is unknown what a later statement adds.
fn figures(document: &Document) -> Option<Figures> {
    let count = text(document, "conversions")?.parse::<Money>().ok()?;
    let revenue = text(document, "revenue")?.parse().ok()?;
    Some(Figures { count: count.micros() / 1_000_000, revenue })
}

fn seconds(document: &Document) -> Option<i64> {
    let time = match document.get("click_timestamp")? {
        Bson::Int32(number) => click_time_from_number(i64::from(*number)),
        Bson::Int64(number) => click_time_from_number(*number),
        Bson::Double(number) => click_time_from_float(*number),
        Bson::String(text) => click_time_from_text(text),
        _ => None,
    };
    time.map(|time| time.0)
}

/// The row as JSON, without what the legacy system added.
fn row(document: &Document) -> String {
    let mut row = document.clone();
    for field in ADDED {
        row.remove(field);
    }
    // Texts, numbers, lists and the like; a row of a feed has nothing that JSON has not.
    serde_json::to_string(&row).unwrap_or_else(|_| "{}".to_owned())
}

fn name(document: &Document) -> String {
    document.get("_id").map(ToString::to_string).unwrap_or_default()
}

/// A field's text; a number's too. Empty text counts as missing, as everywhere.
fn text(document: &Document, field: &str) -> Option<String> {
    let text = match document.get(field)? {
        Bson::String(text) => text.trim().to_owned(),
        Bson::Int32(number) => number.to_string(),
        Bson::Int64(number) => number.to_string(),
        Bson::Double(number) => number.to_string(),
        Bson::Decimal128(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn flag(document: &Document, field: &str) -> Option<bool> {
    match document.get(field)? {
        Bson::Boolean(flag) => Some(*flag),
        _ => Some(text(document, field)? == "1"),
    }
}

#[cfg(test)]
mod tests {
    use bson::DateTime;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_764_000_000_000);

    fn legacy(more: Document) -> Document {
        let mut document = doc! {
            "_id": bson::oid::ObjectId::new(), "session_id": "s-1", "keyword_clicked": "red shoes",
            "click_timestamp": 1_763_800_000, "pixel_id": "111", "network": "tonic", "conversions": 2, "revenue": 0.75,
            "reported": 1, "valid": true, "createdAt": DateTime::from_millis(1_763_800_100_000),
        };
        document.extend(more);
        document
    }

    #[test]
    fn a_reported_row_is_an_entry_that_was_reported_in_full() {
        let entry = entry(&legacy(doc! {}), NOW);
        let key = ConversionKey::new("s-1", Some("red shoes")).to_string();
        assert_eq!(entry.get_str("_id").unwrap(), key.as_str());
        assert_eq!(entry.get_str("state").unwrap(), "reported");
        assert_eq!(
            (entry.get_i64("reported_count").unwrap(), entry.get_str("reported_revenue").unwrap()),
            (2, "0.75")
        );
        assert_eq!(entry.get_datetime("createdAt").unwrap().timestamp_millis(), 1_763_800_100_000);
        let raw: serde_json::Value = serde_json::from_str(entry.get_str("raw").unwrap()).unwrap();
        assert_eq!((&raw["session_id"], &raw["conversions"]), (&"s-1".into(), &2.into()));
        assert!(raw.get("reported").is_none() && raw.get("_id").is_none(), "{raw}");
    }

    #[test]
    fn times_are_numbers_or_texts_in_seconds_or_milliseconds() {
        let times: [Bson; 5] = [
            1_763_800_000.into(),
            1_763_800_000.0.into(),
            "1763800000".into(),
            1_763_800_000_123_i64.into(),
            "1763800000123".into(),
        ];
        for time in times {
            assert_eq!(seconds(&doc! { "click_timestamp": time.clone() }), Some(1_763_800_000), "{time}");
        }
        assert_eq!(seconds(&doc! { "click_timestamp": "yesterday" }), None);
    }

    #[test]
    fn what_was_not_reported_may_be_taken_over() {
        for (more, outcome, reason) in [
            (doc! { "reported": 0 }, "no_events", UNREPORTED),
            (
                doc! { "reported": 0, "valid": false, "invalid_reason": "Invalid pixel" },
                "invalid",
                "invalid_pixel",
            ),
            (doc! { "reported": false, "valid": 0, "invalid_reason": "odd" }, "invalid", "odd"),
        ] {
            let entry = entry(&legacy(more), NOW);
            assert_eq!(
                (entry.get_str("state").unwrap(), entry.get_str("reason").unwrap()),
                (outcome, reason)
            );
            assert_eq!(entry.get_i64("reported_count").unwrap(), 0);
        }
    }

    #[test]
    fn unknown_figures_are_known_to_be_unknown() {
        for more in [doc! { "conversions": Bson::Null }, doc! { "revenue": "a lot" }] {
            assert!(entry(&legacy(more), NOW).get_bool("figures_unknown").unwrap());
        }
        assert!(!entry(&legacy(doc! {}), NOW).get_bool("figures_unknown").unwrap());
    }

    #[test]
    fn identity_is_strict() {
        let numbers = legacy(doc! { "session_id": 42_i64, "keyword_clicked": "" });
        assert_eq!(key(&numbers), ConversionKey::new("42", None));
        let (one, other) = (legacy(doc! { "session_id": "" }), legacy(doc! { "session_id": "" }));
        assert_ne!(key(&one), key(&other));
    }
}
