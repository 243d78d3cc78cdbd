//! The ledger: one entry per conversion, written before anything is sent and settled afterwards.
//!
//! An entry is `in_flight` while a worker holds its lease. Only the holder of the latest lease may settle it. An entry that is not
//! at an end has a due time. [`ReportLedger::claim_due`] hands it out again when that has come: after a crash, because the lease ran
//! out; after a transient failure; or while a pixel has no working credential.
//!
//! What a claim and a settlement do to an entry is decided in [`rules`], for all ledgers alike.

mod checksum;
mod claim;
mod erasure;
mod longest_waits;
mod maybe_received;
mod object;
mod positions;
mod reason;
mod record;
mod row;
pub mod rules;
mod settlement;
mod waiting;

use std::fmt;

use async_trait::async_trait;
use domain::{ConversionKey, PixelRef, Receipt, UnixMillis};

pub use checksum::checksum;
pub use claim::{Claim, Due, DueLimits, Holder, Lease, Portion, Restatements};
pub use erasure::{
    Erased, ErasedEntry, ErasedStep, Erasure, LedgerErasure, NotAnErasure, PersonalText, TextsOf, erased_text,
};
pub use longest_waits::LongestWaits;
pub use maybe_received::MaybeReceived;
pub use object::{ObjectEnd, ObjectReceipt};
pub use positions::Positions;
pub use reason::{WaitReason, odd_amount};
pub use record::{LedgerStats, Record, Reopening, Selection, StateCount};
pub use row::{RowClaim, RowVerdict, Source};
pub use settlement::{Attempt, Settle, SettleLater, Settled, Settlement};
pub use waiting::{OpenEntries, Waiting, WaitingSums};

use crate::Result;

/// The ledger, as the reporter uses it.
#[async_trait]
pub trait ReportLedger: fmt::Debug + Send + Sync {
    /// Enters rows and claims those that are to be sent; one answer per row, in order.
    ///
    /// Durable when it returns. Costs a fixed number of round trips. Two callers never both get [`Held`](Claim::Held) for one key
    /// while its lease runs. Several rows of one key in one call: the first that can be sent brings the conversion, else the first
    /// that [waits](RowVerdict::Waits); the others are duplicates. For each row:
    ///
    /// - a new key: entered in the row's state; `Held` when sendable, else `Stands`;
    /// - the same source (object and row) as the entry's, which is a redelivered message: `Stands` with the entry's state;
    /// - another source, and the row is better than the entry's, of which nothing was ever sent: the row takes the entry over. A row
    ///   that can be sent is better than one that waits with an implausible amount, that one is better than one that waits for
    ///   money, and any of these than one that is `invalid` or has no events. The earlier row keeps its outcome, by which its
    ///   object's receipt counts it; one that waited is `invalid` from then on;
    /// - another source otherwise: [`Duplicate`](Claim::Duplicate). Its figures are kept as observed. Money that is still to be
    ///   reported ([`rules::Increment`]) makes a `reported` entry `retry`, due now, with a [`Portion::Increment`], or parks it when
    ///   it is implausible. The row is a duplicate all the same: another row brought its conversion.
    async fn claim(&self, rows: Vec<RowClaim>, holder: &Holder) -> Result<Vec<Claim>>;

    /// Which of these keys have entries; one answer per key, in order. Costs one round trip, and is asked for few keys: those under
    /// which an earlier version may have entered a row ([`ConversionKey::possible`]).
    async fn known(&self, keys: &[ConversionKey]) -> Result<Vec<bool>>;

    /// Writes outcomes; one answer per settlement, in order. Each is remembered as an [`Attempt`].
    ///
    /// An entry that is settled as reported while a row has stated money that is still to be reported becomes `retry`, due now,
    /// [`Restated`](WaitReason::Restated), with a [`Portion::Increment`]; or it is parked, when that money is implausible.
    async fn settle(&self, settlements: Vec<Settlement>, holder: &Holder) -> Result<Vec<Settled>>;

    /// Claims due work within limits: leases that ran out, retries and parked entries whose time has come, and
    /// whatever waits past its deadline. The nearest deadline first, in the answer and in the choice among a pixel's.
    ///
    /// An entry that cannot be read, or whose text has changed since it was stored, is set aside: it is parked as
    /// [`Damaged`](WaitReason::Damaged), never sent, and keeps no other from being handed out.
    ///
    /// Its cost depends on the due work, not on what waits or is at an end.
    async fn claim_due(&self, limits: &DueLimits, holder: &Holder) -> Result<Vec<Due>>;

    /// Renews a holder's leases; one answer per lease, in order.
    async fn extend(&self, leases: &[Lease], until: UnixMillis) -> Result<Vec<Settled>>;

