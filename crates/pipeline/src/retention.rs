//! What is personal leaves when its time is over: the ledger's texts, and files where no rule of the store removes them. (Analytics
//! is the optimizer's.)

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ports::ledger::ErasedStep;
use ports::metric::name;
use ports::{BlobStore, Clock, LedgerErasure, MetricSink, Result};
use tokio_util::sync::CancellationToken;

/// Entries that one step erases; others may write to the ledger between two steps.
const STEP: usize = 500;

/// Files that one step removes.
const FILES: usize = 1_000;

/// Before the first pass: a process that has just started has more urgent work.
const FIRST: Duration = Duration::from_secs(60);

/// Between two passes.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// Between two steps of a pass.
const PAUSE: Duration = Duration::from_millis(50);

/// The task that erases.
#[derive(Debug)]
pub struct Retention {
    /// Where texts of rows are.
    pub ledger: Arc<dyn LedgerErasure>,
    /// Where files are.
    pub blobs: Arc<dyn BlobStore>,
    /// The buckets of files with rows, and of what was said about them.
    pub buckets: Vec<String>,
    /// How long a text is kept after the deadline of its conversion, and a file after it was written.
    pub keep: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// Whether this process has overwritten what an earlier one may have left.
    scrubbed: AtomicBool,
}

/// What a pass erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetentionPass {
    /// Entries of the ledger that lost session, keyword and text.
    pub entries: u64,
    /// Entries among them that were still open and have expired.
    pub ended: u64,
    /// Files that were removed.
    pub files: u64,
}

impl Retention {
    /// Erases in these stores what is older than `keep`.
    #[must_use]
    pub fn new(
        (ledger, blobs): (Arc<dyn LedgerErasure>, Arc<dyn BlobStore>),
        buckets: Vec<String>,
        keep: Duration,
        clock: Arc<dyn Clock>,
        metrics: Arc<dyn MetricSink>,
    ) -> Self {
        Self { ledger, blobs, buckets, keep, clock, metrics, scrubbed: AtomicBool::new(false) }
    }

    /// Erases until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut wait = FIRST;
        while !stop.is_cancelled() {
            tokio::select! { biased; () = stop.cancelled() => return, () = self.clock.sleep(wait) => {} }
            wait = INTERVAL;
            // A pass that is given up goes on with the next: each of its steps is whole.
            let pass = tokio::select! { biased; () = stop.cancelled() => return, pass = self.pass() => pass };
            if let Err(error) = pass {
                tracing::warn!(error = ?error, "cannot erase what its time is over for; the next pass tries again");
            }
        }
    }

    /// Erases all whose time is over now. Nothing while the time is in doubt.
    ///
    /// # Errors
    /// The ledger's or the store's; what was erased before stays so.
    pub async fn pass(&self) -> Result<RetentionPass> {
        let mut pass = RetentionPass::default();
        if let Some(doubt) = self.clock.doubt() {
            tracing::info!(?doubt, "nothing is erased while the time is in doubt");
            return Ok(pass);
        }
        let result = self.erase(&mut pass).await;
        let RetentionPass { entries, ended, files } = pass;
        for (store, erased) in [("ledger", entries), ("files", files)] {
            self.metrics.count(name::ERASED, &[("store", store)], erased);
        }
        if pass != RetentionPass::default() {
            tracing::info!(
                entries,
                ended,
                files,
                days = self.keep.as_secs() / 86_400,
                "personal data erased: its time is over"
            );
        }
        result.map(|()| pass)
    }

    async fn erase(&self, pass: &mut RetentionPass) -> Result<()> {
        let now = self.clock.now();
        let until = now.minus(self.keep);
        loop {
            let ErasedStep { erased, ended, more } = self.ledger.erase_until(until, now, STEP).await?;
            pass.entries += erased;
            pass.ended += ended;
            if !more {
                break;
            }
            self.clock.sleep(PAUSE).await;
        }
        for bucket in &self.buckets {
            loop {
                let removed = self.blobs.remove_until(bucket, until, FILES).await?;
                pass.files += removed;
                if removed < FILES as u64 {
                    break;
                }
                self.clock.sleep(PAUSE).await;
            }
        }
        if pass.entries > 0 || !self.scrubbed.load(Ordering::Relaxed) {
            let mut from = Some(0);
            while let Some(page) = from {
                from = self.ledger.scrub(page).await?;
                self.clock.sleep(PAUSE).await;
            }
            self.scrubbed.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}
