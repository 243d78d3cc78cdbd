//! A row as fields of a document.

use bson::{DateTime, Document, doc};
use domain::restate::Figures;
use domain::{Outcome, PixelRef, UnixMillis};
use ports::ledger::{Holder, RowClaim, checksum};

use super::stored::{StoredFigures, bson};

/// An instant as a date: people and dashboards can read it, and MongoDB keeps it to the millisecond.
pub(super) const fn date(at: UnixMillis) -> DateTime {
    DateTime::from_millis(at.0)
}

/// A count as MongoDB keeps it.
pub(super) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// When an entry that no worker holds is looked at again: when it is due, or when its deadline has come and it expires.
pub(super) fn wakes_at(due: UnixMillis, deadline: Option<DateTime>) -> DateTime {
    deadline.map_or(date(due), |deadline| deadline.min(date(due)))
}

/// The document of a new conversion.
pub(super) fn new(
    brought: &RowClaim,
    observed: Figures,
    wanted: Option<Figures>,
    holder: &Holder,
) -> Document {
    let mut document = doc! { "_id": brought.key.to_string() };
    document.extend(row(brought, observed, wanted, holder));
    document.extend(doc! {
        "reported": 0,
        "reported_count": 0_i64,
        "reported_revenue": "0",
        "accepted": "",
        "events": 0_i64,
        "attempt": i32::from(brought.is_sendable()),
        "failures": 0,
        "attempts": [],
        "version": 1_i64,
        "createdAt": date(holder.now),
    });
    document
}

/// What a row brings, and sets again when it takes over an entry of which nothing was ever sent.
pub(super) fn row(row: &RowClaim, observed: Figures, wanted: Option<Figures>, holder: &Holder) -> Document {
    let (state, reason) = (row.outcome(), row.reason());
    let valid = state != Outcome::Invalid;
    let mut document = doc! {
        "session_id": &row.session_id,
        "keyword_clicked": &row.keyword_clicked,
        "click_timestamp": row.click_time.map(|t| t.0),
        "valid": valid,
        "invalid_reason": (!valid).then_some(reason),
        "state": state.as_str(),
        "reason": reason,
        "reasons": row.reasons().to_string(),
        "object": &row.source.object,
        "row": int(row.source.row),
        "raw": &row.raw,
        "checksum": i64::from(checksum(&row.raw)),
        "pixel": row.pixel.as_ref().map(PixelRef::to_string),
        "network": &row.network,
        "deadline": row.deadline().map(date),
        "owner": row.is_sendable().then_some(holder.owner.as_str()),
        "due_at": row.due_at(holder).map(date),
    };
    if let Some(due_at) = row.due_at(holder) {
        document.insert("wakes_at", date(due_at));
    }
    document.extend(observe(observed, wanted));
    document.extend(changed(holder.now));
    document
}

/// The latest figures of a feed, and money that is still to be looked at. Money is text, which keeps every digit; `$toDecimal` makes
/// numbers of it.
pub(super) fn observe(figures: Figures, wanted: Option<Figures>) -> Document {
    doc! {
        "observed_count": figures.count, "observed_revenue": figures.revenue.to_string(),
        "wanted": wanted.map(|wanted| bson(&StoredFigures::from(wanted))),
    }
}

/// What every change sets that is to be exported, beside raising the version.
pub(super) fn changed(now: UnixMillis) -> Document {
    doc! { "updated_at": date(now), "export_due": date(now) }
}
