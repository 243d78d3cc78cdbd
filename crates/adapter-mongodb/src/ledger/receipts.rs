//! Receipts of objects: how the rows of each ended. Three round trips, however many objects are asked for.

use std::collections::{BTreeMap, HashMap};

use bson::{Bson, DateTime, Document, doc};
use domain::receipt::{OutcomeCount, PixelCount};
use domain::{Money, Outcome, PixelRef, Receipt, UnixMillis};
use ports::Result;
use ports::ledger::{LedgerStats, ObjectEnd, ObjectReceipt, StateCount, WaitReason};
use serde::Deserialize;

use super::document::{date, int};
use super::schema::{CONVERSIONS, OBJECTS};
use super::stored::millis;
use crate::connection::{Connection, Query};

/// What is noted about an object itself.
#[derive(Debug, Deserialize)]
struct Noted {
    #[serde(rename = "_id")]
    object: String,
    rows_in: u64,
    duplicates: u64,
    refused: Option<String>,
    digest: Option<String>,
    at: DateTime,
}

/// See [`ReportLedger::finish_object`](ports::ReportLedger::finish_object).
pub(super) async fn finish(
    connection: &Connection,
    object: &str,
    end: &ObjectEnd,
    now: UnixMillis,
) -> Result<()> {
    let (rows_in, duplicates, refused, digest) = match end {
        ObjectEnd::Read { rows_in, duplicates, digest } => (*rows_in, *duplicates, None, Some(digest)),
        ObjectEnd::Refused { reason } => (0, 0, Some(reason), None),
    };
    let note = doc! {
        "_id": object, "rows_in": int(rows_in), "duplicates": int(duplicates), "refused": refused,
        "digest": digest, "at": date(now),
    };
    let update = doc! { "q": { "_id": object }, "u": note, "upsert": true };
    connection.update("ledger.finish_object", OBJECTS, vec![update]).await.map(drop)
}

/// See [`ReportLedger::receipt`](ports::ReportLedger::receipt).
pub(super) async fn receipt(connection: &Connection, object: &str) -> Result<Option<Receipt>> {
    const OPERATION: &str = "ledger.receipt";
    let query = Query { filter: doc! { "_id": object }, ..Query::default() };
    let noted: Vec<Noted> = connection.find(OPERATION, OBJECTS, query).await?;
    let noted = noted.into_iter().next();
    let counts = counts(connection, OPERATION, &[object.to_owned()]).await?.remove(object);
    Ok((noted.is_some() || counts.is_some()).then(|| counts.unwrap_or_default().receipt(noted.as_ref())))
}

/// See [`LedgerAdmin::receipts`](ports::LedgerAdmin::receipts).
pub(super) async fn receipts(connection: &Connection, limit: usize) -> Result<Vec<ObjectReceipt>> {
    const OPERATION: &str = "ledger.receipts";
    if limit == 0 {
        return Ok(Vec::new());
    }
    let sort = Some(doc! { "at": -1, "_id": -1 });
    let latest: Vec<Noted> =
        connection.find(OPERATION, OBJECTS, Query { sort, limit: Some(limit), ..Query::default() }).await?;
    let objects: Vec<_> = latest.iter().map(|noted| noted.object.clone()).collect();
    let mut counts = counts(connection, OPERATION, &objects).await?;
    let receipt = |noted: Noted| ObjectReceipt {
        object: noted.object.clone(),
        at: millis(noted.at),
        receipt: counts.remove(&noted.object).unwrap_or_default().receipt(Some(&noted)),
    };
    Ok(latest.into_iter().map(receipt).collect())
}

/// Rows that ended alike. Sums of money are made here: the server's would be floats, or need it in another type.
#[derive(Debug, Deserialize)]
struct Alike {
    #[serde(rename = "_id")]
    by: Ending,
    rows: u64,
    #[serde(default)]
    events: i64,
}

/// What of it can be read. The object can: it was asked for.
#[derive(Debug, Deserialize)]
struct Ending {
    object: String,
    #[serde(default)]
    outcome: Bson,
    #[serde(default)]
    reason: Bson,
    #[serde(default)]
    pixel: Bson,
    #[serde(default)]
    revenue: Bson,
    #[serde(default)]
    stated: Bson,
}

impl Ending {
    /// When an entry whose state cannot be read is met by a claim, it is set aside as this.
    fn outcome(&self) -> (Outcome, String) {
        let outcome = self.outcome.as_str().and_then(|outcome| outcome.parse().ok());
        let ending = outcome.zip(self.reason.as_str().map(str::to_owned));
        ending.unwrap_or_else(|| (Outcome::Parked, WaitReason::Damaged.to_string()))
    }

    fn pixel(&self) -> Option<PixelRef> {
        self.pixel.as_str()?.parse().ok()
    }
}

