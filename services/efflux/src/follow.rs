//! Follows a file from the trigger queue to its last outcome.

use std::time::Duration;

use domain::object::FileKeys;
use domain::receipt::{FilterReceipt, Receipt};
use domain::{ObjectRef, Outcome};
use ports::{BlobStore, Clock, ReportLedger};
use serde::Serialize;

/// Pause between two polls.
pub(crate) const POLL: Duration = Duration::from_millis(150);

/// A receipt is a few hundred bytes; a larger object is not a receipt.
pub(crate) const MAX_RECEIPT_BYTES: u64 = 1 << 20;

/// The receipts of one file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Followed {
    /// The interpreted file.
    pub(crate) object: ObjectRef,
    /// The filter's receipt; absent until the filter has processed the file.
    pub(crate) filter: Option<FilterReceipt>,
    /// The reporter's receipt; absent when no row passed the filter, or until the reporter has processed the file.
    pub(crate) report: Option<Receipt>,
    /// Conversions of other files that it states again and that are open. Known once it has been followed to its end.
    #[serde(skip)]
    pub(crate) open_duplicates: OpenDuplicates,
}

/// Open conversions that a file states and that another file entered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OpenDuplicates {
    /// They wait for the operator, a credential, or their money.
    pub(crate) parked: u64,
    /// They are sent, or tried again, without the operator.
    pub(crate) on_their_way: u64,
}

impl OpenDuplicates {
    /// All of them.
    pub(crate) const fn all(self) -> u64 {
        self.parked + self.on_their_way
    }
}

impl Followed {
    /// Whether the receipts reconcile: each row has exactly one outcome.
    pub(crate) fn balances(&self) -> bool {
        match (&self.filter, &self.report) {
            (Some(filter), _) if filter.refused.is_some() => false,
            (Some(filter), None) => filter.balances() && filter.kept == 0,
            (Some(filter), Some(report)) => {
                filter.balances()
                    && report.refused.is_none()
                    && report.balances()
                    && report.rows_in == filter.kept
            }
            (None, _) => false,
        }
    }

    /// Why the file looks wrong as a whole; empty when it does not.
    pub(crate) fn suspicious(&self) -> Vec<String> {
        let mut all = self.filter.as_ref().map_or_else(Vec::new, |filter| filter.suspicious.clone());
        if self.report.as_ref().is_some_and(Receipt::is_all_invalid) {
            all.push("every row that was passed on is invalid".to_owned());
        }
        all
    }

    /// Whether the filter holds the file for the operator.
    pub(crate) fn is_held(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.held)
    }

    /// Rows that are still open.
    pub(crate) fn open(&self) -> u64 {
        self.report.as_ref().map_or(0, Receipt::open)
    }

    /// Whether something that it states is still to be sent.
    pub(crate) fn is_open(&self) -> bool {
        self.open() + self.open_duplicates.all() > 0
    }

    /// Whether it has rows, and none of them was reported or can be: all were left out or are at an end.
    pub(crate) fn is_without_effect(&self) -> bool {
        let Some(filter) = self.filter.as_ref().filter(|filter| filter.rows_in > 0) else { return false };
        match &self.report {
            None => filter.output.is_none() && !filter.held,
            Some(report) => {
                report.complete
                    && report.open() + report.rows(Outcome::Reported) + report.rows(Outcome::Duplicate) == 0
            }
        }
    }

    /// Why the file was refused whole, if it was.
    pub(crate) fn refused(&self) -> Option<&str> {
        let by_filter = self.filter.as_ref().and_then(|f| f.refused.as_deref());
        by_filter.or_else(|| self.report.as_ref().and_then(|r| r.refused.as_deref()))
    }

    /// Whether the receipts can still change without the operator.
    fn is_in_progress(&self) -> bool {
        match (&self.filter, &self.report) {
            (None, _) => true,
            (Some(filter), _) if filter.output.is_none() => false,
            (Some(_), None) => true,
            (Some(_), Some(report)) if report.refused.is_some() => false,
            (Some(_), Some(report)) => !report.complete || report.open() > report.rows(Outcome::Parked),
        }
    }
}

/// Where files are followed.
#[derive(Clone, Copy)]
pub(crate) struct Places<'p> {
    pub(crate) blobs: &'p dyn BlobStore,
    pub(crate) ledger: &'p dyn ReportLedger,
    pub(crate) clock: &'p dyn Clock,
    pub(crate) report_bucket: &'p str,
}

impl Places<'_> {
    /// Follows a file until its receipts change no more, or `timeout` has passed. Calls `seen` after every poll.
    pub(crate) async fn follow(
        &self,
        object: &ObjectRef,
        timeout: Duration,
        mut seen: impl FnMut(&Followed),
    ) -> ports::Result<Followed> {
        let give_up = self.clock.now().plus(timeout);
        loop {
            let followed = self.poll(object).await?;
            seen(&followed);
            if !followed.is_in_progress() || self.clock.now() >= give_up {
                return Ok(followed);
            }
            self.clock.sleep(POLL).await;
        }
    }

    async fn poll(&self, object: &ObjectRef) -> ports::Result<Followed> {
        let at = ObjectRef::new(self.report_bucket, FileKeys::of_interpreted(object).receipt());
        let filter: Option<FilterReceipt> = match self.blobs.get(&at, MAX_RECEIPT_BYTES).await? {
            None => None,
            Some(mut blob) => blob.bytes().ok().and_then(|json| serde_json::from_slice(&json).ok()),
        };
        let report = match filter.as_ref().and_then(|f| f.output.as_ref()) {
            None => None,
            Some(output) => self.ledger.receipt(&output.id()).await?,
        };
        Ok(Followed { object: object.clone(), filter, report, open_duplicates: OpenDuplicates::default() })
    }
}
