//! The stage on which a run plays: virtual time, and one place where everything that waits is woken, one at a time, in an
//! order that only the seed decides.
//!
//! Whoever sleeps and whoever calls a port waits here. When nothing can run any more, [`Stage::next`] picks one of those
//! whose time has come; when there is none, time moves on to the first.

mod clock;
mod fate;
mod wait;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use clock::StageClock;
pub(crate) use fate::{Fate, Faults, Kind};
pub(crate) use wait::{Wait, Waiting};

use crate::chance::{Chance, Purpose};
use crate::trace::Trace;

/// Wall clock at the beginning of each run: 2025-11-22T08:26:40Z.
pub(crate) const BEGIN_MS: i64 = 1_763_800_000_000;

/// Advances of time without anything happening after which waiters are let sleep longer than they asked: `Clock::sleep`
/// may return late, and nothing is learned from a thousand looks at empty queues.
const IDLE_ADVANCES: u32 = 40;

/// The longest of these sleeps.
const LONGEST_LEAP_MS: i64 = 10 * 60 * 1_000;

/// All that is shared by the workers of a run.
pub(crate) struct Core {
    /// Milliseconds since the run began. Never goes back.
    pub(crate) elapsed_ms: i64,
    /// What the wall clock of everybody differs by from the time that really passed.
    pub(crate) clock_offset_ms: i64,
    /// The same for single workers.
    pub(crate) skew_ms: Vec<i64>,
    pub(crate) waiting: Waiting,
    pub(crate) faults: Faults,
    pub(crate) trace: Trace,
    order: Chance,
    idle_advances: u32,
    leap_ms: i64,
}

/// A handle to the stage; clones share it.
#[derive(Clone)]
pub(crate) struct Stage(Arc<Mutex<Core>>);

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").finish_non_exhaustive()
    }
}

impl Stage {
    pub(crate) fn new(seed: u64, workers: usize, faults: Faults, shown: bool) -> Self {
        Self(Arc::new(Mutex::new(Core {
            elapsed_ms: 0,
            clock_offset_ms: 0,
            skew_ms: vec![0; workers],
            waiting: Waiting::default(),
            faults,
            trace: Trace::new(shown),
            order: Chance::new(seed, Purpose::Order),
            idle_advances: 0,
            leap_ms: 0,
        })))
    }

    /// The core. One thread runs a simulation, so nobody ever waits for this lock.
    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn elapsed_ms(&self) -> i64 {
        self.core().elapsed_ms
    }

    pub(crate) fn trace(&self, what: std::fmt::Arguments<'_>) {
        let mut core = self.core();
        let elapsed_ms = core.elapsed_ms;
        core.trace.line(elapsed_ms, what);
    }

    /// Notes that something happened, so that time goes on in small steps.
    pub(crate) fn stir(&self) {
        let mut core = self.core();
        (core.idle_advances, core.leap_ms) = (0, 0);
    }

    /// Lets one of those continue whose time has come; `false` when nobody's has.
    pub(crate) fn next(&self) -> bool {
        let mut core = self.core();
        let elapsed_ms = core.elapsed_ms;
        let ready = core.waiting.due(elapsed_ms);
        if ready.is_empty() {
            return false;
        }
        let place = core.order.place(ready.len());
        let waker = core.waiting.release(ready[place]);
        drop(core);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Moves time on to the first who waits, but not beyond `limit_ms`.
    pub(crate) fn advance(&self, limit_ms: i64) {
        let mut core = self.core();
        core.idle_advances += 1;
        if core.idle_advances > IDLE_ADVANCES {
            core.leap_ms = (core.leap_ms * 2).clamp(1_000, LONGEST_LEAP_MS);
        }
        let first = core.waiting.first().unwrap_or(limit_ms);
        let leapt = first.max(core.elapsed_ms + core.leap_ms);
        core.elapsed_ms = leapt.min(limit_ms).max(core.elapsed_ms);
    }
}

impl Core {
    /// The wall clock of a worker; of the servers when there is none.
    pub(crate) fn wall_ms(&self, worker: Option<usize>) -> i64 {
        let skew_ms = worker.map_or(0, |w| self.skew_ms[w]);
        BEGIN_MS + self.elapsed_ms + self.clock_offset_ms + skew_ms
    }
}
