//! Each port, between a worker and its backend, with injected faults.

mod analytics;
mod blob;
mod directory;
mod ledger;
mod meta;
mod queue;

use ports::{Error, ErrorKind, Result};

pub(crate) use analytics::FaultyAnalytics;
pub(crate) use blob::FaultyBlobStore;
pub(crate) use directory::{FaultyPixels, FaultySubscriptions};
pub(crate) use ledger::FaultyLedger;
pub(crate) use meta::FaultyMeta;
pub(crate) use queue::FaultyQueue;

use crate::scheduler::{Fault, Scheduler, Wait};

/// How long a caller waits for an answer that does not come.
const TIME_OUT_MS: i64 = 10_000;

/// The connection of one worker to all backends.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) scheduler: Scheduler,
    pub(crate) worker: usize,
}

impl Connection {
    /// Makes a call with an injected fault: it may be refused, lost, late or made twice, and its answer may be lost.
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
        let (fault, there_ms, back_ms) = self.draw(port, operation);
        Wait::new(&self.scheduler, there_ms).await;
        match fault {
            Fault::Refused => return Err(self.refusal(operation)),
            Fault::Lost => {
                Wait::new(&self.scheduler, TIME_OUT_MS).await;
                return Err(Error::new(ErrorKind::Timeout, operation));
            }
            Fault::None | Fault::AnswerLost | Fault::Twice => {}
        }
        let mut answer = apply().await;
        if fault == Fault::Twice {
            Wait::new(&self.scheduler, there_ms).await;
            answer = apply().await;
        }
        if let Err(error) = &answer {
            self.scheduler.trace(format_args!("w{} {port} {operation} answers: {error}", self.worker));
        }
        Wait::new(&self.scheduler, back_ms).await;
        if fault == Fault::AnswerLost {
            Wait::new(&self.scheduler, TIME_OUT_MS).await;
            return Err(Error::new(ErrorKind::Timeout, operation));
        }
        answer
    }

    /// Draws the fault of a call, and its delay in each direction.
    fn draw(&self, port: &str, operation: &str) -> (Fault, i64, i64) {
        let mut core = self.scheduler.core();
        let elapsed_ms = core.elapsed_ms;
        let fault = core.faults.draw(port, elapsed_ms);
        let (there_ms, back_ms) = (core.faults.delay_ms(port), core.faults.delay_ms(port));
        let worker = self.worker;
        core.trace.add(
            elapsed_ms,
            format_args!("w{worker} {port} {operation}: {fault}, {there_ms} ms there, {back_ms} ms back"),
        );
        (fault, there_ms, back_ms)
    }

    /// A refusal, of any kind that may pass.
    fn refusal(&self, operation: &'static str) -> Error {
        let kinds = [
            ErrorKind::Unavailable,
            ErrorKind::Throttled,
            ErrorKind::Denied,
            ErrorKind::Missing,
            ErrorKind::Full,
        ];
        let index = self.scheduler.core().faults.between(0, kinds.len() as u64 - 1);
        Error::new(kinds[usize::try_from(index).unwrap_or(0)], operation)
    }

    /// Adds the effect of a call to the trace.
    pub(crate) fn record(&self, what: std::fmt::Arguments<'_>) {
        self.scheduler.note_activity();
        self.scheduler.trace(format_args!("w{} {what}", self.worker));
    }
}
