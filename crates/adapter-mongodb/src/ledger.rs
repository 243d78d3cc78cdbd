//! The ledger in MongoDB: one document per conversion.
//!
//! No transactions: whatever changes a document is one update whose filter holds the version that was read. Of two workers who
//! change the same document, one finds that it did not, and looks again.

mod attempts;
mod claim;
mod contention;
mod damage;
mod diagnose;
mod document;
mod due;
mod erase;
mod form;
mod legacy;
mod put_off;
mod receipts;
mod records;
mod reopen;
mod restatement;
mod schema;
mod sending;
mod settle;
mod stored;
mod texts;
mod upgrade;
mod waiting;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{ConversionKey, PixelRef, Receipt, UnixMillis};
use ports::configuration::MongoSettings;
use ports::ledger::{
    Attempt, Claim, Due, DueLimits, ErasedEntry, ErasedStep, Holder, Lease, LedgerStats, LongestWaits,
    ObjectEnd, ObjectReceipt, PersonalText, Record, Reopening, RowClaim, Selection, Settled, Settlement,
    TextsOf, Waiting,
};
use ports::{LedgerAdmin, LedgerErasure, LedgerExport, ReportLedger, Result};

use crate::connection::Connection;
use form::FormWatch;

pub use diagnose::MongoDiagnosis;
pub use legacy::FromLegacy;

/// The ledger of a production deployment; any number of processes share it.
#[derive(Debug, Clone)]
pub struct MongoLedger {
    connection: Connection,
    /// Whether the legacy system's documents are looked up before anything is sent.
    legacy: bool,
    form: Arc<FormWatch>,
}

impl MongoLedger {
    /// A ledger at an address. Connects with the first call; see [`check`](Self::check).
    ///
    /// # Errors
    /// If the address cannot be read, or names a record of DNS that is not there.
    pub async fn open(settings: &MongoSettings) -> Result<Self> {
        let connection = Connection::open(settings).await?;
        Ok(Self { connection, legacy: settings.legacy, form: Arc::default() })
    }

    /// Makes the indexes, and brings the entries of earlier versions to the present form. Stop the services of earlier versions
    /// before: they cannot read it. Doing it again changes nothing.
    ///
    /// # Errors
    /// If the server cannot be reached, an index of the same name exists with other options, or only a later version may use the
    /// collection.
    pub async fn migrate(&self) -> Result<()> {
        schema::migrate(&self.connection).await?;
        upgrade::run(&self.connection).await
    }

    /// Whether the server can be reached, accepts the credentials, and has the indexes and a form that this version may use. Its
    /// error says in one line what to do. While it works, a process looks at the form every ten seconds.
    ///
    /// # Errors
    /// If one of these is not so.
    pub async fn check(&self) -> Result<()> {
        schema::check(&self.connection).await?;
        upgrade::check(&self.connection, "ledger.check").await
    }

    /// Gives the documents that the legacy system wrote the keys of this ledger, up to `limit` of them. Call it again until none is left.
    ///
    /// # Errors
    /// If the server cannot be reached. What was done stays; the next call goes on from there.
    pub async fn migrate_from_legacy(&self, limit: usize, now: UnixMillis) -> Result<FromLegacy> {
        legacy::migrate(&self.connection, limit, now).await
    }

    /// Commands sent to the server so far, each a round trip; a metric.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.connection.commands()
    }
}

#[async_trait]
impl ReportLedger for MongoLedger {
    async fn claim(&self, rows: Vec<RowClaim>, holder: &Holder) -> Result<Vec<Claim>> {
        self.form.look(&self.connection, "ledger.claim", holder.now).await?;
        if self.legacy {
            legacy::recognise(&self.connection, &rows, holder.now).await?;
        }
        claim::claim(&self.connection, &rows, holder).await
    }

    async fn known(&self, keys: &[ConversionKey]) -> Result<Vec<bool>> {
        records::known(&self.connection, keys).await
    }

