//! The money of open entries.

use bson::{Bson, DateTime, doc};
use domain::{Money, Outcome, PixelRef, UnixMillis};
use ports::ledger::Waiting;
use ports::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::document::date;
use super::schema::CONVERSIONS;
use super::stored::millis;
use crate::connection::Connection;

const OPERATION: &str = "ledger.waiting";

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "_id")]
    of: Of,
    conversions: u64,
    unreported: String,
    expiring: u64,
    expiring_revenue: String,
    nearest_deadline: Option<DateTime>,
    oldest: DateTime,
}

#[derive(Deserialize)]
struct Of {
    pixel: String,
    state: Outcome,
    reason: String,
}

/// See [`LedgerAdmin::waiting`](ports::LedgerAdmin::waiting). Money is summed as decimals, which loses no digit.
pub(super) async fn waiting(connection: &Connection, until: UnixMillis) -> Result<Vec<Waiting>> {
    let open = [Outcome::Retry, Outcome::Parked, Outcome::InFlight].map(Outcome::as_str);
    let difference =
        doc! { "$subtract": [{ "$toDecimal": "$observed_revenue" }, { "$toDecimal": "$reported_revenue" }] };
    let unreported = doc! { "$cond": [{ "$gt": [&difference, 0] }, &difference, { "$toDecimal": 0 }] };
    let soon = doc! { "$and": [{ "$ne": ["$deadline", Bson::Null] }, { "$lt": ["$deadline", date(until)] }] };
    let expiring_revenue = doc! { "$cond": [&soon, &unreported, { "$toDecimal": 0 }] };
    let pipeline = vec![
        doc! { "$match": { "state": { "$in": open.to_vec() }, "pixel": { "$type": "string" } } },
        doc! { "$group": {
            "_id": { "pixel": "$pixel", "state": "$state", "reason": "$reason" },
            "conversions": { "$sum": 1 },
            "unreported": { "$sum": unreported },
            "expiring": { "$sum": { "$cond": [soon, 1, 0] } },
            "expiring_revenue": { "$sum": expiring_revenue },
            "nearest_deadline": { "$min": "$deadline" },
            "oldest": { "$min": "$createdAt" },
        } },
        doc! { "$addFields": {
            "unreported": { "$toString": "$unreported" },
            "expiring_revenue": { "$toString": "$expiring_revenue" },
        } },
        doc! { "$sort": { "_id": 1 } },
    ];
    let groups: Vec<Group> = connection.aggregate(OPERATION, CONVERSIONS, pipeline).await?;
    groups.into_iter().map(Group::read).collect()
}

impl Group {
    fn read(self) -> Result<Waiting> {
        let pixel: PixelRef = self.of.pixel.parse().map_err(|e| unreadable("a pixel").source(e))?;
        Ok(Waiting {
            pixel,
            outcome: self.of.state,
            reason: self.of.reason,
            conversions: self.conversions,
            unreported: money(&self.unreported)?,
            expiring: self.expiring,
            expiring_revenue: money(&self.expiring_revenue)?,
            nearest_deadline: self.nearest_deadline.map(millis),
            oldest: millis(self.oldest),
        })
    }
}

fn money(text: &str) -> Result<Money> {
    text.parse().map_err(|e| unreadable("an amount").source(e))
}

fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OPERATION).detail(what)
}
