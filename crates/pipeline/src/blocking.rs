//! Work that blocks: reading and decompressing files.

use tokio::task::JoinHandle;

/// Where work that blocks is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blocking {
    /// Beside the runtime, on threads that may block.
    #[default]
    Pool,
    /// At once, where it is asked for: nothing may run beside a simulation, or it could not be repeated.
    Caller,
}

/// Work that was begun.
#[derive(Debug)]
pub(crate) enum Begun<T> {
    Running(JoinHandle<T>),
    Done(T),
}

/// The work failed with a panic, which the log has.
#[derive(Debug)]
pub(crate) struct Panicked;

impl Blocking {
    /// Begins work; with a pool it goes on while the caller does something else.
    pub(crate) fn begin<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Begun<T> {
        match self {
            Self::Pool => Begun::Running(tokio::task::spawn_blocking(work)),
            Self::Caller => Begun::Done(work()),
        }
    }
}

impl<T> Begun<T> {
    /// What came of it.
    pub(crate) async fn end(self) -> Result<T, Panicked> {
        match self {
            Self::Running(task) => task.await.map_err(|_| Panicked),
            Self::Done(done) => Ok(done),
        }
    }
}
