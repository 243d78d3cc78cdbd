//! What an earlier version left in its backends, and what a later one must make of it.
//!
//! The fixtures lie in the workspace's folder `fixtures`; its README says how they were written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use domain::restate::Figures;
use domain::{ConversionKey, Outcome, PixelRef, UnixMillis};
use ports::Ledger;
use ports::ledger::{Claim, Due, DueLimits, Holder, Record, Restatements, RowClaim, RowVerdict, Source};
use ports::pixels::Pixel;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// When the rows began to come in, by the clock of the programs that wrote them.
pub const START: UnixMillis = UnixMillis(1_768_478_400_000);

/// A moment at which every lease has run out and everything that waits is due.
pub const AFTERWARDS: UnixMillis = UnixMillis(START.0 + 7_200_000);

/// The backends that a set of fixtures is of, and the number of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A data directory.
    Embedded(u32),
    /// MongoDB, ClickHouse and PostgreSQL.
    Production(u32),
}

/// Each set of a data directory.
pub const EMBEDDED: [Kind; 5] =
    [Kind::Embedded(1), Kind::Embedded(2), Kind::Embedded(3), Kind::Embedded(4), Kind::Embedded(5)];

/// A file or folder of the fixtures.
#[must_use]
pub fn path(kind: Kind, name: &str) -> PathBuf {
    let (folder, number) = match kind {
        Kind::Embedded(number) => ("embedded", number),
        Kind::Production(number) => ("production", number),
    };
    set(number).join(folder).join(name)
}

/// An interpreted file that the earlier versions have taken in.
#[must_use]
pub fn interpreted_file(name: &str) -> PathBuf {
    set(1).join("files").join(name)
}

fn set(number: u32) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures")).join(format!("version-{number}"))
}