/// A row that was taken over has no money of its own, and what cannot be read is not known.
fn money(stored: &Bson) -> Money {
    stored.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// What the entries say about an object.
#[derive(Debug, Default)]
struct Counts {
    outcomes: BTreeMap<(Outcome, String), u64>,
    pixels: BTreeMap<PixelRef, PixelCount>,
    /// Stated and unreported revenue alone.
    money: Receipt,
}

async fn counts(
    connection: &Connection,
    operation: &'static str,
    objects: &[String],
) -> Result<HashMap<String, Counts>> {
    let mut counts: HashMap<String, Counts> = HashMap::new();
    for stages in [of_entries(objects), of_superseded(objects)] {
        let alike: Vec<Alike> = connection.aggregate(operation, CONVERSIONS, stages).await?;
        for rows in alike {
            counts.entry(rows.by.object.clone()).or_default().add(&rows);
        }
    }
    Ok(counts)
}

fn of_entries(objects: &[String]) -> Vec<Document> {
    let by = doc! {
        "object": "$object", "outcome": "$state", "reason": "$reason", "pixel": "$pixel",
        "revenue": "$reported_revenue", "stated": "$observed_revenue",
    };
    vec![
        doc! { "$match": { "object": { "$in": objects } } },
        doc! { "$group": { "_id": by, "rows": { "$sum": 1 }, "events": { "$sum": "$events" } } },
    ]
}

/// Rows that were taken over keep their own outcome; what was sent is counted with the row that took over.
fn of_superseded(objects: &[String]) -> Vec<Document> {
    let by = doc! {
        "object": "$superseded.object", "outcome": "$superseded.outcome", "reason": "$superseded.reason",
    };
    let named = doc! { "superseded.object": { "$in": objects } };
    vec![
        doc! { "$match": named.clone() },
        doc! { "$unwind": "$superseded" },
        doc! { "$match": named },
        doc! { "$group": { "_id": by, "rows": { "$sum": 1 } } },
    ]
}

impl Counts {
    fn add(&mut self, rows: &Alike) {
        let (outcome, reason) = rows.by.outcome();
        let (stated, revenue) = (money(&rows.by.stated), money(&rows.by.revenue));
        (0..rows.rows).for_each(|_| self.money.add_money(stated, revenue));
        *self.outcomes.entry((outcome, reason)).or_default() += rows.rows;
        let events = u64::try_from(rows.events).unwrap_or_default();
        let Some(code) = rows.by.pixel().filter(|_| events > 0 || outcome == Outcome::Reported) else {
            return;
        };
        let none = PixelCount { pixel: code.clone(), conversions: 0, events: 0, revenue: Money::ZERO };
        let pixel = self.pixels.entry(code).or_insert(none);
        pixel.conversions += if outcome == Outcome::Reported { rows.rows } else { 0 };
        pixel.events += events;
        pixel.revenue = pixel.revenue + (0..rows.rows).map(|_| revenue).sum();
    }

    fn receipt(mut self, noted: Option<&Noted>) -> Receipt {
        let duplicates = noted.map_or(0, |noted| noted.duplicates);
        if duplicates > 0 {
            self.outcomes.insert((Outcome::Duplicate, String::new()), duplicates);
        }
        let count = |((outcome, reason), rows)| OutcomeCount { outcome, reason, rows };
        let (refused, digest, rows_in) = noted
            .map_or((None, None, 0), |noted| (noted.refused.clone(), noted.digest.clone(), noted.rows_in));
        Receipt {
            complete: noted.is_some() && refused.is_none(),
            refused,
            digest,
            rows_in,
            outcomes: self.outcomes.into_iter().map(count).collect(),
            pixels: self.pixels.into_values().collect(),
            ..self.money
        }
    }
}

#[derive(Deserialize)]
struct StateEntries {
    #[serde(rename = "_id")]
    outcome: Outcome,
    entries: u64,
}

#[derive(Deserialize)]
struct Damaged {
    entries: u64,
}

#[derive(Deserialize)]
struct Unexported {
    entries: u64,
    oldest: Option<DateTime>,
}

/// See [`LedgerAdmin::stats`](ports::LedgerAdmin::stats).
pub(super) async fn stats(connection: &Connection) -> Result<LedgerStats> {
    const OPERATION: &str = "ledger.stats";
    let count = doc! { "$sum": 1 };
    let states = vec![
        // What the legacy system wrote has no state.
        doc! { "$match": { "state": { "$exists": true } } },
        doc! { "$group": { "_id": "$state", "entries": count.clone() } },
    ];
    let unexported = vec![
        doc! { "$match": { "export_due": { "$exists": true } } },
        doc! { "$group": { "_id": 1, "entries": count, "oldest": { "$min": "$export_due" } } },
    ];
    let damaged = vec![
        doc! { "$match": { "state": "parked", "reason": WaitReason::Damaged.as_str() } },
        doc! { "$group": { "_id": 1, "entries": { "$sum": 1 } } },
    ];
    // A later version may know states that this one does not.
    let states = connection.aggregate_each::<StateEntries>(OPERATION, CONVERSIONS, states).await?;
    let waiting: Vec<Unexported> = connection.aggregate(OPERATION, CONVERSIONS, unexported).await?;
    let damaged: Vec<Damaged> = connection.aggregate(OPERATION, CONVERSIONS, damaged).await?;
    Ok(LedgerStats {
        states: states
            .into_iter()
            .flatten()
            .map(|state| StateCount { outcome: state.outcome, entries: state.entries })
            .collect(),
        damaged: damaged.iter().map(|damaged| damaged.entries).sum(),
        unexported: waiting.iter().map(|waiting| waiting.entries).sum(),
        oldest_unexported: waiting.into_iter().find_map(|waiting| waiting.oldest).map(millis),
    })
}
