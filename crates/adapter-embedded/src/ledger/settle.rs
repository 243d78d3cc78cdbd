//! Writing outcomes, by whoever holds the latest lease and nobody else.

use domain::restate::Figures;
use domain::{Outcome, UnixMillis};
use ports::ledger::{Holder, Lease, Open, Positions, Settle, Settled, Settlement};
use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

use super::attempts;
use super::entries::Entries;
use super::growth::grow;
use super::mutations;
use super::words::{count, damaged, parsed, sql};

const HELD: &str =
    "SELECT accepted, events, reported_count, reported_revenue, observed_count, observed_revenue
    FROM report_conversions WHERE id = ? AND attempt = ? AND state = 'in_flight'";

const UPDATE: &str = "
    UPDATE report_conversions SET state = :state, reason = :reason, accepted = :accepted, events = :events,
        reported_count = :count, reported_revenue = :revenue, owner = NULL, failures = failures + :failed,
        due_at = :due, ready = 0, answer = coalesce(:answer, answer), version = version + 1, updated_at = :now
    WHERE id = :id";

/// An entry whose lease is the settlement's.
struct Held {
    id: i64,
    accepted: Positions,
    events: u64,
    reported: Figures,
    observed: Figures,
}

impl Held {
    fn of(id: i64, row: &Row<'_>) -> rusqlite::Result<Self> {
        let figures = |first| -> rusqlite::Result<Figures> {
            Ok(Figures { count: row.get(first)?, revenue: parsed(row, first + 1)? })
        };
        let (reported, observed) = (figures(2)?, figures(4)?);
        Ok(Self { id, accepted: parsed(row, 0)?, events: count(row, 1)?, reported, observed })
    }

    /// Adds what was accepted; how many events of it are new.
    fn add(&mut self, settlement: &Settlement) -> u64 {
        let before = self.accepted.len();
        self.accepted.extend(&settlement.accepted);
        let new = self.accepted.len().saturating_sub(before);
        self.events = self.events.saturating_add(new);
        self.reported.count = self.reported.count.saturating_add(settlement.reported.count);
        self.reported.revenue = self.reported.revenue + settlement.reported.revenue;
        new
    }
}

/// See [`ReportLedger::settle`](ports::ReportLedger::settle).
pub(super) fn settle(
    entries: &Entries<'_>,
    settlements: &[Settlement],
    holder: &Holder,
) -> rusqlite::Result<Vec<Settled>> {
    settlements.iter().map(|settlement| one(entries, settlement, holder)).collect()
}

fn one(entries: &Entries<'_>, settlement: &Settlement, holder: &Holder) -> rusqlite::Result<Settled> {
    let (tx, lease) = (entries.tx, &settlement.lease);
    let Some(entry) = entries.of(&lease.key)? else { return Ok(Settled::Late) };
    let lease = &*mutations::lease_to_settle(tx, entry, lease)?;
    let held = tx
        .prepare_cached(HELD)?
        .query_row(params![entry, lease.attempt], |row| Held::of(entry, row))
        .optional()?;
    let Some(mut held) = held else { return Ok(Settled::Late) };
    let events = held.add(settlement);
    let answer = settlement.answer.as_ref().map(serde_json::to_string).transpose();
    let end = End { answer: answer.map_err(|e| damaged(0, e))?, ..End::of(&settlement.settle) };
    write(tx, &held, &end, holder.now)?;
    entries.counts.moved(Outcome::InFlight, end.outcome);
    attempts::remember(tx, held.id, lease.attempt, events, &end, holder)?;
    if end.outcome == Outcome::Reported {
        grow(entries, entry, held.reported, held.observed, holder)?;
    }
    Ok(Settled::Done)
}

/// Where an entry goes, as columns.
pub(super) struct End<'a> {
    pub(super) outcome: Outcome,
    pub(super) reason: &'a str,
    pub(super) answer: Option<String>,
    open: Option<&'a Open>,
}

impl<'a> End<'a> {
    fn of(settle: &'a Settle) -> Self {
        let (outcome, reason, open) = match settle {
            Settle::Reported => (Outcome::Reported, "", None),
            Settle::Retry(open) => (Outcome::Retry, open.reason.as_str(), Some(open)),
            Settle::Parked(open) => (Outcome::Parked, open.reason.as_str(), Some(open)),
            Settle::Rejected { reason } => (Outcome::Rejected, reason.as_str(), None),
            Settle::Expired => (Outcome::Expired, "", None),
        };
        Self { outcome, reason, answer: None, open }
    }
}

fn write(tx: &Transaction<'_>, held: &Held, end: &End<'_>, now: UnixMillis) -> rusqlite::Result<()> {
    tx.prepare_cached(UPDATE)?
        .execute(named_params! {
            ":id": held.id,
            ":state": end.outcome.as_str(),
            ":reason": end.reason,
            ":accepted": held.accepted.to_string(),
            ":events": sql(held.events),
            ":count": held.reported.count,
            ":revenue": held.reported.revenue.to_string(),
            ":failed": end.open.is_some_and(|o| o.failed),
            ":due": end.open.map(|o| o.due_at.0),
            ":answer": end.answer,
            ":now": now.0,
        })
        .map(drop)
}

/// See [`ReportLedger::extend`](ports::ReportLedger::extend). More time is no change that anyone needs to be told of, so
/// the version stays.
pub(super) fn extend(
    entries: &Entries<'_>,
    leases: &[Lease],
    until: UnixMillis,
) -> rusqlite::Result<Vec<Settled>> {
    let mut update = entries.tx.prepare_cached(
        "UPDATE report_conversions SET due_at = ?, ready = 0
         WHERE id = ? AND attempt = ? AND state = 'in_flight'",
    )?;
    let mut one = |lease: &Lease| {
        let changed = update.execute(params![until.0, entries.of(&lease.key)?, lease.attempt])?;
        Ok(if changed == 1 { Settled::Done } else { Settled::Late })
    };
    leases.iter().map(&mut one).collect()
}
