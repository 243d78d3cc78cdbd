//! Reports the conversions of filtered files: claim, send, settle.

mod backoff;
mod batch;
mod books;
mod conclude;
mod credentials;
pub mod due;
mod gate;
mod intake;
mod isolate;
mod lane;
pub mod lanes;
mod mutations;
mod prepared;
mod request;
mod round;
mod settle;
mod silence;

use std::sync::Arc;
use std::time::Duration;

use ports::ledger::{Holder, Restatements};
use ports::{BlobStore, Clock, Destination, HealthSink, MetricSink, ReportLedger, Rng};

pub use backoff::Backoff;
pub use intake::{CLAIM_ROWS, Intake};
pub use silence::Silence;

use crate::blocking::Blocking;
use crate::cached::Pixels;

/// What happens to events whose request may or may not have been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknown {
    /// Send them again under the same event ids.
    Resend,
    /// Park them for a person.
    Hold,
}

/// The rules that an operator sets.
#[derive(Debug, Clone)]
pub struct ReportConfig {
    /// Names this process among those that share the ledger.
    pub owner: String,
    /// How long a claim is this process's own without a sign of life. Renewed after a third of it, so a request must take
    /// less than two thirds.
    pub lease: Duration,
    /// The longest file that is read, in bytes after decompression.
    pub max_object_bytes: u64,
    /// Whether rows must bring the address of their page, because no default is configured.
    pub needs_source_url: bool,
    /// What happens when nobody can know whether events were taken.
    pub on_unknown: OnUnknown,
    /// What becomes of figures that outgrow what was reported.
    pub restatements: Restatements,
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// Rows that one claim takes to the ledger; [`CLAIM_ROWS`] unless something smaller is to be seen.
    pub claim_rows: usize,
    /// Where files are read.
    pub blocking: Blocking,
    /// The most requests that are under way to one pixel.
    pub requests_per_pixel: usize,
}

/// Everything that reporting works with.
pub struct Reporting {
    /// The rules that an operator sets.
    pub config: ReportConfig,
    /// Pixels and credentials.
    pub pixels: Arc<Pixels>,
    /// Where filtered files are.
    pub blobs: Arc<dyn BlobStore>,
    /// Where every row is entered before anything is sent.
    pub ledger: Arc<dyn ReportLedger>,
    /// Who is told.
    pub destination: Arc<dyn Destination>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for jitter.
    pub rng: Arc<dyn Rng>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// Whether the ledger, the pixel directory and the destination can be reached.
    pub health: Arc<dyn HealthSink>,
    /// Whether the destination answers.
    pub silence: Silence,
}

impl std::fmt::Debug for Reporting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporting").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Reporting {
    /// This process as a holder of leases that start now.
    fn holder(&self) -> Holder {
        let now = self.clock.now();
        Holder {
            owner: self.config.owner.clone(),
            now,
            until: now.plus(self.config.lease),
            restatements: self.config.restatements,
        }
    }
}