    /// Renews a holder's leases right before a request leaves, and marks their entries: from the holder's present on the
    /// platform may have their events ([`MaybeReceived`]). A mark that is there stays as it is. One answer per lease, in order.
    ///
    /// Durable when it returns. Costs as many round trips as [`extend`](Self::extend).
    async fn begin_sending(&self, leases: &[Lease], holder: &Holder) -> Result<Vec<Settled>>;

    /// Makes the parked entries of a pixel due now, but for those that no credential helps
    /// ([`WITHOUT_CREDENTIAL`](WaitReason::WITHOUT_CREDENTIAL)); how many there were.
    async fn release_parked(&self, pixel: &PixelRef, now: UnixMillis) -> Result<u64>;

    /// Those of these pixels of which an entry is due that the operator has given another chance
    /// ([`Reopened`](WaitReason::Reopened)): a paused pixel is probed then. Costs one round trip, and depends on what is due, not on
    /// what waits. When very much is due, a pixel may be found only by a later call, once others have been claimed.
    async fn reopened(&self, pixels: &[PixelRef], now: UnixMillis) -> Result<Vec<PixelRef>>;

    /// Makes due now what only a wrong clock can have put off so far ([`rules::PutOff`]), leases that end too late among it; how many
    /// entries there were. They stay in their state, as when their time had come.
    ///
    /// For a caller whose own clock is right. Its cost grows with the number of entries that are not due yet; it goes in steps, so
    /// that others work meanwhile.
    async fn release_put_off(&self, longest: &LongestWaits, now: UnixMillis) -> Result<u64>;

    /// Notes the end of reading an object. Doing it again replaces the note.
    async fn finish_object(&self, object: &str, end: &ObjectEnd, now: UnixMillis) -> Result<()>;

    /// The receipt of an object as it stands; `None` for an object that was never read.
    async fn receipt(&self, object: &str) -> Result<Option<Receipt>>;
}

/// The ledger, as the exporter uses it.
#[async_trait]
pub trait LedgerExport: fmt::Debug + Send + Sync {
    /// Entries that have changed since they were last marked as exported, the oldest change first: at most so many, and with so many
    /// bytes of rows' text, but that the last one may go beyond that.
    async fn export_batch(&self, entries: usize, bytes: u64) -> Result<Vec<Record>>;

    /// Marks records as exported in the version given; an entry that has changed since stays due for export.
    async fn mark_exported(&self, records: &[Record]) -> Result<()>;
}

/// The ledger, as the operator and the gauges use it.
#[async_trait]
pub trait LedgerAdmin: fmt::Debug + Send + Sync {
    /// Entries of a selection, at most `limit`, in an order that is the ledger's own and never changes, from after the entry of
    /// a key on: the key of the last one leads to the next ones. An entry that cannot be read is left out, is named in the log, and
    /// takes no place: an empty answer is the end.
    async fn select(
        &self,
        selection: &Selection,
        after: Option<&ConversionKey>,
        limit: usize,
    ) -> Result<Vec<Record>>;

    /// Gives entries another chance; one answer per reopening, in order. An entry that is still in the version given, and
    /// neither `reported` nor `in_flight`, becomes `retry`, due now, [`Reopened`](WaitReason::Reopened), for the pixel and deadline
    /// given, its failures forgotten and its accepted events remembered. One that was parked
    /// as [`UnknownOutcome`](WaitReason::UnknownOutcome) loses its [`MaybeReceived`]: the operator has decided that it is sent
    /// again. Any other stays as it is and answers [`Late`](Settled::Late).
    async fn reopen(&self, reopenings: &[Reopening], now: UnixMillis) -> Result<Vec<Settled>>;

    /// The attempts made for an entry, the oldest first; of many, the first is kept and the latest.
    async fn attempts(&self, key: &ConversionKey) -> Result<Vec<Attempt>>;

    /// The entries of a session, for one keyword or all. One whose session was erased is found by its key: if the keyword is given, or
    /// there was none.
    async fn find(&self, session_id: &str, keyword_clicked: Option<&str>) -> Result<Vec<Record>>;

    /// The latest objects that were read to their end or refused, with their receipts, the latest first. An entry whose state cannot be
    /// read counts as parked and [`Damaged`](WaitReason::Damaged), and an amount that cannot be read as none.
    async fn receipts(&self, limit: usize) -> Result<Vec<ObjectReceipt>>;

    /// How many entries are in each state, and how many wait for export.
    async fn stats(&self) -> Result<LedgerStats>;

    /// The money of all open entries by pixel, state and reason, and how much of it has its deadline before `until`; an entry that
    /// cannot be read is left out. What it costs
    /// grows with the number of open entries, and with nothing else.
    async fn waiting(&self, until: UnixMillis) -> Result<Vec<Waiting>>;
}

/// A whole ledger: what an adapter implements, and what is opened before its parts are handed to their users.
pub trait Ledger: ReportLedger + LedgerExport + LedgerAdmin + LedgerErasure {}

impl<L: ReportLedger + LedgerExport + LedgerAdmin + LedgerErasure + ?Sized> Ledger for L {}
