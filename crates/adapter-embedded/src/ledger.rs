//! The ledger in SQLite: one row per conversion, and the receipts of the objects they came from.

mod attempts;
mod bloom;
mod claim;
mod columns;
mod counts;
mod damage;
mod due;
mod erase;
mod key_index;
mod mutations;
mod put_off;
mod receipts;
mod records;
mod reopen;
mod restatement;
mod sending;
mod settle;
mod texts;
mod waiting;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{ConversionKey, PixelRef, Receipt, UnixMillis};
use ports::ledger::{
    Attempt, Claim, Due, DueLimits, ErasedEntry, ErasedStep, Holder, Lease, LedgerStats, LongestWaits,
    ObjectEnd, ObjectReceipt, PersonalText, Record, Reopening, RowClaim, Selection, Settled, Settlement,
    TextsOf, Waiting,
};
use ports::{LedgerAdmin, LedgerErasure, LedgerExport, ReportLedger};

use crate::db::{Db, Schema};
pub use damage::Damage;
use key_index::{Entries, History};

/// The ledger of an embedded deployment; several processes may share its file.
#[derive(Debug, Clone)]
pub struct EmbeddedLedger {
    db: Db,
    history: Arc<History>,
}

impl EmbeddedLedger {
    /// Its tables and indexes; made when absent.
    pub const SCHEMA: Schema = Schema::new(
        include_str!("ledger/schema.sql"),
        &[
            include_str!("ledger/upgrade_1.sql"),
            include_str!("ledger/upgrade_2.sql"),
            include_str!("ledger/upgrade_3.sql"),
            include_str!("ledger/upgrade_4.sql"),
            include_str!("ledger/upgrade_5.sql"),
            include_str!("ledger/upgrade_6.sql"),
        ],
    );

    /// A ledger in a database that was opened with [`SCHEMA`](Self::SCHEMA).
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, history: Arc::default() }
    }

    /// Does to an entry what a fault of the disk does; whether there was anything to damage. For tests alone: no program calls it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn damage(&self, key: &ConversionKey, damage: Damage) -> ports::Result<bool> {
        let key = *key;
        self.write("ledger.damage", move |entries| damage::damage(entries, &key, damage)).await
    }

    /// Changes entries.
    async fn write<T, F>(&self, operation: &'static str, f: F) -> ports::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Entries<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        if self.history.is_first_look() {
            // It takes time, in which others may write.
            let history = Arc::clone(&self.history);
            self.db.read(operation, move |tx| history.learn(tx)).await?;
        }
        let history = Arc::clone(&self.history);
        self.db
            .write(operation, move |tx| {
                history.learn(tx)?;
                let filters = history.filters();
                let entries = Entries::new(tx, &filters)?;
                let answer = f(&entries)?;
                entries.counts.store(tx)?;
                Ok(answer)
            })
            .await
    }

    /// Looks at entries that are found by their keys.
    async fn read<T, F>(&self, operation: &'static str, f: F) -> ports::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Entries<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let history = Arc::clone(&self.history);
        self.db.read(operation, move |tx| f(&Entries::new(tx, &history.filters())?)).await
    }
}

#[async_trait]
impl ReportLedger for EmbeddedLedger {
    async fn claim(&self, rows: Vec<RowClaim>, holder: &Holder) -> ports::Result<Vec<Claim>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let holder = holder.clone();
        self.write("ledger.claim", move |entries| claim::claim(entries, &rows, &holder)).await
    }

    async fn known(&self, keys: &[ConversionKey]) -> ports::Result<Vec<bool>> {
        let keys = keys.to_vec();
        self.read("ledger.known", move |entries| {
            keys.iter().map(|key| entries.find(key).map(|entry| entry.is_some())).collect()
        })
        .await
    }

    async fn settle(&self, settlements: Vec<Settlement>, holder: &Holder) -> ports::Result<Vec<Settled>> {
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        let holder = holder.clone();
        self.write("ledger.settle", move |entries| settle::settle(entries, &settlements, &holder)).await
    }

    async fn claim_due(&self, limits: &DueLimits, holder: &Holder) -> ports::Result<Vec<Due>> {
        // Most polls find nothing; a look needs no lock that others wait for.
        let (looked_for, now) = (limits.clone(), holder.now);
        let any = self.db.read("ledger.claim_due", move |tx| due::any(tx, &looked_for, now)).await?;
        if !any {
            return Ok(Vec::new());
        }
        let (limits, holder) = (limits.clone(), holder.clone());
        self.write("ledger.claim_due", move |entries| due::claim_due(entries, &limits, &holder)).await
    }

    async fn extend(&self, leases: &[Lease], until: UnixMillis) -> ports::Result<Vec<Settled>> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        let leases = leases.to_vec();
        self.write("ledger.extend", move |entries| sending::extend(entries, &leases, until)).await
    }

    async fn begin_sending(&self, leases: &[Lease], holder: &Holder) -> ports::Result<Vec<Settled>> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        let (leases, holder) = (leases.to_vec(), holder.clone());
        self.write("ledger.begin_sending", move |entries| sending::begin(entries, &leases, &holder)).await
    }

    async fn release_parked(&self, pixel: &PixelRef, now: UnixMillis) -> ports::Result<u64> {
        let pixel = pixel.clone();
        self.db.write("ledger.release_parked", move |tx| due::release_parked(tx, &pixel, now)).await
    }

    async fn reopened(&self, pixels: &[PixelRef], now: UnixMillis) -> ports::Result<Vec<PixelRef>> {
        if pixels.is_empty() {
            return Ok(Vec::new());
        }
        let pixels = pixels.to_vec();
        self.db.read("ledger.reopened", move |tx| due::reopened(tx, &pixels, now)).await
    }

    async fn release_put_off(&self, longest: &LongestWaits, now: UnixMillis) -> ports::Result<u64> {
        const OPERATION: &str = "ledger.release_put_off";
        while self.db.read(OPERATION, move |tx| put_off::any_marked(tx, now)).await?
            && self.db.write(OPERATION, move |tx| put_off::unmark(tx, now)).await?
        {}
        let (longest, mut place, mut released) = (*longest, Some(put_off::begin(now)), 0);
        while let Some(from) = place {
            let step = self.db.read(OPERATION, move |tx| put_off::look(tx, from, &longest, now)).await?;
            place = step.next;
            if !step.found.is_empty() {
                let found = step.found;
                released += self.db.write(OPERATION, move |tx| put_off::release(tx, &found, now)).await?;
            }
        }
        Ok(released)
    }

    async fn finish_object(&self, object: &str, end: &ObjectEnd, now: UnixMillis) -> ports::Result<()> {
        let (object, end) = (object.to_owned(), end.clone());
        self.db.write("ledger.finish_object", move |tx| receipts::finish(tx, &object, &end, now)).await
    }

    async fn receipt(&self, object: &str) -> ports::Result<Option<Receipt>> {
        let object = object.to_owned();
        self.db.read("ledger.receipt", move |tx| receipts::receipt(tx, &object)).await
    }
}

