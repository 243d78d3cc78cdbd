//! Queues: messages come late, again, in another order, or not this time.

use std::sync::Arc;
use std::time::Duration;

use adapter_embedded::queue::EmbeddedQueue;
use async_trait::async_trait;
use ports::queue::{DeadLetter, Delivery, Depth, Handle, StillHeld};
use ports::{EventQueue, Result};

use super::Line;
use crate::stage::{Kind, Wait};

/// The longest time between two looks of one receiver, in milliseconds.
const LOOK_AGAIN_MS: u64 = 4_000;

/// A queue, as one worker reaches it.
#[derive(Debug)]
pub(crate) struct QueueWire {
    pub(crate) line: Line,
    /// `trigger` or `report`.
    pub(crate) port: &'static str,
    pub(crate) inner: Arc<EmbeddedQueue>,
}

impl QueueWire {
    async fn look(&self, max: usize, visibility: Duration) -> Result<Vec<Delivery>> {
        let received = self.line.call(self.port, "queue.receive", || async {
            let mut got = self.inner.receive(max, Duration::ZERO, visibility).await?;
            for delivery in &got {
                self.line.did(format_args!("{} delivers, time {}", self.port, delivery.receive_count));
                if self.line.stage.core().faults.happens(Kind::Redeliver, self.port) {
                    self.inner.send(&delivery.body).await?;
                }
            }
            if self.line.stage.core().faults.happens(Kind::Redeliver, self.port) {
                got.reverse();
            }
            Ok(got)
        });
        received.await
    }
}

#[async_trait]
impl EventQueue for QueueWire {
    async fn send(&self, body: &str) -> Result<()> {
        self.line
            .call(self.port, "queue.send", || async {
                self.line.did(format_args!("{} takes a message", self.port));
                self.inner.send(body).await
            })
            .await
    }

    /// Looks twice instead of ten times a second; the time between is the seed's choice.
    async fn receive(&self, max: usize, wait: Duration, visibility: Duration) -> Result<Vec<Delivery>> {
        let got = self.look(max, visibility).await?;
        if !got.is_empty() || wait.is_zero() {
            return Ok(got);
        }
        let pause_ms = self.line.stage.core().faults.between(100, LOOK_AGAIN_MS);
        Wait::new(&self.line.stage, i64::try_from(pause_ms).unwrap_or(0)).await;
        self.look(max, visibility).await
    }

    async fn acknowledge(&self, handles: &[Handle]) -> Result<Vec<StillHeld>> {
        self.line
            .call(self.port, "queue.acknowledge", || async {
                let held = self.inner.acknowledge(handles).await?;
                self.line.did(format_args!("{} forgets: {held:?}", self.port));
                Ok(held)
            })
            .await
    }

    async fn extend(&self, handles: &[Handle], visibility: Duration) -> Result<Vec<StillHeld>> {
        self.line.call(self.port, "queue.extend", || self.inner.extend(handles, visibility)).await
    }

    async fn release(&self, handles: &[Handle], delay: Duration) -> Result<Vec<StillHeld>> {
        self.line
            .call(self.port, "queue.release", || async {
                self.line.did(format_args!("{} gets a message back", self.port));
                self.inner.release(handles, delay).await
            })
            .await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str, service: &str) -> Result<StillHeld> {
        self.line
            .call(self.port, "queue.dead_letter", || async {
                self.line.did(format_args!("{} sets a message aside: {reason}", self.port));
                self.inner.dead_letter(delivery, reason, service).await
            })
            .await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        self.inner.dead_letters(limit).await
    }

    async fn redrive(&self, message_ids: &[String]) -> Result<Vec<String>> {
        self.inner.redrive(message_ids).await
    }

    async fn depth(&self) -> Result<Depth> {
        self.inner.depth().await
    }
}
