//! Writing outcomes: the holder of the latest lease may, and no other.

use domain::UnixMillis;
use ports::ledger::rules::{self, Accepted, Settling, Standing};
use ports::ledger::{Holder, Settled, Settlement};
use rusqlite::{Row, Transaction, named_params};

use super::columns::{count, damaged, figures, is_damage, parsed, sql};
use super::key_index::Entries;
use super::{attempts, damage, mutations, restatement, sending};

const STORED: &str = "
    SELECT state, attempt, observed_count, observed_revenue, reported_count, reported_revenue, accepted, events
    FROM report_conversions WHERE id = ?";

const WRITE: &str = "
    UPDATE report_conversions SET state = :state, reason = :reason, accepted = :accepted, events = :events,
        reported_count = :count, reported_revenue = :revenue, owner = NULL, failures = failures + :failed,
        due_at = :due, ready = 0, answer = coalesce(:answer, answer), version = version + 1, updated_at = :now
    WHERE id = :id";

/// See [`ReportLedger::settle`](ports::ReportLedger::settle).
pub(super) fn settle(
    entries: &Entries<'_>,
    settlements: &[Settlement],
    holder: &Holder,
) -> rusqlite::Result<Vec<Settled>> {
    settlements.iter().map(|settlement| settle_entry(entries, settlement, holder)).collect()
}

fn settle_entry(
    entries: &Entries<'_>,
    settlement: &Settlement,
    holder: &Holder,
) -> rusqlite::Result<Settled> {
    let tx = entries.tx;
    let Some(entry) = entries.find(&settlement.lease.key)? else { return Ok(Settled::Late) };
    let (standing, accepted) = match tx.prepare_cached(STORED)?.query_row([entry], stored) {
        Err(error) if is_damage(&error) => {
            damage::set_aside(entries, entry, &error, holder.now)?;
            return Ok(Settled::Late);
        }
        stored => stored?,
    };
    let settlement = &*mutations::settlement(&standing, settlement);
    let Some(settling) = rules::settle(&standing, accepted, settlement, holder.restatements) else {
        return Ok(Settled::Late);
    };
    let answer = settlement.answer.as_ref().map(serde_json::to_string).transpose();
    let answer = answer.map_err(|e| damaged(0, e))?;
    write(tx, entry, &settling, answer.as_deref(), holder.now)?;
    sending::settle(tx, entry, settling.maybe_received)?;
    entries.counts.moved(standing.outcome, settling.outcome);
    attempts::remember(tx, entry, settlement.lease.attempt, &settling, answer.as_deref(), holder)?;
    if let Some(increment) = &settling.increment {
        restatement::write(entries, entry, increment, holder.now)?;
    }
    Ok(Settled::Done)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<(Standing, Accepted)> {
    let standing = Standing {
        outcome: parsed(row, 0)?,
        attempt: row.get(1)?,
        observed: figures(row, 2)?,
        reported: figures(row, 4)?,
        figures_unknown: false,
        // What a worker holds is not erased.
        erased: None,
    };
    Ok((standing, Accepted { positions: parsed(row, 6)?, events: count(row, 7)? }))
}

fn write(
    tx: &Transaction<'_>,
    entry: i64,
    settling: &Settling<'_>,
    answer: Option<&str>,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    tx.prepare_cached(WRITE)?
        .execute(named_params! {
            ":id": entry,
            ":state": settling.outcome.as_str(),
            ":reason": settling.reason,
            ":accepted": settling.accepted.positions.to_string(),
            ":events": sql(settling.accepted.events),
            ":count": settling.reported.count,
            ":revenue": settling.reported.revenue.to_string(),
            ":failed": settling.failed,
            ":due": settling.due_at.map(|t| t.0),
            ":answer": answer,
            ":now": now.0,
        })
        .map(drop)
}
