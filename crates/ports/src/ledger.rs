//! The ledger: one entry per conversion, written before anything is sent and settled afterwards.
//!
//! An entry is `in_flight` while somebody holds its lease. Only the holder of the latest lease may settle it. What is not at
//! an end has a due time, and [`ReportLedger::claim_due`] hands it out again when that has come: after a crash (the lease ran
//! out), a transient failure, or while a pixel has no working credential.

mod entry;
mod positions;
mod reason;
pub mod rules;

use async_trait::async_trait;
use domain::{ConversionKey, Outcome, PixelCode, Receipt, UnixMillis};

pub use entry::{
    Attempt, Claim, Due, Lease, Open, Part, Record, Reopening, Settle, Settlement, Source, Statement,
    StatementVerdict,
};
pub use positions::Positions;
pub use reason::WaitReason;

use crate::Result;

/// Who claims, and until when it is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Names the process or worker; unique among those alive.
    pub owner: String,
    /// The present.
    pub now: UnixMillis,
    /// The end of the lease.
    pub until: UnixMillis,
    /// What becomes of figures that outgrow what was reported.
    pub restatements: Restatements,
}

/// What becomes of figures that outgrow what was reported (`RESTATEMENTS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restatements {
    /// What was reported once is a duplicate from then on; later figures are kept as observed. The original's rule.
    #[default]
    First,
    /// Further Purchases are sent for further paid clicks, worth what has not been told yet.
    Increments,
}

/// Entries that an operator asks for: all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The state.
    pub outcome: Outcome,
    /// The reason, whole: `no_working_credential`, `100/2804004`, `invalid_pixel`.
    pub reason: Option<String>,
    /// The pixel.
    pub pixel: Option<PixelCode>,
    /// The last change at this moment or later.
    pub since: Option<UnixMillis>,
}

/// How much of what is due is claimed at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLimits {
    /// Entries altogether.
    pub total: usize,
    /// Entries of one pixel that are not past their deadline, so that its backlog leaves room for others.
    pub per_pixel: usize,
    /// Pixels of which only entries past their deadline are claimed: nothing can be sent to them now.
    pub except: Vec<PixelCode>,
}

impl DueLimits {
    /// Up to so many entries, of any pixel.
    #[must_use]
    pub const fn of(total: usize) -> Self {
        Self { total, per_pixel: total, except: Vec::new() }
    }
}

/// Whether a settlement was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is written.
    Done,
    /// Somebody else has claimed the entry since, or it is at an end: nothing was changed.
    Late,
}

/// The end of reading one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectEnd {
    /// Read to its end; each of its rows is in the ledger.
    Read {
        /// Rows read.
        rows_in: u64,
        /// Rows whose conversion another row had brought.
        duplicates: u64,
        /// Tells this content from another under the same key: SHA-256 of the stored bytes, in hexadecimal.
        digest: String,
    },
    /// Refused whole; nothing of it was done.
    Refused {
        /// Why; for people.
        why: String,
    },
}

/// How many entries are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// The state.
    pub outcome: Outcome,
    /// Entries.
    pub entries: u64,
}

/// An object that was read, and its books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectReceipt {
    /// `bucket/key` of the object.
    pub object: String,
    /// When it was read to its end.
    pub at: UnixMillis,
    /// Its books now.
    pub receipt: Receipt,
}

/// The ledger, as the reporter uses it.
#[async_trait]
pub trait ReportLedger: Send + Sync {
    /// Enters rows and claims those that are to be sent; one answer per statement, in order.
    ///
    /// Durable when it returns. Costs a fixed number of round trips. Two callers never both get
    /// [`Held`](Claim::Held) for one key while its lease runs. Several statements of one key in one call: the first that can
    /// be sent brings the conversion, the others are duplicates. For each statement:
    ///
    /// - a new key: entered in the statement's state; `Held` when sendable, else `Stands`;
    /// - the same source (object and row) as the entry's, which is a redelivered message: `Stands` with the entry's state;
    /// - another source, and the entry is `invalid` or `no_events` while the statement is sendable: the entry becomes the
    ///   newcomer's (`Held`); the earlier row keeps its outcome in its object's books;
    /// - another source otherwise: [`Duplicate`](Claim::Duplicate). Its figures are kept as observed, nothing else changes;
    ///   but with [`Increments`](Restatements::Increments), a sendable statement whose count outgrows the reported one of
    ///   a `reported` entry makes the entry `retry`, due now, with a [`Part::Increment`]. The row is a duplicate all the
    ///   same: another row brought its conversion.
    async fn claim(&self, statements: Vec<Statement>, holder: &Holder) -> Result<Vec<Claim>>;

