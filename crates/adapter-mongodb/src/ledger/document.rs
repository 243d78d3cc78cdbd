//! A row as fields of a document.

use bson::{Bson, DateTime, Document, doc};
use domain::restate::Figures;
use domain::{Outcome, UnixMillis};
use ports::ledger::{Holder, Statement, StatementVerdict};

/// An instant as a date: people and dashboards can read it, and MongoDB keeps it to the millisecond.
pub(super) const fn date(at: UnixMillis) -> DateTime {
    DateTime::from_millis(at.0)
}

/// A count as MongoDB keeps it.
pub(super) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) const fn sendable(statement: &Statement) -> bool {
    matches!(statement.verdict, StatementVerdict::Sendable { .. })
}

/// The state that a row enters.
pub(super) const fn state(statement: &Statement) -> Outcome {
    match statement.verdict {
        StatementVerdict::Sendable { .. } => Outcome::InFlight,
        StatementVerdict::NoEvents => Outcome::NoEvents,
        StatementVerdict::Invalid(_) => Outcome::Invalid,
    }
}

/// The document of a new conversion.
pub(super) fn new(statement: &Statement, observed: Figures, holder: &Holder) -> Document {
    let sends = sendable(statement);
    let mut document = doc! { "_id": statement.key.to_string() };
    document.extend(row(statement, observed, holder));
    document.extend(doc! {
        "reported": 0,
        "reported_count": 0_i64,
        "reported_revenue": "0",
        "accepted": "",
        "events": 0_i64,
        "attempt": i32::from(sends),
        "failures": 0,
        "attempts": [],
        "version": 1_i64,
        "createdAt": date(holder.now),
    });
    if sends {
        document.insert("wakes_at", date(holder.until));
    }
    document
}

/// What a row brings, and sets again when it takes over an entry of which nothing was ever sent.
pub(super) fn row(statement: &Statement, observed: Figures, holder: &Holder) -> Document {
    let (category, reasons, deadline) = match statement.verdict {
        StatementVerdict::Sendable { deadline } => ("", String::new(), Some(deadline)),
        StatementVerdict::NoEvents => ("", String::new(), None),
        StatementVerdict::Invalid(all) => (all.category().map_or("", |r| r.as_str()), all.to_string(), None),
    };
    let valid = !matches!(statement.verdict, StatementVerdict::Invalid(_));
    let mut document = doc! {
        "session_id": &statement.session_id,
        "keyword_clicked": &statement.keyword_clicked,
        "click_timestamp": statement.click_time.map(|t| t.0),
        "valid": valid,
        "invalid_reason": (!valid).then_some(category),
        "state": state(statement).as_str(),
        "reason": category,
        "reasons": reasons,
        "object": &statement.source.object,
        "row": int(statement.source.row),
        "raw": &statement.raw,
        "pixel": statement.pixel.as_ref().map(|p| p.as_str()),
        "network": &statement.network,
        "deadline": deadline.map(date),
        "owner": Bson::Null,
        "due_at": Bson::Null,
    };
    if sendable(statement) {
        document.insert("owner", holder.owner.as_str());
        document.insert("due_at", date(holder.until));
    }
    document.extend(observe(observed));
    document.extend(changed(holder.now));
    document
}

/// The latest figures of a feed. Money is text, which keeps every digit; `$toDecimal` makes numbers of it.
pub(super) fn observe(figures: Figures) -> Document {
    doc! { "observed_count": figures.count, "observed_revenue": figures.revenue.to_string() }
}

/// What every change sets that others are to be told of, beside raising the version.
pub(super) fn changed(now: UnixMillis) -> Document {
    doc! { "updated_at": date(now), "export_due": date(now) }
}
