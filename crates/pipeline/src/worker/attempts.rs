//! The attempts at one delivery: the first in company, or alone if the message is under suspicion; after a death all others alone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ports::backoff::Backoff;
use ports::queue::Delivery;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::company::NoResult;
use super::{Handled, Known, Worker};
use crate::mutations;

/// Pauses between deaths: what a machine lacks for a moment must not be blamed on the message.
const PAUSES: Backoff = Backoff::even(Duration::from_secs(5), Duration::from_secs(320));

/// The part that readiness names when no process can be started.
const PROCESS: &str = "process";

fn stopping() -> Handled {
    Handled::Later { unavailable: None, reason: "the process is stopping".to_owned() }
}

impl Worker {
    /// Handles a message to an end. A message whose handling dies as often as one may is a dead letter.
    ///
    /// Only deaths that this process has seen count, because only those are surely the message's own: when this process is
    /// killed itself, nothing can be said of its messages, and the count begins again.
    pub(super) async fn handle(
        &self,
        delivery: &Delivery,
        known: &Known,
        stop: &CancellationToken,
    ) -> Handled {
        if mutations::is_blamed(delivery, self.config.max_receives) {
            return Handled::DeadLetter { reason: "delivered too often".to_owned() };
        }
        let mut alone = known.own.suspect(delivery);
        let mut deaths = Vec::new();
        loop {
            let attempt = if alone {
                self.handle_alone(delivery, stop).await
            } else {
                self.handle_in_company(delivery, stop).await
            };
            let death = match attempt {
                Ok(handled) => {
                    known.own.clear(delivery);
                    return handled;
                }
                Err(NoResult::NotBegun(reason)) => {
                    return Handled::Later { unavailable: Some(PROCESS.into()), reason };
                }
                Err(NoResult::Died(how)) => how,
            };
            tracing::error!(reason = death, alone, "handling the message ended without a result");
            deaths.push(death);
            if deaths.len() >= self.config.max_receives as usize {
                return Handled::DeadLetter { reason: fatal(&deaths) };
            }
            alone = true;
            let pause = PAUSES.pause(u32::try_from(deaths.len() - 1).unwrap_or(u32::MAX));
            tokio::select! {
                biased;
                () = stop.cancelled() => return stopping(),
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    async fn handle_in_company(
        &self,
        delivery: &Delivery,
        stop: &CancellationToken,
    ) -> Result<Handled, NoResult> {
        let _company = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(stopping()),
            company = self.company.join() => company,
        };
        // A task of its own: a panic in the handler costs this message an attempt, not the process.
        let handler = Arc::clone(&self.handler);
        let (delivery, stop) = (delivery.clone(), stop.clone());
        let handling = async move { handler.handle(&delivery, &stop).await };
        let handled = tokio::spawn(handling.in_current_span()).await;
        handled.map_err(|_| NoResult::Died("a panic: this is a bug, see the log".to_owned()))
    }

    async fn handle_alone(&self, delivery: &Delivery, stop: &CancellationToken) -> Result<Handled, NoResult> {
        let _alone = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(stopping()),
            alone = self.company.alone() => alone,
        };
        tracing::warn!(
            receive_count = delivery.receive_count,
            "the message was not finished before; it is handled alone, in a process of its own"
        );
        self.own_process.handle(delivery, stop).await
    }
}

/// The reason of a dead letter, from how each attempt died.
fn fatal(deaths: &[String]) -> String {
    let ways: BTreeSet<_> = deaths.iter().map(String::as_str).collect();
    let ways = ways.into_iter().collect::<Vec<_>>().join("; ");
    format!(
        "handling it ended {} times without a result, each time by its own doing: {ways}. Fix the cause, then redrive it",
        deaths.len()
    )
}
