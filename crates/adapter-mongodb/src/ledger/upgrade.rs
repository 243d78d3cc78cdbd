//! Entries of earlier versions, brought to the present form. The version that a collection is in is noted beside it, and the
//! oldest version whose programs may work on it.

use std::collections::BTreeMap;

use bson::{DateTime, Document, doc};
use domain::{ConversionKey, PixelCode, PixelRef, Platform};
use ports::ledger::WaitReason;
use ports::{Error, ErrorKind, Result, Retry};
use serde::Deserialize;

use super::schema::CONVERSIONS;
use super::stored::StoredAttempt;
use crate::connection::{Connection, Query};

/// Which version the entries are in.
const VERSIONS: &str = "efflux_schema";

/// Since version 2 a pixel is stored with its platform. Since version 3 a mark precedes each request; programs of version 2 do
/// not refuse such entries, and write no marks. Version 1 was not noted.
const VERSION: i32 = 3;

/// The oldest version whose programs may work on what this one writes. Those of version 2 do not look.
const OLDEST: i32 = 3;

/// Entries that one step looks at.
const STEP: usize = 1_000;

#[derive(Deserialize)]
struct Noted {
    version: i32,
    #[serde(default)]
    oldest: Option<i32>,
}

impl Noted {
    /// A version that says nothing else can be used by its own programs and later ones.
    fn oldest(&self) -> i32 {
        self.oldest.unwrap_or(self.version)
    }
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "_id")]
    key: String,
    #[serde(default)]
    pixel: Option<String>,
}

/// Brings all entries to this version. What was done stays done; after an interruption call it again.
pub(super) async fn run(connection: &Connection) -> Result<()> {
    const OPERATION: &str = "ledger.migrate";
    let found = noted(connection, OPERATION).await?;
    is_for_us(&found, OPERATION)?;
    if found.version >= VERSION {
        return Ok(());
    }
    // Before anything changes, so that earlier programs which still run soon stop.
    note(connection, OPERATION, doc! { "version": found.version, "oldest": OLDEST }).await?;
    if found.version < 2 {
        name_platforms(connection, OPERATION).await?;
    }
    mark_sent(connection, OPERATION).await?;
    note(connection, OPERATION, doc! { "version": VERSION, "oldest": OLDEST }).await
}

/// How the collection's version and this program's fit together, for people: whether they do, and what was seen.
///
/// # Errors
/// When the server cannot be reached.
pub(super) async fn standing(connection: &Connection, operation: &'static str) -> Result<(bool, String)> {
    let found = noted(connection, operation).await?;
    let fits = found.oldest() <= VERSION && found.version >= VERSION;
    let saw = format!(
        "the ledger has version {}, and lets programs of version {} and later work; this one has {VERSION}",
        found.version,
        found.oldest()
    );
    Ok((fits, saw))
}

/// Refuses entries of an earlier version, which lack what this one looks for, and those of a later one that says so.
///
/// # Errors
/// When it refuses them, or the server cannot be reached.
pub(super) async fn check(connection: &Connection, operation: &'static str) -> Result<()> {
    let found = noted(connection, operation).await?;
    is_for_us(&found, operation)?;
    if found.version >= VERSION {
        return Ok(());
    }
    let detail = format!("{CONVERSIONS} is in the form of an earlier version: run `efflux migrate`");
    Err(Error::new(ErrorKind::Missing, operation).detail(detail))
}

/// Nothing is wrong with what was asked: the work waits for a program that understands the form.
fn is_for_us(found: &Noted, operation: &'static str) -> Result<()> {
    if found.oldest() <= VERSION {
        return Ok(());
    }
    let detail = format!(
        "{CONVERSIONS} is used by a later version of Efflux; stop this process and start that version"
    );
    Err(Error::new(ErrorKind::Invalid, operation).detail(detail).retry_with(Retry::After(None)))
}

