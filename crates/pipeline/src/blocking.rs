//! Work that blocks: reading and decompressing files.

use tokio::task::JoinHandle;

/// Where work that blocks is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blocking {
    /// Beside the runtime, on threads that may block.
    #[default]
    Pool,
    /// At once, on the caller's thread: a simulation could not be repeated if anything ran beside it.
    Caller,
}

/// Work that was started.
#[derive(Debug)]
pub(crate) enum Task<T> {
    Running(JoinHandle<T>),
    Done(T),
}

/// The work failed with a panic, which the log has.
#[derive(Debug)]
pub(crate) struct Panicked;

impl Blocking {
    /// Starts work; with a pool it goes on while the caller does something else, and logs as part of the caller's span.
    pub(crate) fn spawn<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        match self {
            Self::Pool => {
                let span = tracing::Span::current();
                Task::Running(tokio::task::spawn_blocking(move || span.in_scope(work)))
            }
            Self::Caller => Task::Done(work()),
        }
    }
}

impl<T> Task<T> {
    /// Waits for the work's result.
    pub(crate) async fn join(self) -> Result<T, Panicked> {
        match self {
            Self::Running(task) => match task.await {
                Ok(done) => Ok(done),
                Err(error) if error.is_panic() => Err(Panicked),
                // The runtime is going down with this task: that says nothing about the file.
                Err(_) => std::future::pending().await,
            },
            Self::Done(done) => Ok(done),
        }
    }
}
