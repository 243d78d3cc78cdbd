//! What all connections share.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::books::ledger::Ledger;
use crate::clock::SandboxClock;
use crate::faults::book::FaultBook;
use crate::faults::fault::FaultAction;
use crate::faults::glance::{Glance, Stage};
use crate::tokens::Tokens;

/// What the shared part of a sandbox is started with.
pub struct SharedConfig {
    /// The pixels and the tokens that open each.
    pub pixels: Vec<(String, Vec<String>)>,
    /// Whether a pixel not named in `pixels` takes any token that is not empty.
    pub accept_any_pixel: bool,
    /// How many accepted events to keep in full.
    pub keep_events: usize,
    /// Where to note each accepted event.
    pub record_file: Option<PathBuf>,
    /// The time that event times are held against.
    pub clock: SandboxClock,
}

impl fmt::Debug for SharedConfig {
    /// Leaves the tokens out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedConfig").field("pixels", &self.pixels.len()).finish_non_exhaustive()
    }
}

/// What all connections share.
pub struct Shared<A> {
    tokens: Mutex<Tokens>,
    ledger: Mutex<Ledger>,
    faults: Mutex<FaultBook<A>>,
    clock: SandboxClock,
    traces: AtomicU64,
}

impl<A> fmt::Debug for Shared<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared(..)")
    }
}

impl<A: FaultAction> Shared<A> {
    /// Opens the books.
    ///
    /// # Errors
    /// When the record file is not readable or not a record file.
    pub fn open(config: SharedConfig) -> io::Result<Self> {
        Ok(Self {
            tokens: Mutex::new(Tokens::new(config.pixels, config.accept_any_pixel)),
            ledger: Mutex::new(Ledger::open(config.keep_events, config.record_file.as_deref())?),
            faults: Mutex::default(),
            clock: config.clock,
            traces: AtomicU64::new(1),
        })
    }

    /// The sandbox's time, Unix seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// A number that no other answer carries.
    pub fn next_answer(&self) -> u64 {
        self.traces.fetch_add(1, Ordering::Relaxed)
    }

    /// Which token opens which pixel.
    pub fn tokens(&self) -> MutexGuard<'_, Tokens> {
        locked(&self.tokens)
    }

    /// What was accepted and counted.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }

    /// The faults in force.
    pub fn faults(&self) -> MutexGuard<'_, FaultBook<A>> {
        locked(&self.faults)
    }

    /// The actions that meet this request at this stage.
    pub fn draw(&self, stage: Stage, glance: &Glance<'_>) -> Vec<A> {
        self.faults().draw(stage, glance)
    }
}

/// A panic under a lock fails its test anyway; the others may look at what is there.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
