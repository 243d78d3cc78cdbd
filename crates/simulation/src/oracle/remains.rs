//! What the verdict is given over.

use adapter_embedded::analytics::EmbeddedAnalytics;
use adapter_embedded::blob::FolderBlobStore;
use adapter_embedded::ledger::EmbeddedLedger;
use adapter_embedded::queue::EmbeddedQueue;

use crate::world::Rules;

/// What a run leaves behind.
pub(crate) struct Remains<'w> {
    pub(crate) trigger: &'w EmbeddedQueue,
    pub(crate) report: &'w EmbeddedQueue,
    pub(crate) blobs: &'w FolderBlobStore,
    pub(crate) ledger: &'w EmbeddedLedger,
    pub(crate) analytics: &'w EmbeddedAnalytics,
    pub(crate) rules: Rules,
}

/// A rule that does not hold, in words.
pub(super) type Broken = String;
