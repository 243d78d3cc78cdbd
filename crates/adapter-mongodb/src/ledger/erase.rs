//! What is personal leaves the ledger: session, keyword and the text of the row, and whatever else the legacy system kept of a row.

use bson::{Bson, Document, doc};
use domain::row::campaign_id;
use domain::{ConversionKey, Outcome, UnixMillis};
use ports::ledger::rules::{self, Ending};
use ports::ledger::{ErasedEntry, ErasedStep, Erasure};
use ports::{Error, ErrorKind, Result};

use super::contention::{ROUNDS, pause};
use super::document::{changed, date};
use super::schema::CONVERSIONS;
use super::stored::millis;
use crate::connection::{Connection, Query};

/// Text of rows that one step reads, about.
const STEP_BYTES: u64 = 2 << 20;

/// The fields of an entry. Documents of the legacy system have those of its row beside them.
const FIELDS: [&str; 45] = [
    "_id",
    "__v",
    "accepted",
    "answer",
    "attempt",
    "attempts",
    "campaign_id",
    "checksum",
    "claimed_by",
    "click_timestamp",
    "createdAt",
    "deadline",
    "due_at",
    "erased_at",
    "erased_by",
    "events",
    "export_due",
    "failures",
    "figures_unknown",
    "invalid_reason",
    "keyword_clicked",
    "maybe_received",
    "network",
    "object",
    "observed_count",
    "observed_revenue",
    "original_id",
    "owner",
    "part",
    "pixel",
    "raw",
    "reason",
    "reasons",
    "reopened_by",
    "reported",
    "reported_at",
    "reported_count",
    "reported_revenue",
    "row",
    "session_id",
    "state",
    "superseded",
    "updated_at",
    "valid",
    "version",
];

/// See [`LedgerErasure::erase_until`](ports::LedgerErasure::erase_until).
pub(super) async fn erase_until(
    connection: &Connection,
    until: UnixMillis,
    now: UnixMillis,
    limit: usize,
) -> Result<ErasedStep> {
    const OPERATION: &str = "ledger.erase_until";
    let mut step = ErasedStep::default();
    // The index holds what was never to be sent by the time of entry.
    let sendable = doc! { "deadline": { "$lte": date(until) } };
    let others = doc! { "deadline": Bson::Null, "createdAt": { "$lte": date(until) } };
    for (of_age, sort) in [(sendable, "deadline"), (others, "createdAt")] {
        let not_held =
            vec![doc! { "state": { "$ne": "in_flight" } }, doc! { "due_at": { "$lte": date(now) } }];
        let mut filter = doc! { "raw": { "$gt": "" }, "state": { "$exists": true }, "$or": not_held };
        filter.extend(of_age);
        let query = Query {
            filter,
            sort: Some(doc! { sort: 1 }),
            limit: Some(limit.max(1)),
            bytes: Some(STEP_BYTES),
            ..Query::default()
        };
        let found: Vec<Document> = connection.find(OPERATION, CONVERSIONS, query).await?;
        let mut updates = Vec::new();
        for entry in found.iter().map(Stored) {
            let (update, ended) = entry.update(Erasure::Retention, now);
            step.ended += u64::from(ended);
            updates.push(update);
        }
        if !updates.is_empty() {
            step.more = true;
            step.erased += connection.update(OPERATION, CONVERSIONS, updates).await?;
        }
    }
    // What another worker changed meanwhile comes next time.
    step.more &= step.erased > 0;
    Ok(step)
}

/// See [`LedgerErasure::erase`](ports::LedgerErasure::erase).
pub(super) async fn erase(
    connection: &Connection,
    keys: &[ConversionKey],
    now: UnixMillis,
) -> Result<Vec<ErasedEntry>> {
    let mut erased = Vec::with_capacity(keys.len());
    for key in keys {
        erased.push(erase_one(connection, key, now).await?);
    }
    Ok(erased)
}

