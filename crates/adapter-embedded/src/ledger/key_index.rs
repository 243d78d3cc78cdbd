//! The key index: finding the entry of a key.
//!
//! Keys are random. In one index over all of them, each new key falls on a page of its own once the ledger is large, and a
//! claim would write hundreds of pages. So the index has generations: entries by the thousand in the order in which they came.
//! New keys go into the latest, which is small. Which older one may hold a key is known from Bloom filters in memory ([`GenerationFilters`]).
//!
//! That a key has one entry rests on this: a process that enters a key has looked for it in the same transaction, which is alone in
//! writing; a generation gets no entry any more once a later one has begun, as ids only grow; and of a generation that is not
//! in memory, the index is asked.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use domain::{ConversionKey, Outcome};
use rusqlite::{OptionalExtension, Transaction, params};

use super::bloom::{GenerationFilters, KeyStart};
use super::columns::parsed;
use super::counts::Counts;

/// Entries of a generation, as a power of two. The indexes in `schema.sql` name it too.
const GENERATION: u32 = 13;

const ENTRY: &str =
    "SELECT id FROM report_conversions WHERE id >> 13 = ? AND substr(key, 1, 8) = ? AND key = ?";

const KEYS: &str = "SELECT substr(key, 1, 8) FROM report_conversions WHERE id >> 13 = ?";

/// What a process knows of a ledger's generations.
#[derive(Debug, Default)]
pub(super) struct History {
    filters: RwLock<GenerationFilters>,
    looked: AtomicBool,
}

impl History {
    /// Whether this process has not looked yet, so that there may be much to learn.
    pub(super) fn is_first_look(&self) -> bool {
        !self.looked.swap(true, Ordering::Relaxed)
    }

    /// Learns the generations that have become full. Keys that this transaction enters do not count: it may yet be undone.
    pub(super) fn learn(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let full = latest(tx)?;
        let known = self.filters().generations();
        if known == full {
            return Ok(());
        }
        let mut filters = self.filters.write().unwrap_or_else(PoisonError::into_inner);
        if filters.generations() > full {
            // The operator removed entries by hand; their ids will be used again.
            *filters = GenerationFilters::default();
        }
        let mut keys = tx.prepare_cached(KEYS)?;
        for generation in filters.generations()..full {
            let of_it: Vec<KeyStart> =
                keys.query_map([generation], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            filters.add(&of_it);
        }
        Ok(())
    }

    pub(super) fn filters(&self) -> RwLockReadGuard<'_, GenerationFilters> {
        self.filters.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entries of a ledger within a transaction.
pub(super) struct Entries<'a> {
    pub(super) tx: &'a Transaction<'a>,
    filters: &'a GenerationFilters,
    latest: Cell<u32>,
    pub(super) counts: Counts,
}

impl<'a> Entries<'a> {
    pub(super) fn new(tx: &'a Transaction<'a>, filters: &'a GenerationFilters) -> rusqlite::Result<Self> {
        Ok(Self { tx, filters, latest: Cell::new(latest(tx)?), counts: Counts::default() })
    }

    /// The entry of a key.
    pub(super) fn find(&self, key: &ConversionKey) -> rusqlite::Result<Option<i64>> {
        let start = start(key);
        let unknown = (self.filters.generations()..=self.latest.get()).rev();
        let mut find = self.tx.prepare_cached(ENTRY)?;
        for generation in unknown.chain(self.filters.that_may_hold(start)) {
            let values = params![generation, start, key.as_bytes()];
            if let Some(id) = find.query_row(values, |row| row.get(0)).optional()? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The generation that is being filled.
    pub(super) const fn latest(&self) -> u32 {
        self.latest.get()
    }

    /// The state of an entry.
    pub(super) fn state(&self, id: i64) -> rusqlite::Result<Outcome> {
        self.tx
            .prepare_cached("SELECT state FROM report_conversions WHERE id = ?")?
            .query_row([id], |row| parsed(row, 0))
    }

    /// An entry was made in this transaction.
    pub(super) fn entered(&self, id: i64, state: Outcome) -> rusqlite::Result<()> {
        self.counts.entered(state);
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

/// The generation of an entry.
pub(super) fn generation(id: i64) -> rusqlite::Result<u32> {
    u32::try_from(id >> GENERATION).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))
}

/// The first and the last id of a generation.
pub(super) const fn ids_of(generation: u32) -> (i64, i64) {
    let first = (generation as i64) << GENERATION;
    (first, first + (1 << GENERATION) - 1)
}

fn start(key: &ConversionKey) -> KeyStart {
    let mut start = KeyStart::default();
    start.iter_mut().zip(key.as_bytes()).for_each(|(to, from)| *to = *from);
    start
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::db::Db;
    use crate::ledger::EmbeddedLedger;

    /// More entries, from a number on, up to another.
    const FILL: &str = "
        WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
        INSERT INTO report_conversions
            (key, state, object, row, network, observed_count, observed_revenue, created_at, updated_at)
        SELECT CAST(printf('%08d%24s', i * 7919 % 99999989, i) AS BLOB), 'reported', 1, i, '', 0, '0', 0, 0 FROM n";

    fn key(i: u64) -> ConversionKey {
        let text = format!("{:08}{i:>24}", i * 7_919 % 99_999_989);
        ConversionKey::from_bytes(text.into_bytes().try_into().unwrap())
    }

    fn open(folder: &Path) -> Db {
        Db::open(&folder.join("ledger.db"), EmbeddedLedger::SCHEMA).unwrap()
    }

    async fn fill(db: &Db, from: u64, to: u64) {
        let fill = move |tx: &Transaction<'_>| {
            tx.execute("INSERT INTO objects (id, name) VALUES (1, 'b/o') ON CONFLICT DO NOTHING", [])?;
            tx.execute(FILL, [i64::try_from(from).unwrap(), i64::try_from(to).unwrap()])
        };
        db.write("t", fill).await.unwrap();
    }

    /// Looks for a key as each change does.
    async fn find(db: &Db, history: &Arc<History>, i: u64) -> Option<i64> {
        let history = Arc::clone(history);
        let find = move |tx: &Transaction<'_>| {
            history.learn(tx)?;
            let filters = history.filters();
            Entries::new(tx, &filters)?.find(&key(i))
        };
        db.write("t", find).await.unwrap()
    }