#[async_trait]
impl LedgerExport for EmbeddedLedger {
    async fn export_batch(&self, entries: usize, bytes: u64) -> ports::Result<Vec<Record>> {
        const OPERATION: &str = "ledger.export_batch";
        let found = self.db.read(OPERATION, move |tx| records::unexported(tx, entries, bytes)).await?;
        let (records, unreadable) = found;
        if !unreadable.is_empty() {
            self.db.write(OPERATION, move |tx| records::leave_out(tx, &unreadable)).await?;
        }
        Ok(records)
    }

    async fn mark_exported(&self, records: &[Record]) -> ports::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let versions: Vec<_> = records.iter().map(|r| (r.key, r.version)).collect();
        self.write("ledger.mark_exported", move |entries| records::mark_exported(entries, &versions)).await
    }
}

#[async_trait]
impl LedgerAdmin for EmbeddedLedger {
    async fn select(
        &self,
        selection: &Selection,
        after: Option<&ConversionKey>,
        limit: usize,
    ) -> ports::Result<Vec<Record>> {
        let (selection, after) = (selection.clone(), after.copied());
        self.read("ledger.select", move |entries| {
            records::selected(entries, &selection, after.as_ref(), limit)
        })
        .await
    }

    async fn reopen(&self, reopenings: &[Reopening], now: UnixMillis) -> ports::Result<Vec<Settled>> {
        if reopenings.is_empty() {
            return Ok(Vec::new());
        }
        let reopenings = reopenings.to_vec();
        self.write("ledger.reopen", move |entries| reopen::reopen(entries, &reopenings, now)).await
    }

    async fn attempts(&self, key: &ConversionKey) -> ports::Result<Vec<Attempt>> {
        let key = *key;
        self.read("ledger.attempts", move |entries| attempts::of_entry(entries, &key)).await
    }

    async fn find(&self, session_id: &str, keyword_clicked: Option<&str>) -> ports::Result<Vec<Record>> {
        let session = session_id.to_owned();
        let keyword = keyword_clicked.map(str::to_owned);
        self.read("ledger.find", move |entries| records::find(entries, &session, keyword.as_deref())).await
    }

    async fn receipts(&self, limit: usize) -> ports::Result<Vec<ObjectReceipt>> {
        self.db.read("ledger.receipts", move |tx| receipts::receipts(tx, limit)).await
    }

    async fn stats(&self) -> ports::Result<LedgerStats> {
        self.db.read("ledger.stats", receipts::stats).await
    }

    async fn waiting(&self, until: UnixMillis) -> ports::Result<Vec<Waiting>> {
        self.db.read("ledger.waiting", move |tx| waiting::waiting(tx, until)).await
    }
}

#[async_trait]
impl LedgerErasure for EmbeddedLedger {
    async fn erase_until(
        &self,
        until: UnixMillis,
        now: UnixMillis,
        limit: usize,
    ) -> ports::Result<ErasedStep> {
        let erase = move |entries: &Entries<'_>| erase::erase_until(entries, until, now, limit);
        self.write("ledger.erase_until", erase).await
    }

    async fn erase(&self, keys: &[ConversionKey], now: UnixMillis) -> ports::Result<Vec<ErasedEntry>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = keys.to_vec();
        self.write("ledger.erase", move |entries| erase::erase(entries, &keys, now)).await
    }

    async fn texts(
        &self,
        of: &TextsOf,
        after: Option<&str>,
        limit: usize,
    ) -> ports::Result<Vec<PersonalText>> {
        let (of, after) = (of.clone(), after.map(str::to_owned));
        self.read("ledger.texts", move |entries| texts::texts(entries, &of, after.as_deref(), limit)).await
    }

    async fn scrub(&self, from: u64) -> ports::Result<Option<u64>> {
        self.db.scrub(from).await
    }
}
