//! The connections that are open: a bounded number, of which the oldest makes room.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};

/// The tasks that serve connections.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    /// The oldest first.
    open: VecDeque<AbortHandle>,
    tasks: JoinSet<()>,
}

impl Connections {
    /// None yet, and never more than `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most, open: VecDeque::new(), tasks: JoinSet::new() }
    }

    /// Serves one more. A new one never waits: the oldest is closed for it, because a client that behaves is done in no time.
    pub(super) fn add(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.open.retain(|task| !task.is_finished());
        if self.open.len() >= self.most
            && let Some(oldest) = self.open.pop_front()
        {
            oldest.abort();
        }
        self.open.push_back(self.tasks.spawn(connection));
    }

    /// Waits for them; what is still open after `grace` is closed.
    pub(super) async fn end(mut self, grace: Duration) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}
