//! Two processes have the same file at once, as when a message comes again while it is still handled.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use adapter_embedded::ledger::EmbeddedLedger;
use async_trait::async_trait;
use domain::{ConversionKey, Outcome, PixelRef, Receipt, UnixMillis};
use pipeline::worker::{Handled, Handler};
use ports::ledger::{
    Claim, Due, DueLimits, Holder, Lease, LongestWaits, ObjectEnd, RowClaim, Settled, Settlement,
};
use ports::{ReportLedger, Result};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::world::World;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The ledger for a process that is stopped for a while when it has read the file and has not yet noted it.
struct Stopped {
    ledger: Arc<EmbeddedLedger>,
    meanwhile: Mutex<Option<Work>>,
}

impl fmt::Debug for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stopped")
    }
}

#[async_trait]
impl ReportLedger for Stopped {
    async fn claim(&self, rows: Vec<RowClaim>, holder: &Holder) -> Result<Vec<Claim>> {
        self.ledger.claim(rows, holder).await
    }

    async fn known(&self, keys: &[ConversionKey]) -> Result<Vec<bool>> {
        self.ledger.known(keys).await
    }

    async fn settle(&self, settlements: Vec<Settlement>, holder: &Holder) -> Result<Vec<Settled>> {
        self.ledger.settle(settlements, holder).await
    }

    async fn claim_due(&self, limits: &DueLimits, holder: &Holder) -> Result<Vec<Due>> {
        self.ledger.claim_due(limits, holder).await
    }

    async fn extend(&self, leases: &[Lease], until: UnixMillis) -> Result<Vec<Settled>> {
        self.ledger.extend(leases, until).await
    }

    async fn begin_sending(&self, leases: &[Lease], holder: &Holder) -> Result<Vec<Settled>> {
        self.ledger.begin_sending(leases, holder).await
    }

    async fn release_parked(&self, pixel: &PixelRef, now: UnixMillis) -> Result<u64> {
        self.ledger.release_parked(pixel, now).await
    }

    async fn reopened(&self, pixels: &[PixelRef], now: UnixMillis) -> Result<Vec<PixelRef>> {
        self.ledger.reopened(pixels, now).await
    }

    async fn release_put_off(&self, longest: &LongestWaits, now: UnixMillis) -> Result<u64> {
        self.ledger.release_put_off(longest, now).await
    }

    async fn finish_object(&self, object: &str, end: &ObjectEnd, now: UnixMillis) -> Result<()> {
        if let Some(work) = self.meanwhile.lock().await.take() {
            work.await;
        }
        self.ledger.finish_object(object, end, now).await
    }

    async fn receipt(&self, object: &str) -> Result<Option<Receipt>> {
        self.ledger.receipt(object).await
    }
}

#[tokio::test]
async fn the_one_that_knew_less_does_not_spoil_the_books_of_the_other() {
    let world = Arc::new(World::new().await);
    // Two rows of one conversion.
    let row = world.rows(1, 1, &["44"]).remove(0);
    let object = world.put("a", &[row.clone(), row]).await;
    let other = Arc::clone(&world);
    let at = object.clone();
    let meanwhile: Work = Box::pin(async move {
        other.sandbox.set_tokens("44", &["token-44"]);
        other.tokens("44", &["token-44"]).await;
        assert_eq!(other.handle(&at).await, Handled::Done);
        other.lanes.drain().await;
    });
    let ledger = Stopped { ledger: Arc::clone(&world.ledger), meanwhile: Mutex::new(Some(meanwhile)) };
    let slow = world.other_intake(Arc::new(ledger));
    let body = ports::notification::object_created(&object, 1, "now");
    let handled = slow.handle(&world.delivery(&body), &CancellationToken::new()).await;
    assert_eq!(handled, Handled::Done);
    let receipt = world.receipt(&object).await;
    assert_eq!((receipt.rows(Outcome::Invalid), receipt.rows(Outcome::Reported)), (1, 1), "{receipt:?}");
}
