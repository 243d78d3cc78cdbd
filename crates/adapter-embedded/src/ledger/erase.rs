//! What is personal leaves the ledger: session, keyword and the text of the row.
//!
//! Texts are found by the age of their entries, whose ids grow. A generation of entries (see `key_index`) is looked at when the
//! earliest of its texts may be erased, so a look meets few entries that it leaves, and a claim writes nothing for it.

use domain::row::campaign_id;
use domain::{ConversionKey, Outcome, UnixMillis};
use ports::ledger::rules::{self, Ending};
use ports::ledger::{ErasedEntry, ErasedStep, Erasure};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::columns::{is_damage, parsed};
use super::key_index::{Entries, generation, ids_of};
use super::{mutations, sending};

const NOTE_FULL: &str = "
    WITH RECURSIVE g (number) AS
        (SELECT coalesce(max(generation) + 1, 0) FROM text_generations UNION ALL SELECT number + 1 FROM g WHERE number + 1 < ?1)
    INSERT INTO text_generations (generation, earliest) SELECT number, 0 FROM g WHERE number < ?1";

const RIPE: &str = "
    SELECT id FROM report_conversions
    WHERE id BETWEEN ?1 AND ?2 AND erased_at IS NULL AND coalesce(deadline, created_at) <= ?3
        AND (state <> 'in_flight' OR due_at <= ?4)
    ORDER BY id LIMIT ?5";

const EARLIEST: &str = "
    SELECT min(coalesce(deadline, created_at)) FROM report_conversions WHERE id BETWEEN ?1 AND ?2 AND erased_at IS NULL";

const STORED: &str = "
    SELECT state, part_first IS NOT NULL, due_at, erased_at IS NOT NULL, (SELECT raw FROM raw_rows WHERE raw_rows.id = e.id)
    FROM report_conversions e WHERE e.id = ?";

const END: &str = "
    UPDATE report_conversions SET state = ?, reason = ?2, reasons = ?2, owner = NULL, due_at = NULL, ready = 0,
        part_first = NULL, part_purchases = NULL, part_worth = NULL
    WHERE id = ?3";

const ERASE: &str = "
    UPDATE report_conversions SET session_id = NULL, keyword_clicked = NULL, campaign_id = ?, erased_at = ?2, erased_by = ?,
        version = version + ?4, updated_at = iif(?4, ?2, updated_at)
    WHERE id = ?5";

/// See [`LedgerErasure::erase_until`](ports::LedgerErasure::erase_until).
pub(super) fn erase_until(
    entries: &Entries<'_>,
    until: UnixMillis,
    now: UnixMillis,
    limit: usize,
) -> rusqlite::Result<ErasedStep> {
    let (tx, latest, until) = (entries.tx, entries.latest(), mutations::time_of_retention(until));
    // The operator may have removed entries by hand.
    tx.prepare_cached("DELETE FROM text_generations WHERE generation >= ?")?.execute([latest])?;
    tx.prepare_cached(NOTE_FULL)?.execute([latest])?;
    let full: Option<u32> = tx
        .prepare_cached(
            "SELECT generation FROM text_generations WHERE earliest <= ? ORDER BY generation LIMIT 1",
        )?
        .query_row([until.0], |row| row.get(0))
        .optional()?;
    let (first, last) = ids_of(full.unwrap_or(latest));
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let ripe: Vec<i64> = tx
        .prepare_cached(RIPE)?
        .query_map(params![first, last, until.0, now.0, most], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut step = ErasedStep { more: full.is_some() || ripe.len() >= limit, ..ErasedStep::default() };
    for id in &ripe {
        if let ErasedEntry::Done { ended } = erase_entry(entries, *id, now, Erasure::Retention)? {
            step.erased += 1;
            step.ended += u64::from(ended);
        }
    }
    if let Some(full) = full.filter(|_| ripe.len() < limit) {
        let earliest: Option<i64> =
            tx.prepare_cached(EARLIEST)?.query_row(params![first, last], |row| row.get(0))?;
        // What a worker holds is looked at again another time.
        let earliest = earliest.map(|earliest| earliest.max(until.0.saturating_add(1)));
        tx.prepare_cached("UPDATE text_generations SET earliest = ? WHERE generation = ?")?
            .execute(params![earliest, full])?;
    }
    Ok(step)
}

/// See [`LedgerErasure::erase`](ports::LedgerErasure::erase).
pub(super) fn erase(
    entries: &Entries<'_>,
    keys: &[ConversionKey],
    now: UnixMillis,
) -> rusqlite::Result<Vec<ErasedEntry>> {
    let erase_one = |key| match entries.find(key)? {
        Some(id) => erase_entry(entries, id, now, Erasure::Request),
        None => Ok(ErasedEntry::Unknown),
    };
    keys.iter().map(erase_one).collect()
}

/// An entry whose text had been erased has one again: another row took it over.
pub(super) fn has_text_again(
    tx: &Transaction<'_>,
    id: i64,
    deadline: Option<UnixMillis>,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE text_generations SET earliest = min(coalesce(earliest, ?1), ?1) WHERE generation = ?2",
    )?
    .execute(params![deadline.map_or(0, |deadline| deadline.0), generation(id)?])
    .map(drop)
}

/// An entry as it is stored.
struct Stored {
    /// `None` when it cannot be read: it stays as it is.
    outcome: Option<Outcome>,
    increment: bool,
    due_at: Option<i64>,
    erased: bool,
    campaign: Option<String>,
}

impl Stored {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let outcome = match parsed(row, 0) {
            Err(error) if is_damage(&error) => None,
            outcome => Some(outcome?),
        };
        let text: Option<String> = row.get(4).unwrap_or_default();
        let campaign = text.as_deref().and_then(campaign_id).map(|campaign| campaign.into_owned());
        let (increment, due_at, erased) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Self { outcome, increment, due_at, erased, campaign })
    }

    /// When the lease of the worker that holds it ends.
    fn leased_until(&self) -> Option<UnixMillis> {
        self.due_at.filter(|_| self.outcome == Some(Outcome::InFlight)).map(UnixMillis)
    }
}

fn erase_entry(
    entries: &Entries<'_>,
    id: i64,
    now: UnixMillis,
    why: Erasure,
) -> rusqlite::Result<ErasedEntry> {
    let tx = entries.tx;
    let stored = tx.prepare_cached(STORED)?.query_row([id], Stored::of)?;
    if stored.erased {
        if why == Erasure::Request {
            // From now on no row takes its place.
            tx.prepare_cached("UPDATE report_conversions SET erased_by = ? WHERE id = ?")?
                .execute(params![why.as_str(), id])?;
        }
        return Ok(ErasedEntry::Already);
    }
    if let Some(until) = stored.leased_until().filter(|until| *until > now) {
        return Ok(ErasedEntry::InFlight(until));
    }
    let ending = stored.outcome.and_then(|outcome| rules::erase(outcome, stored.increment, why));
    if let (Some(before), Some(Ending { outcome, reason })) = (stored.outcome, ending) {
        tx.prepare_cached(END)?.execute(params![outcome.as_str(), reason, id])?;
        entries.counts.moved(before, outcome);
        sending::forget(tx, id)?;
    }
    // What analytics shows of it has changed, unless it is session and keyword alone, which analytics erases by itself.
    let changed = ending.is_some() || why == Erasure::Request;
    tx.prepare_cached(ERASE)?.execute(params![stored.campaign, now.0, why.as_str(), changed, id])?;
    tx.prepare_cached("DELETE FROM raw_rows WHERE id = ?")?.execute([id])?;
    Ok(ErasedEntry::Done { ended: ending.is_some() })
}
