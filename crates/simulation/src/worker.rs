//! A worker process: it has its own runtime on the one thread, so that a crash drops all of its tasks wherever they are.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running process.
pub(crate) struct Process {
    runtime: Runtime,
    idle: Arc<IdleFlag>,
    stop: CancellationToken,
    main: JoinHandle<()>,
}

impl Process {
    /// Starts a process with its main task.
    pub(crate) fn start(
        main: impl FnOnce(CancellationToken) -> Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> Self {
        let idle = Arc::new(IdleFlag::default());
        let parked = Arc::clone(&idle);
        let runtime = Builder::new_current_thread()
            .on_thread_park(move || parked.set())
            .build()
            .expect("a runtime without input and output asks the system for nothing");
        let stop = CancellationToken::new();
        let main = runtime.spawn(main(stop.clone()));
        Self { runtime, idle, stop, main }
    }

    /// Runs its tasks until each of them waits.
    pub(crate) fn run(&self) {
        self.runtime.block_on(Idle(&self.idle));
    }

    /// Whether one of its tasks was woken from outside.
    pub(crate) fn is_woken(&self) -> bool {
        self.runtime.metrics().global_queue_depth() > 0
    }

    /// Asks it to stop, as SIGTERM does.
    pub(crate) fn terminate(&self) {
        self.stop.cancel();
    }

    /// Whether its main task has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.main.is_finished()
    }
}

/// Set when no task of a runtime can continue.
#[derive(Default)]
struct IdleFlag(Mutex<(bool, Option<Waker>)>);

impl IdleFlag {
    fn set(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

struct Idle<'f>(&'f IdleFlag);

impl Future for Idle<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.0) {
            return Poll::Ready(());
        }
        state.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The answer of a call that never waits: one to an embedded store in memory.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("an embedded store in memory waited for something"),
    }
}
