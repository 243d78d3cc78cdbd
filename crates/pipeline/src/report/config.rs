//! The rules of reporting that an operator sets.

use std::time::Duration;

use domain::Money;
pub use ports::configuration::{OnUnknown, ZeroRevenue};
use ports::ledger::{LongestWaits, Restatements};

use row_files::RowLimits;

use super::backoff::Backoff;
use super::health::LONGEST_PAUSE;
use crate::blocking::Blocking;
use crate::memory::MemoryBudget;

/// Rows that one claim takes to the ledger.
pub const CLAIM_ROWS: usize = 500;

/// The rules that an operator sets.
#[derive(Debug, Clone)]
pub struct ReportConfig {
    /// Names this process among those that share the ledger.
    pub owner: String,
    /// How long a claim lasts without a heartbeat. It is renewed after a third of that, so a request must take less than two
    /// thirds.
    pub lease: Duration,
    /// The longest file that is read, in bytes after decompression.
    pub max_object_bytes: u64,
    /// The longest row that is read, and the most rows of a file; the filter's, so that whatever it passes on is taken.
    pub rows: RowLimits,
    /// What happens to events whose outcome is unknown.
    pub on_unknown: OnUnknown,
    /// What happens to figures that outgrow what was reported.
    pub restatements: Restatements,
    /// The most that one paid click may earn without the operator's consent.
    pub max_per_click: Money,
    /// What happens to paid clicks that earned nothing, when no row states their money.
    pub zero_revenue: ZeroRevenue,
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// Rows that one claim takes to the ledger; [`CLAIM_ROWS`] unless a test wants many small claims.
    pub claim_rows: usize,
    /// The memory that rows may take.
    pub memory: MemoryBudget,
    /// Where files are read.
    pub blocking: Blocking,
    /// The most requests that are in flight to one pixel.
    pub requests_per_pixel: usize,
}

impl ReportConfig {
    /// How long an entry waits at most when a clock that is right has written it.
    pub(super) fn longest_waits(&self) -> LongestWaits {
        // Pauses vary by chance, up to a half more.
        let ours = self.backoff.longest.max(self.backoff.probe) * 3 / 2;
        LongestWaits { lease: self.lease, pause: ours.max(LONGEST_PAUSE) }
    }
}
