//! From the first task to an orderly stop.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::exit::ExitStatus;

/// How a task ends; an error brings the process down.
pub type TaskResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// The tasks of a process and the two ways to stop them: softly, so that they finish in-flight work, and at once.
#[derive(Debug)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
    budget: Duration,
}

impl Lifecycle {
    /// No tasks yet; after a signal they have `budget` to finish.
    #[must_use]
    pub fn new(budget: Duration) -> Self {
        Self {
            soft: CancellationToken::new(),
            hard: CancellationToken::new(),
            tasks: TaskTracker::new(),
            failed: Arc::default(),
            budget,
        }
    }

    /// Cancelled when tasks must take up nothing new.
    #[must_use]
    pub fn soft_token(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Stops softly, as the first signal does.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Starts a task. One that fails or panics stops the process in order, with exit code 70.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = TaskResult> + Send + 'static) {
        let (soft, hard, failed) = (self.soft.clone(), self.hard.clone(), Arc::clone(&self.failed));
        self.tasks.spawn(async move {
            let mut task = tokio::spawn(work);
            let ended = tokio::select! {
                ended = &mut task => ended,
                () = hard.cancelled() => {
                    task.abort();
                    return;
                }
            };
            let failure = match ended {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it panicked".to_owned(),
            };
            tracing::error!(task = name, reason = failure, "a task ended; the process stops");
            failed.store(true, Ordering::SeqCst);
            soft.cancel();
        });
    }

    /// Waits for a signal, a failed task or [`stop`](Self::stop), then for the tasks.
    pub async fn run_to_end(self) -> ExitStatus {
        let mut signals = Signals::new();
        tokio::select! {
            () = self.soft.cancelled() => {}
            () = signals.next() => {}
        }
        tracing::info!(budget_s = self.budget.as_secs(), "shutting down: finishing in-flight work");
        self.soft.cancel();
        self.tasks.close();
        let in_time = tokio::select! {
            () = self.tasks.wait() => true,
            () = tokio::time::sleep(self.budget) => false,
            () = signals.next() => false,
        };
        if !in_time {
            tracing::warn!("shutting down at once; unfinished work comes again");
            self.hard.cancel();
            self.tasks.wait().await;
        }
        if self.failed.load(Ordering::SeqCst) { ExitStatus::Bug } else { ExitStatus::Done }
    }
}

/// SIGTERM and Ctrl-C. A signal that cannot be listened to is left to the system's own handling.
struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
}

impl Signals {
    fn new() -> Self {
        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            () = one(self.terminate.as_mut()) => {}
            () = one(self.interrupt.as_mut()) => {}
        }
    }
}

async fn one(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_lets_tasks_finish() {
        let lifecycle = Lifecycle::new(Duration::from_secs(60));
        let (stop, done) = (lifecycle.soft_token(), Arc::new(AtomicBool::new(false)));
        let finished = Arc::clone(&done);
        lifecycle.spawn("worker", async move {
            stop.cancelled().await;
            finished.store(true, Ordering::SeqCst);
            Ok(())
        });
        lifecycle.stop();
        assert_eq!(lifecycle.run_to_end().await, ExitStatus::Done);
        assert!(done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_failed_task_stops_the_others() {
        let lifecycle = Lifecycle::new(Duration::from_secs(60));
        let stop = lifecycle.soft_token();
        lifecycle.spawn("worker", async move {
            stop.cancelled().await;
            Ok(())
        });
        lifecycle.spawn("broken", async { Err("broken".into()) });
        assert_eq!(lifecycle.run_to_end().await, ExitStatus::Bug);
    }

    #[tokio::test]
    async fn a_task_that_does_not_listen_is_ended() {
        let lifecycle = Lifecycle::new(Duration::from_millis(10));
        lifecycle.spawn("deaf", std::future::pending());
        lifecycle.stop();
        assert_eq!(lifecycle.run_to_end().await, ExitStatus::Done);
    }
}
