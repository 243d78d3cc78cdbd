//! What stands between a worker and the backends: each port, with faults.

mod analytics;
mod blob;
mod directory;
mod ledger;
mod meta;
mod queue;

use ports::{Error, ErrorKind, Result};

pub(crate) use analytics::AnalyticsWire;
pub(crate) use blob::BlobWire;
pub(crate) use directory::{PixelsWire, SubscriptionsWire};
pub(crate) use ledger::LedgerWire;
pub(crate) use meta::MetaWire;
pub(crate) use queue::QueueWire;

use crate::stage::{Fate, Stage, Wait};

/// How long a caller waits for an answer that does not come.
const TIME_OUT_MS: i64 = 10_000;

/// The line from one worker to everything else.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) stage: Stage,
    pub(crate) worker: usize,
}

impl Line {
    /// Makes a call, or not, or twice, and answers in time, or late, or not at all.
    pub(crate) async fn call<T, F>(
        &self,
        port: &'static str,
        operation: &'static str,
        apply: impl Fn() -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let (fate, there_ms, back_ms) = self.draw(port, operation);
        Wait::new(&self.stage, there_ms).await;
        match fate {
            Fate::Refused => return Err(self.refusal(operation)),
            Fate::Lost => {
                Wait::new(&self.stage, TIME_OUT_MS).await;
                return Err(Error::new(ErrorKind::Timeout, operation));
            }
            Fate::Works | Fate::AnswerLost | Fate::Twice => {}
        }
        let mut answer = apply().await;
        if fate == Fate::Twice {
            Wait::new(&self.stage, there_ms).await;
            answer = apply().await;
        }
        if let Err(error) = &answer {
            self.stage.trace(format_args!("w{} {port} {operation} answers: {error}", self.worker));
        }
        Wait::new(&self.stage, back_ms).await;
        if fate == Fate::AnswerLost {
            Wait::new(&self.stage, TIME_OUT_MS).await;
            return Err(Error::new(ErrorKind::Timeout, operation));
        }
        answer
    }

    /// What becomes of a call, and how long it is under way in each direction.
    fn draw(&self, port: &str, operation: &str) -> (Fate, i64, i64) {
        let mut core = self.stage.core();
        let elapsed_ms = core.elapsed_ms;
        let fate = core.faults.fate(port, elapsed_ms);
        let (there_ms, back_ms) = (core.faults.delay_ms(port), core.faults.delay_ms(port));
        let worker = self.worker;
        core.trace.line(
            elapsed_ms,
            format_args!("w{worker} {port} {operation}: {fate:?}, {there_ms} ms there, {back_ms} ms back"),
        );
        (fate, there_ms, back_ms)
    }

    /// Every kind of trouble that may pass.
    fn refusal(&self, operation: &'static str) -> Error {
        let kinds = [
            ErrorKind::Unavailable,
            ErrorKind::Throttled,
            ErrorKind::Denied,
            ErrorKind::Missing,
            ErrorKind::Full,
        ];
        let place = self.stage.core().faults.between(0, kinds.len() as u64 - 1);
        Error::new(kinds[usize::try_from(place).unwrap_or(0)], operation)
    }

    /// Adds to the trace what a call did.
    pub(crate) fn did(&self, what: std::fmt::Arguments<'_>) {
        self.stage.stir();
        self.stage.trace(format_args!("w{} {what}", self.worker));
    }
}