/// The text of a file of the fixtures.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn text(kind: Kind, name: &str) -> String {
    let path = path(kind, name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A JSON value for each line of a file of the fixtures.
///
/// # Panics
/// If it is not there or not JSON.
#[must_use]
pub fn lines(kind: Kind, name: &str) -> Vec<Value> {
    text(kind, name).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Each conversion that the earlier version's ledger had, in its own words.
#[must_use]
pub fn conversions(kind: Kind) -> Vec<Value> {
    lines(kind, "conversions.jsonl")
}

/// What the earlier version's `efflux status --json` said.
///
/// # Panics
/// If it is not there or not JSON.
#[must_use]
pub fn status(kind: Kind) -> Value {
    serde_json::from_str(&text(kind, "status.json")).expect("JSON")
}

/// A pixel as this version writes it, of one as the earlier version did.
#[must_use]
pub fn pixel_now(earlier: &str) -> String {
    PixelRef::of_legacy_or_any(earlier).expect("a pixel").to_string()
}

/// That a ledger, opened on what the earlier version left, knows all of it and goes on with it.
///
/// # Panics
/// When it does not.
pub async fn ledger_suite(ledger: &dyn Ledger, kind: Kind) {
    states_are_counted(ledger, kind).await;
    conversions_are_found(ledger, kind).await;
    receipts_are_the_same(ledger, kind).await;
    rows_of_another_file_are_duplicates(ledger, kind).await;
    what_waits_is_handed_out(ledger, kind).await;
}

async fn states_are_counted(ledger: &dyn Ledger, kind: Kind) {
    let stats = ledger.stats().await.expect("stats");
    let counted = stats.states.iter().filter(|count| count.entries > 0);
    let counted: BTreeMap<_, _> = counted.map(|count| (count.outcome.to_string(), count.entries)).collect();
    assert_eq!(json!(counted), status(kind)["ledger"]);
}

async fn conversions_are_found(ledger: &dyn Ledger, kind: Kind) {
    for earlier in conversions(kind) {
        let (session, keyword) = identity(&earlier);
        let found = ledger.find(&session, keyword.as_deref()).await.expect("an answer");
        assert_eq!(found.len(), 1, "{earlier}");
        assert_eq!(found[0].key, ConversionKey::new(&session, keyword.as_deref()), "{earlier}");
        let attempts = ledger.attempts(&found[0].key).await.expect("attempts");
        let attempts: Vec<_> = attempts.iter().map(|a| format!("{} {}", a.outcome, a.reason)).collect();
        let pixel = earlier["pixel"].as_str().map(pixel_now);
        let expected = Value::Object(
            earlier
                .as_object()
                .cloned()
                .into_iter()
                .flatten()
                .chain([("pixel".to_owned(), json!(pixel))])
                .collect(),
        );
        assert_eq!(described(&found[0], &attempts), expected);
    }
}

/// An entry in the words of the fixtures.
fn described(record: &Record, attempts: &[String]) -> Value {
    let figures = |figures: &Figures| json!([figures.count, figures.revenue.to_string()]);
    json!({
        "session": record.session_id,
        "keyword": record.keyword_clicked,
        "outcome": record.outcome.as_str(),
        "reason": record.reason,
        "reasons": record.reasons,
        "pixel": record.pixel.as_ref().map(ToString::to_string),
        "network": record.network,
        "events": record.events,
        "observed": figures(&record.observed),
        "reported": figures(&record.reported),
        "object": record.source.object,
        "row": record.source.row,
        "attempts": attempts,
    })
}

fn identity(conversion: &Value) -> (String, Option<String>) {
    let text = |name: &str| conversion[name].as_str().map(str::to_owned);
    (text("session").expect("a session"), text("keyword"))
}

async fn receipts_are_the_same(ledger: &dyn Ledger, kind: Kind) {
    let files = ledger.receipts(100).await.expect("receipts");
    let mut now: Vec<_> =
        files.iter().map(|file| json!({"object": file.object, "receipt": file.receipt})).collect();
    assert!(now.len() >= 5, "{now:?}");
    for file in &files {
        assert!(file.receipt.balances() || file.receipt.refused.is_some(), "{file:?}");
    }
    let mut earlier = status(kind)["files"].as_array().cloned().expect("files");
    for file in &mut earlier {
        // When it came is not a part of the receipt.
        file.as_object_mut().expect("a file").remove("at");
        for pixel in file["receipt"]["pixels"].as_array_mut().expect("pixels") {
            pixel["pixel"] = json!(pixel["pixel"].as_str().map(pixel_now));
        }
    }
    let by_object = |file: &Value| file["object"].to_string();
    now.sort_by_key(by_object);
    earlier.sort_by_key(by_object);
    for (now, earlier) in now.iter_mut().zip(&earlier) {
        // The earliest versions did not say how much money a file states.
        let known = earlier["receipt"].as_object().expect("a receipt");
        now["receipt"].as_object_mut().expect("a receipt").retain(|name, _| known.contains_key(name));
    }
    assert_eq!(now, earlier);
}

async fn rows_of_another_file_are_duplicates(ledger: &dyn Ledger, kind: Kind) {
    // What an invalid row or one without events began, a row that can be sent would rightly take over.
    let open = |c: &Value| c["outcome"] != "invalid" && c["outcome"] != "no_events";
    let rows: Vec<_> =
        (0..).zip(conversions(kind).iter().filter(|c| open(c))).map(|(row, c)| restated(c, row)).collect();
    let claims = ledger.claim(rows, &holder(AFTERWARDS, Restatements::First)).await.expect("claims");
    assert!(!claims.is_empty() && claims.iter().all(|claim| *claim == Claim::Duplicate), "{claims:?}");
}

/// A row of another object that states a conversion again.
fn restated(earlier: &Value, row: u64) -> RowClaim {
    let (session, keyword) = identity(earlier);
    RowClaim {
        key: ConversionKey::new(&session, keyword.as_deref()),
        source: Source { object: "b/another".to_owned(), row },
        raw: "{}".to_owned(),
        session_id: Some(session),
        keyword_clicked: keyword,
        click_time: None,
        pixel: None,
        network: String::new(),
        observed: Some(Figures {
            count: earlier["observed"][0].as_i64().expect("a count"),
            revenue: earlier["observed"][1].as_str().expect("money").parse().expect("money"),
        }),
        verdict: RowVerdict::Sendable { deadline: UnixMillis(AFTERWARDS.0 + 1) },
    }
}

async fn what_waits_is_handed_out(ledger: &dyn Ledger, kind: Kind) {
    let due = ledger
        .claim_due(&DueLimits::of(100), &holder(AFTERWARDS, Restatements::Increments))
        .await
        .expect("due work");
    let mut expected: Vec<_> = conversions(kind).iter().filter(|c| waits(c)).map(waiting).collect();
    let mut handed_out: Vec<_> = due.iter().map(described_due).collect();
    expected.sort_unstable();
    handed_out.sort_unstable();
    assert_eq!(handed_out, expected);
    for due in &due {
        let (session, _) = described_due(due);
        let earlier = conversions(kind).into_iter().find(|c| c["session"] == session.as_str());
        let marked = due.maybe_received.is_some_and(|mark| mark.since <= AFTERWARDS);
        assert_eq!(marked, may_have_been_sent(&earlier.expect("a conversion")), "{session}");
    }
    let again = ledger
        .claim_due(&DueLimits::of(100), &holder(AFTERWARDS, Restatements::Increments))
        .await
        .expect("due work");
    assert_eq!(again, [], "each is handed out once");
}

/// What is due sooner or later without the operator.
fn waits(conversion: &Value) -> bool {
    let is = |outcome: Outcome| conversion["outcome"] == outcome.as_str();
    is(Outcome::Retry)
        || is(Outcome::InFlight)
        || is(Outcome::Parked) && conversion["reason"] != "unknown_outcome"
}

/// The earlier version wrote no marks: what was in flight may have been sent, and so may what had an unknown outcome.
fn may_have_been_sent(conversion: &Value) -> bool {
    let attempts = conversion["attempts"].as_array().expect("a list");
    let unknown = |attempt: &Value| attempt.as_str().is_some_and(|text| text.ends_with(" unknown_outcome"));
    conversion["outcome"] == Outcome::InFlight.as_str() || attempts.iter().any(unknown)
}

fn waiting(conversion: &Value) -> (String, String) {
    let text = |name: &str| conversion[name].as_str().expect("text");
    (text("session").to_owned(), pixel_now(text("pixel")))
}

fn described_due(due: &Due) -> (String, String) {
    let row: Value = serde_json::from_str(&due.raw).expect("a row");
    (row["session_id"].as_str().expect("a session").to_owned(), due.pixel.to_string())
}

fn holder(now: UnixMillis, restatements: Restatements) -> Holder {
    let (until, max_per_click) = (UnixMillis(now.0 + 120_000), domain::Money::from_units(1_000));
    Holder { owner: "a later version".to_owned(), now, until, restatements, max_per_click }
}

/// Session, outcome, reason, pixel and events of each conversion, as analytics showed it to people.
#[must_use]
pub fn analytics_rows(kind: Kind) -> BTreeSet<String> {
    conversions(kind).iter().map(analytics_row).collect()
}

fn analytics_row(conversion: &Value) -> String {
    let text = |name: &str| conversion[name].as_str().unwrap_or_default().to_owned();
    let [session, outcome, reason] = ["session", "outcome", "reason"].map(text);
    let pixel = conversion["pixel"].as_str().map_or(String::new(), pixel_now);
    format!("{session} {outcome} {reason} {pixel} {}", conversion["events"])
}

/// The pixels of the fixtures, one a line.
pub const PIXELS: [&str; 8] = [
    "meta:111000000000001 (pixel 1): invented-token-1 invented-token-2",
    "meta:111000000000002 (pixel 2): invented-token-1 invented-token-2",
    "meta:111000000000003 (): ",
    "meta:111000000000004 (pixel 4): invented-token-1 invented-token-2",
    "meta:111000000000005 (pixel 5): invented-token-1 invented-token-2",
    "meta:111000000000006 (pixel 6): invented-token-1 invented-token-2",
    "meta:111000000000007 (pixel 7): invented-token-1 invented-token-2",
    "tiktok:CTIKTOKPIXEL000000001 (): invented-token-1 invented-token-2",
];

/// Pixels as [`PIXELS`] has them.
#[must_use]
pub fn pixels(snapshot: &[Pixel]) -> Vec<String> {
    let line = |pixel: &Pixel| {
        let tokens: Vec<_> = pixel.credentials.iter().map(|c| c.token.expose_secret()).collect();
        let name = pixel.name.as_deref().unwrap_or_default();
        format!("{} ({name}): {}", pixel.pixel, tokens.join(" "))
    };
    let mut lines: Vec<_> = snapshot.iter().map(line).collect();
    lines.sort_unstable();
    lines
}