    /// Writes outcomes; one answer per settlement, in order. Each is remembered as an [`Attempt`].
    ///
    /// With [`Increments`](Restatements::Increments), an entry that is settled as reported while its observed count has
    /// outgrown the reported one becomes `retry`, due now, [`Restated`](WaitReason::Restated), with a [`Part::Increment`].
    async fn settle(&self, settlements: Vec<Settlement>, holder: &Holder) -> Result<Vec<Settled>>;

    /// Claims entries that are due, within limits: leases that ran out, retries and parked entries whose time has come, and
    /// whatever waits past its deadline. The nearest deadline first, in the answer and in the choice among a pixel's.
    ///
    /// Its cost depends on what is due, not on what waits or is at an end.
    async fn claim_due(&self, limits: &DueLimits, holder: &Holder) -> Result<Vec<Due>>;

    /// Gives a holder more time for what it holds; one answer per lease, in order.
    async fn extend(&self, leases: &[Lease], until: UnixMillis) -> Result<Vec<Settled>>;

    /// Makes the parked entries of a pixel due now, but for those that wait for the operator ([`UnknownOutcome`](WaitReason::UnknownOutcome)); how many
    /// there were.
    async fn release_parked(&self, pixel: &PixelCode, now: UnixMillis) -> Result<u64>;

    /// Notes the end of reading an object. Doing it again replaces the note.
    async fn finish_object(&self, object: &str, end: &ObjectEnd, now: UnixMillis) -> Result<()>;

    /// The books of an object as they stand; `None` for an object that was never read.
    async fn receipt(&self, object: &str) -> Result<Option<Receipt>>;
}

/// The ledger, as the exporter uses it.
#[async_trait]
pub trait LedgerExport: Send + Sync {
    /// Entries that have changed since they were last marked as exported, the oldest change first.
    async fn export_batch(&self, limit: usize) -> Result<Vec<Record>>;

    /// Marks records as exported in the version given; an entry that has changed since stays due for export.
    async fn mark_exported(&self, records: &[Record]) -> Result<()>;
}

/// The ledger, as the operator and the dashboards use it.
#[async_trait]
pub trait LedgerAdmin: Send + Sync {
    /// Entries of a selection, at most `limit`, in an order that is the ledger's own and never changes, from after the entry of
    /// a key on: the key of the last one leads to the next ones.
    async fn select(
        &self,
        selection: &Selection,
        after: Option<&ConversionKey>,
        limit: usize,
    ) -> Result<Vec<Record>>;

    /// Gives entries another chance; one answer per reopening, in order. An entry that is still in the version given, and
    /// neither `reported` nor `in_flight`, becomes `retry`, due now, [`Reopened`](WaitReason::Reopened), for the pixel and deadline given, its failures
    /// forgotten and its accepted events remembered; any other stays as it is and answers [`Late`](Settled::Late).
    async fn reopen(&self, reopenings: &[Reopening], now: UnixMillis) -> Result<Vec<Settled>>;

    /// The attempts made for an entry, the oldest first; of many, the first is kept and the latest.
    async fn attempts(&self, key: &ConversionKey) -> Result<Vec<Attempt>>;

    /// The entries of a session, for one keyword or all.
    async fn find(&self, session_id: &str, keyword_clicked: Option<&str>) -> Result<Vec<Record>>;

    /// The latest objects that were read to their end or refused, with their books, the latest first.
    async fn receipts(&self, limit: usize) -> Result<Vec<ObjectReceipt>>;

    /// How many entries are in each state, and how many wait for export.
    async fn stats(&self) -> Result<LedgerStats>;
}

/// A whole ledger, for who opens one and hands its parts on.
pub trait Ledger: ReportLedger + LedgerExport + LedgerAdmin {}

impl<L: ReportLedger + LedgerExport + LedgerAdmin + ?Sized> Ledger for L {}

/// The ledger in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerStats {
    /// Entries by state; states without entries may be left out.
    pub states: Vec<StateCount>,
    /// Entries that have changed since their last export.
    pub unexported: u64,
    /// When the oldest change that waits for export was made.
    pub oldest_unexported: Option<UnixMillis>,
}