    async fn settle(&self, settlements: Vec<Settlement>, holder: &Holder) -> Result<Vec<Settled>> {
        settle::settle(&self.connection, &settlements, holder).await
    }

    async fn claim_due(&self, limits: &DueLimits, holder: &Holder) -> Result<Vec<Due>> {
        self.form.look(&self.connection, "ledger.claim_due", holder.now).await?;
        due::claim_due(&self.connection, limits, holder).await
    }

    async fn extend(&self, leases: &[Lease], until: UnixMillis) -> Result<Vec<Settled>> {
        sending::extend(&self.connection, leases, until).await
    }

    async fn begin_sending(&self, leases: &[Lease], holder: &Holder) -> Result<Vec<Settled>> {
        self.form.look(&self.connection, "ledger.begin_sending", holder.now).await?;
        sending::begin(&self.connection, leases, holder).await
    }

    async fn release_parked(&self, pixel: &PixelRef, now: UnixMillis) -> Result<u64> {
        due::release_parked(&self.connection, pixel, now).await
    }

    async fn reopened(&self, pixels: &[PixelRef], now: UnixMillis) -> Result<Vec<PixelRef>> {
        if pixels.is_empty() {
            return Ok(Vec::new());
        }
        due::reopened(&self.connection, pixels, now).await
    }

    async fn release_put_off(&self, longest: &LongestWaits, now: UnixMillis) -> Result<u64> {
        put_off::release(&self.connection, longest, now).await
    }

    async fn finish_object(&self, object: &str, end: &ObjectEnd, now: UnixMillis) -> Result<()> {
        receipts::finish(&self.connection, object, end, now).await
    }

    async fn receipt(&self, object: &str) -> Result<Option<Receipt>> {
        receipts::receipt(&self.connection, object).await
    }
}

#[async_trait]
impl LedgerExport for MongoLedger {
    async fn export_batch(&self, entries: usize, bytes: u64) -> Result<Vec<Record>> {
        records::unexported(&self.connection, entries, bytes).await
    }

    async fn mark_exported(&self, records: &[Record]) -> Result<()> {
        records::mark_exported(&self.connection, records).await
    }
}

#[async_trait]
impl LedgerAdmin for MongoLedger {
    async fn select(
        &self,
        selection: &Selection,
        after: Option<&ConversionKey>,
        limit: usize,
    ) -> Result<Vec<Record>> {
        records::select(&self.connection, selection, after, limit).await
    }

    async fn reopen(&self, reopenings: &[Reopening], now: UnixMillis) -> Result<Vec<Settled>> {
        reopen::reopen(&self.connection, reopenings, now).await
    }

    async fn attempts(&self, key: &ConversionKey) -> Result<Vec<Attempt>> {
        attempts::of_entry(&self.connection, key).await
    }

    async fn find(&self, session_id: &str, keyword_clicked: Option<&str>) -> Result<Vec<Record>> {
        records::find(&self.connection, session_id, keyword_clicked).await
    }

    async fn receipts(&self, limit: usize) -> Result<Vec<ObjectReceipt>> {
        receipts::receipts(&self.connection, limit).await
    }

    async fn stats(&self) -> Result<LedgerStats> {
        receipts::stats(&self.connection).await
    }

    async fn waiting(&self, until: UnixMillis) -> Result<Vec<Waiting>> {
        waiting::waiting(&self.connection, until).await
    }
}

#[async_trait]
impl LedgerErasure for MongoLedger {
    async fn erase_until(&self, until: UnixMillis, now: UnixMillis, limit: usize) -> Result<ErasedStep> {
        erase::erase_until(&self.connection, until, now, limit).await
    }

    async fn erase(&self, keys: &[ConversionKey], now: UnixMillis) -> Result<Vec<ErasedEntry>> {
        erase::erase(&self.connection, keys, now).await
    }

    async fn texts(&self, of: &TextsOf, after: Option<&str>, limit: usize) -> Result<Vec<PersonalText>> {
        texts::texts(&self.connection, of, after, limit).await
    }
}
