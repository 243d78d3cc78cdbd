//! The ledger, with the online checker watching its promises. The operator's part is not simulated.

use adapter_embedded::ledger::EmbeddedLedger;
use async_trait::async_trait;
use domain::{ConversionKey, PixelRef, Receipt, UnixMillis};
use ports::ledger::{
    Claim, Due, DueLimits, Holder, Lease, LongestWaits, ObjectEnd, Record, RowClaim, Settled, Settlement,
};
use ports::{LedgerExport, ReportLedger, Result};

use super::Connection;
use crate::oracle::SharedChecker;
use crate::scheduler::VirtualClock;

/// The ledger, as one worker reaches it.
#[derive(Debug)]
pub(crate) struct FaultyLedger {
    pub(crate) connection: Connection,
    pub(crate) inner: EmbeddedLedger,
    pub(crate) checker: SharedChecker,
    /// The clock of this worker's process.
    pub(crate) clock: VirtualClock,
}

impl FaultyLedger {
    /// Notes on what this process works while it can only go by a clock that is wrong.
    fn note_clock<'k>(&self, keys: impl Iterator<Item = &'k ConversionKey>) {
        if self.clock.is_alone_and_wrong() {
            self.checker.lock().note_wrong_clock(keys);
        }
    }
}

#[async_trait]
impl ReportLedger for FaultyLedger {
    async fn claim(&self, rows: Vec<RowClaim>, holder: &Holder) -> Result<Vec<Claim>> {
        self.note_clock(rows.iter().map(|row| &row.key));
        let claim = || async {
            let claims = self.inner.claim(rows.clone(), holder).await?;
            let held = claims.iter().filter(|c| matches!(c, Claim::Held(_))).count();
            self.connection.record(format_args!(
                "claims {} rows for {}, {held} under a lease",
                claims.len(),
                holder.owner
            ));
            self.checker.lock().claimed(&rows, &claims, holder);
            Ok(claims)
        };
        self.connection.call("ledger", "ledger.claim", claim).await
    }

    async fn known(&self, keys: &[ConversionKey]) -> Result<Vec<bool>> {
        self.connection.call("ledger", "ledger.known", || self.inner.known(keys)).await
    }

    async fn settle(&self, settlements: Vec<Settlement>, holder: &Holder) -> Result<Vec<Settled>> {
        self.note_clock(settlements.iter().map(|settlement| &settlement.lease.key));
        let settle = || async {
            let settled = self.inner.settle(settlements.clone(), holder).await?;
            for (settlement, answer) in settlements.iter().zip(&settled) {
                self.connection.record(format_args!(
                    "settles {:?} attempt {} as {:?} with {}: {answer:?}",
                    settlement.lease.key, settlement.lease.attempt, settlement.settle, settlement.accepted
                ));
            }
            self.checker.lock().settled(&settlements, &settled, self.connection.scheduler.elapsed_ms());
            Ok(settled)
        };
        self.connection.call("ledger", "ledger.settle", settle).await
    }

    async fn claim_due(&self, limits: &DueLimits, holder: &Holder) -> Result<Vec<Due>> {
        let claim = || async {
            let due = self.inner.claim_due(limits, holder).await?;
            for one in &due {
                let lease = &one.lease;
                self.connection.record(format_args!("claims due {:?} attempt {}", lease.key, lease.attempt));
            }
            self.checker.lock().claimed_due(&due, holder);
            Ok(due)
        };
        let due = self.connection.call("ledger", "ledger.claim_due", claim).await?;
        self.note_clock(due.iter().map(|one| &one.lease.key));
        Ok(due)
    }

    async fn extend(&self, leases: &[Lease], until: UnixMillis) -> Result<Vec<Settled>> {
        let extend = || async {
            let held = self.inner.extend(leases, until).await?;
            self.connection.record(format_args!("renews {} leases: {held:?}", leases.len()));
            self.checker.lock().renewed(leases, until, &held);
            Ok(held)
        };
        self.connection.call("ledger", "ledger.extend", extend).await
    }

    async fn begin_sending(&self, leases: &[Lease], holder: &Holder) -> Result<Vec<Settled>> {
        self.note_clock(leases.iter().map(|lease| &lease.key));
        let begin = || async {
            let held = self.inner.begin_sending(leases, holder).await?;
            self.connection.record(format_args!("marks {} leases as being sent: {held:?}", leases.len()));
            let mut checker = self.checker.lock();
            checker.renewed(leases, holder.until, &held);
            checker.marked(leases, &held, self.connection.scheduler.elapsed_ms());
            Ok(held)
        };
        self.connection.call("ledger", "ledger.begin_sending", begin).await
    }

    async fn release_parked(&self, pixel: &PixelRef, now: UnixMillis) -> Result<u64> {
        let release = || async {
            let released = self.inner.release_parked(pixel, now).await?;
            self.connection.record(format_args!("releases {released} of {pixel}"));
            Ok(released)
        };
        self.connection.call("ledger", "ledger.release_parked", release).await
    }

    /// No operator takes part.
    async fn reopened(&self, _: &[PixelRef], _: UnixMillis) -> Result<Vec<PixelRef>> {
        Ok(Vec::new())
    }

    async fn release_put_off(&self, longest: &LongestWaits, now: UnixMillis) -> Result<u64> {
        let release = || async {
            let released = self.inner.release_put_off(longest, now).await?;
            self.connection.record(format_args!("makes due {released} that were put off"));
            self.checker.lock().released_put_off(longest, now);
            Ok(released)
        };
        self.connection.call("ledger", "ledger.release_put_off", release).await
    }

    async fn finish_object(&self, object: &str, end: &ObjectEnd, now: UnixMillis) -> Result<()> {
        let finish = || async {
            self.connection.record(format_args!("finishes {object}: {end:?}"));
            self.inner.finish_object(object, end, now).await
        };
        self.connection.call("ledger", "ledger.finish_object", finish).await
    }

    async fn receipt(&self, object: &str) -> Result<Option<Receipt>> {
        self.connection.call("ledger", "ledger.receipt", || self.inner.receipt(object)).await
    }
}

#[async_trait]
impl LedgerExport for FaultyLedger {
    async fn export_batch(&self, entries: usize, bytes: u64) -> Result<Vec<Record>> {
        let export = || self.inner.export_batch(entries, bytes);
        self.connection.call("ledger", "ledger.export_batch", export).await
    }

    async fn mark_exported(&self, records: &[Record]) -> Result<()> {
        self.connection.call("ledger", "ledger.mark_exported", || self.inner.mark_exported(records)).await
    }
}
