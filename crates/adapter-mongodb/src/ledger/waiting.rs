//! The money of open entries.

use bson::{Bson, DateTime, doc};
use domain::{Outcome, UnixMillis};
use ports::ledger::{OpenEntries, Waiting, WaitingSums};
use ports::{Error, ErrorKind, Result};
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
        doc! { "$match": { "state": { "$in": open.to_vec() }, "pixel": { "$type": "string" } } },
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
    for group in connection.aggregate::<Group>(OPERATION, CONVERSIONS, stages).await? {
        sums.add(group.read()?);
    }
    Ok(sums.into_vec())
}

impl Group {
    fn read(self) -> Result<OpenEntries> {
        let unreadable = |what: &str| Error::new(ErrorKind::Corrupt, OPERATION).detail(what);
        let money = |text: &str| text.parse().map_err(|e| unreadable("an amount").source(e));
        Ok(OpenEntries {
            pixel: self.of.pixel.parse().map_err(|e| unreadable("a pixel").source(e))?,
            outcome: self.of.state,
            reason: self.of.reason,
            conversions: self.conversions,
            observed: money(&self.of.observed)?,
            reported: money(&self.of.reported)?,
            is_expiring: self.of.is_expiring,
            nearest_deadline: self.nearest_deadline.map(millis),
            oldest: millis(self.oldest),
        })
    }
}
