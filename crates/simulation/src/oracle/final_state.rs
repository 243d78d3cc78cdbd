//! The state that the final check reads.

use adapter_embedded::analytics::EmbeddedAnalytics;
use adapter_embedded::blob::FolderBlobStore;
use adapter_embedded::ledger::EmbeddedLedger;
use adapter_embedded::queue::EmbeddedQueue;

use crate::world::Rules;

/// The backends at the end of a run.
pub(crate) struct FinalState<'w> {
    pub(crate) trigger: &'w EmbeddedQueue,
    pub(crate) report: &'w EmbeddedQueue,
    pub(crate) blobs: &'w FolderBlobStore,
    pub(crate) ledger: &'w EmbeddedLedger,
    pub(crate) analytics: &'w EmbeddedAnalytics,
    pub(crate) rules: Rules,
}

/// A broken rule, in words.
pub(super) type Violation = String;
