//! Metrics that a task carries away.

use std::pin::Pin;
use std::sync::Arc;

use ports::MetricSink;
use tokio_util::sync::CancellationToken;

/// The task of an [`Upload`]: uploads until it is asked to stop, and once more then.
pub type Uploading = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A sink, and the task that carries away what it gathers.
pub struct Upload {
    /// Where measurements go.
    pub sink: Arc<dyn MetricSink>,
    /// Makes the task.
    pub run: Box<dyn FnOnce(CancellationToken) -> Uploading + Send + Sync>,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").finish_non_exhaustive()
    }
}
