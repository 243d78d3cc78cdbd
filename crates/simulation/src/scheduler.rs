//! The scheduler of a run: it owns virtual time and wakes waiting tasks, one at a time, in an order that only the seed
//! decides.
//!
//! A task that sleeps or calls a port waits here. When no task can run, [`Scheduler::wake_next`] picks one of the waiters
//! that are due. When none is due, [`Scheduler::advance`] moves virtual time to the first that will be.

mod clock;
mod fault;
mod wait;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use clock::VirtualClock;
pub(crate) use fault::{Fault, FaultKind, Faults};
pub(crate) use wait::{Wait, Waiting};

use crate::chance::{Chance, Purpose};
use crate::trace::Trace;

/// Wall clock at the beginning of each run: 2025-11-22T08:26:40Z.
pub(crate) const BEGIN_MS: i64 = 1_763_800_000_000;

/// After so many advances in which nothing happened, time leaps further than the waiters asked: `Clock::sleep` may return
/// late, and a thousand polls of empty queues test nothing.
const IDLE_ADVANCES: u32 = 40;

/// The same in a pause of days, where every leap is so long.
const IDLE_ADVANCES_IN_PAUSE: u32 = 4;
const LEAP_IN_PAUSE_MS: i64 = 40 * 60 * 1_000;

/// The longest of these leaps.
const LONGEST_LEAP_MS: i64 = 10 * 60 * 1_000;

/// The state that the workers of a run share.
pub(crate) struct Core {
    /// Milliseconds since the run began. Never goes back.
    pub(crate) elapsed_ms: i64,
    /// By how much the wall clock of every worker differs from the true time.
    pub(crate) clock_offset_ms: i64,
    /// The same for single workers, in addition.
    pub(crate) skew_ms: Vec<i64>,
    /// Workers whose process a message has just ended.
    pub(crate) dying: BTreeSet<usize>,
    pub(crate) waiting: Waiting,
    pub(crate) faults: Faults,
    pub(crate) trace: Trace,
    /// A pause of days is under way.
    pub(crate) in_pause: bool,
    order: Chance,
    idle_advances: u32,
    leap_ms: i64,
}

/// A handle to the scheduler; clones share it.
#[derive(Clone)]
pub(crate) struct Scheduler(Arc<Mutex<Core>>);

impl std::fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scheduler").finish_non_exhaustive()
    }
}

impl Scheduler {
    pub(crate) fn new(seed: u64, workers: usize, faults: Faults, shown: bool) -> Self {
        Self(Arc::new(Mutex::new(Core {
            elapsed_ms: 0,
            clock_offset_ms: 0,
            skew_ms: vec![0; workers],
            dying: BTreeSet::new(),
            waiting: Waiting::default(),
            faults,
            trace: Trace::new(shown),
            in_pause: false,
            order: Chance::new(seed, Purpose::Order),
            idle_advances: 0,
            leap_ms: 0,
        })))
    }

    /// The shared state. One thread runs a simulation, so this lock is always free.
    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn elapsed_ms(&self) -> i64 {
        self.core().elapsed_ms
    }

    pub(crate) fn trace(&self, what: std::fmt::Arguments<'_>) {
        let mut core = self.core();
        let elapsed_ms = core.elapsed_ms;
        core.trace.add(elapsed_ms, what);
    }

    /// Notes that something happened, so that time moves in small steps again.
    pub(crate) fn note_activity(&self) {
        let mut core = self.core();
        (core.idle_advances, core.leap_ms) = (0, 0);
    }

    /// Wakes one waiter that is due; `false` when none is.
    pub(crate) fn wake_next(&self) -> bool {
        let mut core = self.core();
        let elapsed_ms = core.elapsed_ms;
        let ready = core.waiting.due(elapsed_ms);
        if ready.is_empty() {
            return false;
        }
        let index = core.order.index(ready.len());
        let waker = core.waiting.release(ready[index]);
        drop(core);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Moves time to the first waiter, but not beyond `limit_ms`.
    pub(crate) fn advance(&self, limit_ms: i64) {
        let mut core = self.core();
        core.idle_advances += 1;
        if core.in_pause && core.idle_advances > IDLE_ADVANCES_IN_PAUSE {
            core.leap_ms = LEAP_IN_PAUSE_MS;
        } else if core.idle_advances > IDLE_ADVANCES {
            core.leap_ms = (core.leap_ms * 2).clamp(1_000, LONGEST_LEAP_MS);
        }
        let first = core.waiting.first().unwrap_or(limit_ms);
        let leapt = first.max(core.elapsed_ms + core.leap_ms);
        core.elapsed_ms = leapt.min(limit_ms).max(core.elapsed_ms);
    }
}

impl Core {
    /// Whether a worker's clock is so wrong that a process which starts with it cannot judge ages.
    pub(crate) fn is_off(&self, worker: usize) -> bool {
        (self.wall_ms(Some(worker)) - BEGIN_MS - self.elapsed_ms).abs() > 30_000
    }

    /// The wall clock of a worker, or of the servers for `None`.
    pub(crate) fn wall_ms(&self, worker: Option<usize>) -> i64 {
        // The servers' clocks are right.
        let off_ms = worker.map_or(0, |w| self.clock_offset_ms + self.skew_ms[w]);
        BEGIN_MS + self.elapsed_ms + off_ms
    }
}
