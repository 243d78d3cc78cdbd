//! Queues: messages come late, again, in another order, or not at this receive.

use std::sync::Arc;
use std::time::Duration;

use adapter_embedded::queue::EmbeddedQueue;
use async_trait::async_trait;
use ports::queue::{DeadLetter, Delivery, Depth, Handle, StillHeld};
use ports::{EventQueue, Result};

use super::Connection;
use crate::scheduler::{FaultKind, Wait};

/// The longest time between two polls of one receiver, in milliseconds.
const POLL_AGAIN_MS: u64 = 4_000;

/// A queue, as one worker reaches it.
#[derive(Debug)]
pub(crate) struct FaultyQueue {
    pub(crate) connection: Connection,
    /// `trigger` or `report`.
    pub(crate) port: &'static str,
    pub(crate) inner: Arc<EmbeddedQueue>,
}

impl FaultyQueue {
    async fn poll(&self, max: usize, visibility: Duration) -> Result<Vec<Delivery>> {
        let received = self.connection.call(self.port, "queue.receive", || async {
            let mut got = self.inner.receive(max, Duration::ZERO, visibility).await?;
            for delivery in &got {
                self.connection.record(format_args!(
                    "{} delivers a message, receive count {}",
                    self.port, delivery.receive_count
                ));
                if self.connection.scheduler.core().faults.happens(FaultKind::Redeliver, self.port) {
                    self.inner.send(&delivery.body).await?;
                }
            }
            if self.connection.scheduler.core().faults.happens(FaultKind::Redeliver, self.port) {
                got.reverse();
            }
            Ok(got)
        });
        received.await
    }
}

#[async_trait]
impl EventQueue for FaultyQueue {
    async fn send(&self, body: &str) -> Result<()> {
        self.connection
            .call(self.port, "queue.send", || async {
                self.connection.record(format_args!("{} is sent a message", self.port));
                self.inner.send(body).await
            })
            .await
    }

    /// Polls twice instead of ten times a second; the seed decides the time between.
    async fn receive(&self, max: usize, wait: Duration, visibility: Duration) -> Result<Vec<Delivery>> {
        let got = self.poll(max, visibility).await?;
        if !got.is_empty() || wait.is_zero() {
            return Ok(got);
        }
        let pause_ms = self.connection.scheduler.core().faults.between(100, POLL_AGAIN_MS);
        Wait::new(&self.connection.scheduler, i64::try_from(pause_ms).unwrap_or(0)).await;
        self.poll(max, visibility).await
    }

    async fn acknowledge(&self, handles: &[Handle]) -> Result<Vec<StillHeld>> {
        self.connection
            .call(self.port, "queue.acknowledge", || async {
                let held = self.inner.acknowledge(handles).await?;
                self.connection.record(format_args!("{} acknowledges: {held:?}", self.port));
                Ok(held)
            })
            .await
    }

    async fn extend(&self, handles: &[Handle], visibility: Duration) -> Result<Vec<StillHeld>> {
        self.connection.call(self.port, "queue.extend", || self.inner.extend(handles, visibility)).await
    }

    async fn release(&self, handles: &[Handle], delay: Duration) -> Result<Vec<StillHeld>> {
        self.connection
            .call(self.port, "queue.release", || async {
                self.connection.record(format_args!("{} releases a message", self.port));
                self.inner.release(handles, delay).await
            })
            .await
    }

    async fn release_put_off(&self, longest: Duration) -> Result<u64> {
        self.connection
            .call(self.port, "queue.release_put_off", || async {
                let released = self.inner.release_put_off(longest).await?;
                self.connection.record(format_args!("{} shows {released} hidden messages", self.port));
                Ok(released)
            })
            .await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str, service: &str) -> Result<StillHeld> {
        self.connection
            .call(self.port, "queue.dead_letter", || async {
                self.connection.record(format_args!("{} dead-letters a message: {reason}", self.port));
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

    async fn discard(&self, message_ids: &[String]) -> Result<Vec<String>> {
        self.inner.discard(message_ids).await
    }

    async fn depth(&self) -> Result<Depth> {
        self.inner.depth().await
    }
}
