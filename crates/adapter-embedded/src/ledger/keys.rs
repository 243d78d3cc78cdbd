//! Finding the entry of a key.
//!
//! Keys are random. In one index over all of them, each new key falls on a page of its own once the ledger is large, and a
//! claim would write hundreds of pages. So the index has generations: entries by the thousand in the order in which they came.
//! New keys go into the latest, which is small. Which older one may hold a key is known from memory ([`Seen`]).
//!
//! That a key has one entry rests on this: who enters a key has looked for it in the same transaction, which is alone in
//! writing; a generation gets no entry any more once a later one has begun, as ids only grow; and of a generation that is not
//! in memory, the index is asked.

use std::cell::Cell;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use domain::ConversionKey;
use rusqlite::{OptionalExtension, Transaction, params};

use super::seen::{KeyStart, Seen};

/// Entries of a generation, as a power of two. The indexes in `schema.sql` name it too.
const GENERATION: u32 = 13;

const ENTRY: &str =
    "SELECT id FROM report_conversions WHERE id >> 13 = ? AND substr(key, 1, 8) = ? AND key = ?";

const KEYS: &str = "SELECT substr(key, 1, 8) FROM report_conversions WHERE id >> 13 = ?";

/// What a process knows of a ledger's generations.
#[derive(Debug, Default)]
pub(super) struct History(RwLock<Seen>);

impl History {
    /// Whether nothing is known yet, so that there may be much to learn.
    pub(super) fn is_new(&self) -> bool {
        self.seen().generations() == 0
    }

    /// Learns the generations that have become full. Keys that this transaction enters are none of them: it may yet be undone.
    pub(super) fn learn(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let full = latest(tx)?;
        let known = self.seen().generations();
        if known == full {
            return Ok(());
        }
        let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if seen.generations() > full {
            // Somebody removed entries by hand; their ids will be used again.
            *seen = Seen::default();
        }
        let mut keys = tx.prepare_cached(KEYS)?;
        for generation in seen.generations()..full {
            let of_it: Vec<KeyStart> =
                keys.query_map([generation], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            seen.add(&of_it);
        }
        Ok(())
    }

    pub(super) fn seen(&self) -> RwLockReadGuard<'_, Seen> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys of a ledger within a transaction.
pub(super) struct Keys<'a> {
    pub(super) tx: &'a Transaction<'a>,
    seen: &'a Seen,
    latest: Cell<u32>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(tx: &'a Transaction<'a>, seen: &'a Seen) -> rusqlite::Result<Self> {
        Ok(Self { tx, seen, latest: Cell::new(latest(tx)?) })
    }

    /// The entry of a key.
    pub(super) fn entry(&self, key: &ConversionKey) -> rusqlite::Result<Option<i64>> {
        let start = start(key);
        let unknown = (self.seen.generations()..=self.latest.get()).rev();
        let mut find = self.tx.prepare_cached(ENTRY)?;
        for generation in unknown.chain(self.seen.that_may_hold(start)) {
            let values = params![generation, start, key.as_bytes()];
            if let Some(id) = find.query_row(values, |row| row.get(0)).optional()? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// An entry was made in this transaction.
    pub(super) fn entered(&self, id: i64) -> rusqlite::Result<()> {
        self.latest.set(self.latest.get().max(generation(id)?));
        Ok(())
    }
}

/// The generation that is being filled.
fn latest(tx: &Transaction<'_>) -> rusqlite::Result<u32> {
    let newest = "SELECT max(id) FROM report_conversions";
    let id: Option<i64> = tx.prepare_cached(newest)?.query_row([], |row| row.get(0))?;
    generation(id.unwrap_or_default())
}

fn generation(id: i64) -> rusqlite::Result<u32> {
    u32::try_from(id >> GENERATION).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))
}

fn start(key: &ConversionKey) -> KeyStart {
    let mut start = KeyStart::default();
    start.iter_mut().zip(key.as_bytes()).for_each(|(to, from)| *to = *from);
    start
}