async fn erase_one(connection: &Connection, key: &ConversionKey, now: UnixMillis) -> Result<ErasedEntry> {
    const OPERATION: &str = "ledger.erase";
    for look in 0..ROUNDS {
        pause(look, "erase").await;
        let query = Query {
            filter: doc! { "_id": key.to_string(), "state": { "$exists": true } },
            ..Query::default()
        };
        let found: Vec<Document> = connection.find(OPERATION, CONVERSIONS, query).await?;
        let Some(entry) = found.first().map(Stored) else { return Ok(ErasedEntry::Unknown) };
        if entry.is_erased() {
            // From now on no row takes its place.
            let by = doc! { "$set": { "erased_by": Erasure::Request.as_str() } };
            let update =
                doc! { "q": { "_id": key.to_string(), "erased_at": { "$ne": Bson::Null } }, "u": by };
            connection.update(OPERATION, CONVERSIONS, vec![update]).await?;
            return Ok(ErasedEntry::Already);
        }
        if let Some(until) = entry.leased_until().filter(|until| *until > now) {
            return Ok(ErasedEntry::InFlight(until));
        }
        let (update, ended) = entry.update(Erasure::Request, now);
        if connection.update(OPERATION, CONVERSIONS, vec![update]).await? > 0 {
            return Ok(ErasedEntry::Done { ended });
        }
    }
    let busy = "other workers keep changing the same conversion";
    Err(Error::new(ErrorKind::Throttled, OPERATION).detail(busy))
}

/// An entry as it is stored.
#[derive(Clone, Copy)]
struct Stored<'d>(&'d Document);

impl Stored<'_> {
    fn outcome(&self) -> Option<Outcome> {
        self.0.get_str("state").ok()?.parse().ok()
    }

    fn is_erased(&self) -> bool {
        self.0.get_datetime("erased_at").is_ok()
    }

    /// When the lease of the worker that holds it ends.
    fn leased_until(&self) -> Option<UnixMillis> {
        let due = self.0.get_datetime("due_at").ok()?;
        (self.outcome() == Some(Outcome::InFlight)).then(|| millis(*due))
    }

    /// The update that erases it as it was read, and whether it ends because of that. The version rises in any case: what another
    /// worker has read of it must not be written any more.
    fn update(&self, why: Erasure, now: UnixMillis) -> (Document, bool) {
        let campaign = campaign_id(self.0.get_str("raw").unwrap_or_default());
        let mut set = doc! {
            "session_id": Bson::Null, "keyword_clicked": Bson::Null, "raw": "",
            "campaign_id": campaign.map(|campaign| campaign.into_owned()),
            "erased_at": date(now), "erased_by": why.as_str(),
        };
        let mut unset = doc! { "checksum": "" };
        let others = self.0.keys().filter(|field| !FIELDS.contains(&field.as_str()));
        unset.extend(others.map(|field| (field.clone(), Bson::from(""))));
        let increment = self.0.get_document("part").is_ok();
        let ending = self.outcome().and_then(|outcome| rules::erase(outcome, increment, why));
        if let Some(Ending { outcome, reason }) = ending {
            let valid = outcome != Outcome::Invalid;
            set.extend(doc! {
                "state": outcome.as_str(), "reason": reason, "reasons": reason, "valid": valid,
                "invalid_reason": (!valid).then_some(reason), "owner": Bson::Null, "due_at": Bson::Null,
            });
            unset.extend(doc! { "wakes_at": "", "part": "", "maybe_received": "" });
        }
        // What analytics shows of it has changed, unless it is session and keyword alone, which analytics erases by itself.
        if ending.is_some() || why == Erasure::Request {
            set.extend(changed(now));
        }
        let condition = doc! { "_id": self.0.get("_id"), "version": self.0.get("version") };
        let change = doc! { "$set": set, "$unset": unset, "$inc": { "version": 1 } };
        (doc! { "q": condition, "u": change }, ending.is_some())
    }
}
