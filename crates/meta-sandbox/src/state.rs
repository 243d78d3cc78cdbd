//! What all connections share.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::books::ledger::Ledger;
use crate::config::{SandboxClock, SandboxConfig};
use crate::faults::book::{FaultBook, Glance, Stage};
use crate::faults::fault::Action;
use crate::refusal::Refusal;
use crate::rules::proof;
use crate::tokens::Tokens;

/// What all connections share.
pub(crate) struct State {
    tokens: Mutex<Tokens>,
    ledger: Mutex<Ledger>,
    faults: Mutex<FaultBook>,
    app_secret: Option<String>,
    clock: SandboxClock,
    traces: AtomicU64,
}

impl State {
    pub(crate) fn open(config: &SandboxConfig) -> io::Result<Self> {
        Ok(Self {
            tokens: Mutex::new(Tokens::new(config.pixels.clone(), config.accept_any_pixel)),
            ledger: Mutex::new(Ledger::open(config.keep_events, config.record_file.as_deref())?),
            faults: Mutex::default(),
            app_secret: config.app_secret.clone(),
            clock: config.clock.clone(),
            traces: AtomicU64::new(1),
        })
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Whether the request proves what it must.
    pub(crate) fn check_proof(
        &self,
        token: Option<&str>,
        (proof, time): (Option<&str>, Option<i64>),
    ) -> Result<(), Refusal> {
        let Some(secret) = &self.app_secret else { return Ok(()) };
        proof::check(secret, token.unwrap_or_default(), (proof, time), self.now())
    }

    /// A trace id no other answer carries.
    pub(crate) fn trace(&self) -> String {
        format!("A{:022x}", self.traces.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        locked(&self.tokens)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultBook> {
        locked(&self.faults)
    }

    /// The actions that meet this request at this stage.
    pub(crate) fn draw(&self, stage: Stage, glance: &Glance<'_>) -> Vec<Action> {
        self.faults().draw(stage, glance)
    }
}

/// A panic under a lock fails its test anyway; the others may look at what is there.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
