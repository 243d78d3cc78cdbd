//! The money of open entries.

use bson::{Bson, DateTime, doc};
use domain::{Outcome, UnixMillis};
use ports::Result;
use ports::ledger::{OpenEntries, Waiting, WaitingSums};
use serde::Deserialize;

use super::document::date;
use super::schema::CONVERSIONS;
use super::stored::millis;
use crate::connection::Connection;

const OPERATION: &str = "ledger.waiting";

/// Entries with the same amounts; the server counts them, and money is added up here, where no digit is lost.
#[derive(Deserialize)]
struct Group {
    #[serde(rename = "_id")]
    of: Of,
    conversions: u64,
    nearest_deadline: Option<DateTime>,
    oldest: DateTime,
}

#[derive(Deserialize)]
struct Of {
    pixel: String,
    state: Outcome,
    reason: String,
    observed: String,
    reported: String,
    is_expiring: bool,
}

/// See [`LedgerAdmin::waiting`](ports::LedgerAdmin::waiting).
pub(super) async fn waiting(connection: &Connection, until: UnixMillis) -> Result<Vec<Waiting>> {
    let open = [Outcome::Retry, Outcome::Parked, Outcome::InFlight].map(Outcome::as_str);
    let has_deadline = doc! { "$gt": ["$deadline", Bson::Null] };
    let is_expiring = doc! { "$and": [has_deadline, { "$lt": ["$deadline", date(until)] }] };
    let stages = vec![
        doc! { "$match": {
            "state": { "$in": open.to_vec() }, "pixel": { "$type": "string" }, "createdAt": { "$type": "date" },
        } },
        doc! { "$group": {
            "_id": {
                "pixel": "$pixel", "state": "$state", "reason": "$reason", "is_expiring": is_expiring,
                "observed": "$observed_revenue", "reported": "$reported_revenue",
            },
            "conversions": { "$sum": 1 },
            "nearest_deadline": { "$min": "$deadline" },
            "oldest": { "$min": "$createdAt" },
        } },
    ];
    let mut sums = WaitingSums::default();
    // What cannot be read is named where it is claimed.
    for group in
        connection.aggregate_each::<Group>(OPERATION, CONVERSIONS, stages).await?.into_iter().flatten()
    {
        if let Some(entries) = group.read() {
            sums.add(entries);
        }
    }
    Ok(sums.into_vec())
}

impl Group {
    fn read(self) -> Option<OpenEntries> {
        Some(OpenEntries {
            pixel: self.of.pixel.parse().ok()?,
            outcome: self.of.state,
            reason: self.of.reason,
            conversions: self.conversions,
            observed: self.of.observed.parse().ok()?,
            reported: self.of.reported.parse().ok()?,
            is_expiring: self.of.is_expiring,
            nearest_deadline: self.nearest_deadline.map(millis),
            oldest: millis(self.oldest),
        })
    }
}