    fn id(i: u64) -> Option<i64> {
        i64::try_from(i).ok()
    }

    async fn plan(sql: &'static str) -> Vec<String> {
        let plan = move |tx: &Transaction<'_>| {
            let mut explained = tx.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            explained.raw_query().mapped(|row| row.get("detail")).collect()
        };
        Db::in_memory(EmbeddedLedger::SCHEMA).unwrap().read("t", plan).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_index_is_read_for_what_a_generation_holds() {
        let all = "SEARCH report_conversions USING COVERING INDEX report_conversions_key (<expr>=?)";
        assert_eq!(plan(KEYS).await, [all]);
        let one = "SEARCH report_conversions USING INDEX report_conversions_key (<expr>=? AND <expr>=?)";
        assert_eq!(plan(ENTRY).await, [one]);
    }

    #[tokio::test]
    async fn what_another_process_entered_is_found_in_every_generation() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs, history) = (open(dir.path()), open(dir.path()), Arc::default());
        assert_eq!(find(&ours, &history, 1).await, None);
        for (from, to) in [(1, 3), (4, 8_191), (8_192, 8_192), (8_193, 20_000), (20_001, 70_000)] {
            fill(&theirs, from, to).await;
            for i in [1, 2, from, to, (from + to) / 2] {
                assert_eq!(find(&ours, &history, i).await, id(i), "of {to}");
            }
            assert_eq!(find(&ours, &history, to + 1).await, None);
        }
        assert_eq!(history.filters().generations(), 8);
    }

    #[tokio::test]
    async fn what_was_undone_is_not_taken_for_known() {
        let db = Db::in_memory(EmbeddedLedger::SCHEMA).unwrap();
        let history = Arc::new(History::default());
        fill(&db, 1, 8_000).await;
        let learning = Arc::clone(&history);
        let undone = db.write("t", move |tx| {
            learning.learn(tx)?;
            tx.execute(FILL, [100_001, 120_000])?;
            tx.execute("nonsense", [])
        });
        undone.await.unwrap_err();
        fill(&db, 8_001, 30_000).await;
        for i in [8_000, 8_001, 10_000, 30_000] {
            assert_eq!(find(&db, &history, i).await, id(i));
        }
        assert_eq!(find(&db, &history, 100_001).await, None);
    }

    #[tokio::test]
    async fn entries_that_were_removed_by_hand_leave_no_gap() {
        let db = Db::in_memory(EmbeddedLedger::SCHEMA).unwrap();
        let history = Arc::default();
        fill(&db, 1, 30_000).await;
        assert_eq!(find(&db, &history, 20_000).await, id(20_000));
        db.write("t", |tx| tx.execute("DELETE FROM report_conversions WHERE id > 10000", [])).await.unwrap();
        assert_eq!(find(&db, &history, 20_000).await, None);
        fill(&db, 20_001, 40_000).await;
        assert_eq!(find(&db, &history, 20_001).await, Some(10_001));
    }

    #[tokio::test]
    async fn keys_that_begin_alike_are_distinguished() {
        let db = Db::in_memory(EmbeddedLedger::SCHEMA).unwrap();
        let history = Arc::default();
        // The first 8 bytes are a multiple modulo this number.
        fill(&db, 1, 1).await;
        fill(&db, 99_999_990, 99_999_990).await;
        assert_eq!(key(1).as_bytes()[..8], key(99_999_990).as_bytes()[..8]);
        assert_eq!(find(&db, &history, 1).await, Some(1));
        assert_eq!(find(&db, &history, 99_999_990).await, Some(2));
        assert_eq!(find(&db, &history, 2 * 99_999_989 + 1).await, None);
    }
}
