//! Entries of earlier versions, brought to the present form. The version that a collection is in is noted beside it.

use std::collections::BTreeMap;

use bson::doc;
use domain::{PixelCode, PixelRef, Platform};
use ports::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::schema::CONVERSIONS;
use crate::connection::{Connection, Query};

/// Which version the entries are in.
const VERSIONS: &str = "efflux_schema";

/// Since version 2 a pixel is stored with its platform. Version 1 was not noted.
const VERSION: i32 = 2;

/// Entries that one step looks at.
const STEP: usize = 1_000;

#[derive(Deserialize)]
struct Noted {
    version: i32,
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
    if version(connection, OPERATION).await? >= VERSION {
        return Ok(());
    }
    name_platforms(connection, OPERATION).await?;
    let note = doc! {
        "q": { "_id": CONVERSIONS }, "u": { "$set": { "version": VERSION } }, "upsert": true, "multi": false,
    };
    connection.update(OPERATION, VERSIONS, vec![note]).await.map(drop)
}

/// Refuses entries of an earlier version, which lack what this one looks for.
pub(super) async fn check(connection: &Connection) -> Result<()> {
    const OPERATION: &str = "ledger.check";
    if version(connection, OPERATION).await? >= VERSION {
        return Ok(());
    }
    let detail = format!("{CONVERSIONS} is in the form of an earlier version: run `efflux migrate`");
    Err(Error::new(ErrorKind::Missing, OPERATION).detail(detail))
}

async fn version(connection: &Connection, operation: &'static str) -> Result<i32> {
    let query = Query { filter: doc! { "_id": CONVERSIONS }, ..Query::default() };
    let noted: Vec<Noted> = connection.find(operation, VERSIONS, query).await?;
    Ok(noted.first().map_or(1, |noted| noted.version))
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