async fn noted(connection: &Connection, operation: &'static str) -> Result<Noted> {
    let query = Query { filter: doc! { "_id": CONVERSIONS }, ..Query::default() };
    let noted: Vec<Noted> = connection.find(operation, VERSIONS, query).await?;
    Ok(noted.into_iter().next().unwrap_or(Noted { version: 1, oldest: None }))
}

async fn note(connection: &Connection, operation: &'static str, versions: Document) -> Result<()> {
    let note =
        doc! { "q": { "_id": CONVERSIONS }, "u": { "$set": versions }, "upsert": true, "multi": false };
    connection.update(operation, VERSIONS, vec![note]).await.map(drop)
}

/// An entry that may have been sent by a program that wrote no marks.
#[derive(Deserialize)]
struct MaybeSent {
    #[serde(rename = "_id")]
    key: ConversionKey,
    #[serde(rename = "createdAt")]
    created_at: DateTime,
    #[serde(default)]
    attempts: Vec<StoredAttempt>,
}

impl MaybeSent {
    /// A claim precedes its request, and comes after the attempt before it.
    fn since(&self) -> DateTime {
        let unknown =
            self.attempts.iter().position(|attempt| attempt.reason == WaitReason::UnknownOutcome.as_str());
        let before = &self.attempts[..unknown.unwrap_or(self.attempts.len())];
        before.last().map_or(self.created_at, |attempt| attempt.at)
    }
}

/// Until version 3 no mark preceded a request: marks what is in flight, and what had an unknown outcome.
async fn mark_sent(connection: &Connection, operation: &'static str) -> Result<()> {
    loop {
        let open = doc! { "state": "in_flight" };
        let unknown = doc! {
            "state": { "$in": ["retry", "parked", "rejected", "expired"] },
            "attempts.reason": WaitReason::UnknownOutcome.as_str(),
        };
        let query = Query {
            filter: doc! { "maybe_received": { "$exists": false }, "$or": [open, unknown] },
            fields: Some(doc! { "createdAt": 1, "attempts": 1 }),
            sort: Some(doc! { "_id": 1 }),
            limit: Some(STEP),
            ..Query::default()
        };
        let entries: Vec<MaybeSent> = connection.find(operation, CONVERSIONS, query).await?;
        if entries.is_empty() {
            return Ok(());
        }
        let mark = |entry: &MaybeSent| {
            let since = doc! { "$min": { "maybe_received.since": entry.since() } };
            doc! { "q": { "_id": entry.key.to_string() }, "u": since }
        };
        connection.update(operation, CONVERSIONS, entries.iter().map(mark).collect()).await?;
    }
}

/// Until version 2 there was one platform, and its pixels were stored without it.
async fn name_platforms(connection: &Connection, operation: &'static str) -> Result<()> {
    let mut after = String::new();
    loop {
        let query = Query {
            filter: doc! { "_id": { "$gt": &after } },
            fields: Some(doc! { "pixel": 1 }),
            sort: Some(doc! { "_id": 1 }),
            limit: Some(STEP),
            bytes: None,
        };
        let entries: Vec<Entry> = connection.find(operation, CONVERSIONS, query).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        after.clone_from(&last.key);
        let mut by_pixel: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Entry { key, pixel } in entries {
            if let Some(code) = pixel.filter(|pixel| pixel.parse::<PixelRef>().is_err()) {
                by_pixel.entry(code).or_default().push(key);
            }
        }
        let updates: Vec<_> = by_pixel
            .into_iter()
            .filter_map(|(code, keys)| {
                let pixel = PixelRef::new(Platform::LEGACY, PixelCode::new(code.clone()).ok()?);
                let entries = doc! { "_id": { "$in": keys }, "pixel": code };
                Some(doc! { "q": entries, "u": { "$set": { "pixel": pixel.to_string() } }, "multi": true })
            })
            .collect();
        if !updates.is_empty() {
            connection.update(operation, CONVERSIONS, updates).await?;
        }
    }
}
