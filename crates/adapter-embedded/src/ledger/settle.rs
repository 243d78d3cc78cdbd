//! Writing outcomes, by whoever holds the latest lease and nobody else.

use domain::restate::Figures;
use domain::{Outcome, UnixMillis};
use ports::ledger::{Lease, Positions, Settle, Settled, Settlement};
use rusqlite::{OptionalExtension, Transaction, named_params, params};

use super::words::{damaged, parsed, sql};

const HELD: &str = "SELECT accepted, reported_count, reported_revenue FROM report_conversions
    WHERE key = ? AND attempt = ? AND state = 'in_flight'";

const UPDATE: &str = "
    UPDATE report_conversions SET state = :state, reason = :reason, accepted = :accepted, events = :events,
        reported_count = :count, reported_revenue = :revenue, owner = NULL, failures = failures + :failed,
        due_at = :due, answer = coalesce(:answer, answer), version = version + 1, updated_at = :now
    WHERE key = :key";

/// See [`ReportLedger::settle`](ports::ReportLedger::settle).
pub(super) fn settle(
    tx: &Transaction<'_>,
    settlements: &[Settlement],
    now: UnixMillis,
) -> rusqlite::Result<Vec<Settled>> {
    settlements.iter().map(|settlement| one(tx, settlement, now)).collect()
}

fn one(tx: &Transaction<'_>, settlement: &Settlement, now: UnixMillis) -> rusqlite::Result<Settled> {
    let lease = &settlement.lease;
    let held = tx
        .prepare_cached(HELD)?
        .query_row(params![lease.key.as_bytes(), lease.attempt], |r| {
            let reported = Figures { count: r.get(1)?, revenue: parsed(r, 2)? };
            Ok((parsed::<Positions>(r, 0)?, reported))
        })
        .optional()?;
    let Some((mut accepted, reported)) = held else {
        return Ok(Settled::Late);
    };
    accepted.extend(&settlement.accepted);
    write(tx, settlement, &accepted, added(reported, settlement.reported), now)?;
    Ok(Settled::Done)
}

fn added(a: Figures, b: Figures) -> Figures {
    Figures { count: a.count.saturating_add(b.count), revenue: a.revenue + b.revenue }
}

fn write(
    tx: &Transaction<'_>,
    settlement: &Settlement,
    accepted: &Positions,
    reported: Figures,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    let (state, reason, open) = match &settlement.settle {
        Settle::Reported => (Outcome::Reported, "", None),
        Settle::Retry(open) => (Outcome::Retry, open.reason.as_str(), Some(open)),
        Settle::Parked(open) => (Outcome::Parked, open.reason.as_str(), Some(open)),
        Settle::Rejected { reason } => (Outcome::Rejected, reason.as_str(), None),
        Settle::Expired => (Outcome::Expired, "", None),
    };
    let answer = settlement.answer.as_ref().map(serde_json::to_string).transpose();
    tx.prepare_cached(UPDATE)?.execute(named_params! {
        ":key": settlement.lease.key.as_bytes(),
        ":state": state.as_str(),
        ":reason": reason,
        ":accepted": accepted.to_string(),
        ":events": sql(accepted.len()),
        ":count": reported.count,
        ":revenue": reported.revenue.to_string(),
        ":failed": open.is_some_and(|o| o.failed),
        ":due": open.map(|o| o.due_at.0),
        ":answer": answer.map_err(|e| damaged(0, e))?,
        ":now": now.0,
    })?;
    Ok(())
}

/// See [`ReportLedger::extend`](ports::ReportLedger::extend). More time is no change that anyone needs to be told of, so
/// the version stays.
pub(super) fn extend(
    tx: &Transaction<'_>,
    leases: &[Lease],
    until: UnixMillis,
) -> rusqlite::Result<Vec<Settled>> {
    let mut update = tx.prepare_cached(
        "UPDATE report_conversions SET due_at = ? WHERE key = ? AND attempt = ? AND state = 'in_flight'",
    )?;
    let mut one = |lease: &Lease| {
        let changed = update.execute(params![until.0, lease.key.as_bytes(), lease.attempt])?;
        Ok(if changed == 1 { Settled::Done } else { Settled::Late })
    };
    leases.iter().map(&mut one).collect()
}
