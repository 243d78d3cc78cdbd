//! Waiting tasks: each waits for its time, and then for its turn.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::Scheduler;

/// All waiters, by number.
#[derive(Default)]
pub(crate) struct Waiting {
    last: u64,
    waiters: BTreeMap<u64, Waiter>,
}

struct Waiter {
    not_before_ms: i64,
    released: bool,
    waker: Option<Waker>,
}

impl Waiting {
    fn add(&mut self, not_before_ms: i64) -> u64 {
        self.last += 1;
        self.waiters.insert(self.last, Waiter { not_before_ms, released: false, waker: None });
        self.last
    }

    /// The waiters that are due, in the order in which they began to wait.
    pub(super) fn due(&self, elapsed_ms: i64) -> Vec<u64> {
        let due = self.waiters.iter().filter(|(_, w)| !w.released && w.not_before_ms <= elapsed_ms);
        due.map(|(number, _)| *number).collect()
    }

    /// When the first waiter is due.
    pub(super) fn first(&self) -> Option<i64> {
        self.waiters.values().filter(|w| !w.released).map(|w| w.not_before_ms).min()
    }

    /// Gives a waiter its turn.
    pub(super) fn release(&mut self, number: u64) -> Option<Waker> {
        let waiter = self.waiters.get_mut(&number)?;
        waiter.released = true;
        waiter.waker.take()
    }
}

/// A task's wait; dropping it ends the wait.
pub(crate) struct Wait {
    scheduler: Scheduler,
    number: u64,
}

impl Wait {
    /// Begins to wait for a time from now, and then for a turn.
    pub(crate) fn new(scheduler: &Scheduler, time_ms: i64) -> Self {
        let mut core = scheduler.core();
        let not_before_ms = core.elapsed_ms.saturating_add(time_ms);
        let number = core.waiting.add(not_before_ms);
        drop(core);
        Self { scheduler: scheduler.clone(), number }
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut core = self.scheduler.core();
        match core.waiting.waiters.get_mut(&self.number) {
            Some(waiter) if !waiter.released => {
                waiter.waker = Some(context.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.scheduler.core().waiting.waiters.remove(&self.number);
    }
}
