//! Queues in SQLite. All queues of a deployment share one database; several processes may share its file.

mod sql;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::UnixMillis;
use ports::clock::APART;
use ports::queue::{DeadLetter, Delivery, Depth, Handle, StillHeld};
use ports::{Clock, EventQueue, Result};
use rusqlite::Transaction;

use crate::db::{Db, Schema};

/// How often a waiting receiver looks for what other processes sent.
const POLL: Duration = Duration::from_millis(100);

/// One queue and its dead letters.
#[derive(Debug, Clone)]
pub struct EmbeddedQueue {
    db: Db,
    name: Arc<str>,
    clock: Arc<dyn Clock>,
}

impl EmbeddedQueue {
    /// The tables of all queues; made when absent.
    pub const SCHEMA: Schema = Schema::new(include_str!("queue/schema.sql"), &[]);

    /// The queue of this name in a database that was opened with [`SCHEMA`](Self::SCHEMA). It needs no creating.
    #[must_use]
    pub fn new(db: Db, name: &str, clock: Arc<dyn Clock>) -> Self {
        Self { db, name: name.into(), clock }
    }

    async fn take(&self, max: usize, visibility: Duration) -> Result<Vec<Delivery>> {
        let (name, now) = (Arc::clone(&self.name), self.clock.now());
        // Most looks find nothing; they need no lock that others wait for.
        if !self.db.read("queue.receive", move |tx| sql::any_visible(tx, &name, now)).await? {
            return Ok(Vec::new());
        }
        let (name, until) = (Arc::clone(&self.name), now.plus(visibility));
        self.db.write("queue.receive", move |tx| sql::take(tx, &name, max, now, until)).await
    }

    /// Does the same to each message in flight, all in one transaction.
    async fn each<F>(&self, operation: &'static str, handles: &[Handle], f: F) -> Result<Vec<StillHeld>>
    where
        F: Fn(&Transaction<'_>, &str, &Handle) -> rusqlite::Result<StillHeld> + Send + 'static,
    {
        if handles.is_empty() {
            return Ok(Vec::new());
        }
        let (name, handles) = (Arc::clone(&self.name), handles.to_vec());
        self.db.write(operation, move |tx| handles.iter().map(|h| f(tx, &name, h)).collect()).await
    }

    async fn hide(
        &self,
        operation: &'static str,
        handles: &[Handle],
        time: Duration,
    ) -> Result<Vec<StillHeld>> {
        let until = self.clock.now().plus(time);
        self.each(operation, handles, move |tx, name, handle| sql::hide(tx, name, handle, until)).await
    }
}

#[async_trait]
impl EventQueue for EmbeddedQueue {
    async fn send(&self, body: &str) -> Result<()> {
        let (name, body, now) = (Arc::clone(&self.name), body.to_owned(), self.clock.now());
        self.db.write("queue.send", move |tx| sql::send(tx, &name, &body, now)).await?;
        self.db.changed().notify_waiters();
        Ok(())
    }

    async fn receive(&self, max: usize, wait: Duration, visibility: Duration) -> Result<Vec<Delivery>> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let give_up = self.clock.now().plus(wait);
        loop {
            // Made before looking: it hears of every change from here on, so that nothing slips in between.
            let changed = self.db.changed().notified();
            let taken = self.take(max, visibility).await?;
            let left = give_up.since(self.clock.now());
            if !taken.is_empty() || left.is_zero() {
                return Ok(taken);
            }
            tokio::select! {
                biased;
                () = changed => {}
                () = self.clock.sleep(left.min(POLL)) => {}
            }
        }
    }

    async fn acknowledge(&self, handles: &[Handle]) -> Result<Vec<StillHeld>> {
        self.each("queue.acknowledge", handles, sql::acknowledge).await
    }

    async fn extend(&self, handles: &[Handle], visibility: Duration) -> Result<Vec<StillHeld>> {
        self.hide("queue.extend", handles, visibility).await
    }

    async fn release(&self, handles: &[Handle], delay: Duration) -> Result<Vec<StillHeld>> {
        let held = self.hide("queue.release", handles, delay).await?;
        if delay.is_zero() {
            self.db.changed().notify_waiters();
        }
        Ok(held)
    }

    async fn release_put_off(&self, longest: Duration) -> Result<u64> {
        let (name, clock) = (Arc::clone(&self.name), Arc::clone(&self.clock));
        let released = self.db.write("queue.release_put_off", move |tx| {
            // When nothing else is written: what was received meanwhile must not look as if it were hidden for too long.
            let now = clock.now();
            sql::release_put_off(tx, &name, now.plus(longest).plus(APART), now)
        });
        let released = released.await?;
        if released > 0 {
            self.db.changed().notify_waiters();
        }
        Ok(released)
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str, service: &str) -> Result<StillHeld> {
        let letter = sql::NewDeadLetter {
            handle: delivery.handle.clone(),
            reason: reason.to_owned(),
            service: service.to_owned(),
            at: self.clock.now(),
        };
        let name = Arc::clone(&self.name);
        self.db.write("queue.dead_letter", move |tx| sql::dead_letter(tx, &name, &letter)).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        let name = Arc::clone(&self.name);
        self.db.read("queue.dead_letters", move |tx| sql::dead_letters(tx, &name, limit)).await
    }

    async fn redrive(&self, message_ids: &[String]) -> Result<Vec<String>> {
        if message_ids.is_empty() {
            return Ok(Vec::new());
        }
        let (name, ids, now) = (Arc::clone(&self.name), message_ids.to_vec(), self.clock.now());
        let found = self.db.write("queue.redrive", move |tx| sql::redrive(tx, &name, &ids, now)).await?;
        self.db.changed().notify_waiters();
        Ok(found)
    }

    async fn discard(&self, message_ids: &[String]) -> Result<Vec<String>> {
        if message_ids.is_empty() {
            return Ok(Vec::new());
        }
        let (name, ids) = (Arc::clone(&self.name), message_ids.to_vec());
        self.db.write("queue.discard", move |tx| sql::discard(tx, &name, &ids)).await
    }

    async fn depth(&self) -> Result<Depth> {
        let (name, now): (_, UnixMillis) = (Arc::clone(&self.name), self.clock.now());
        self.db.read("queue.depth", move |tx| sql::depth(tx, &name, now)).await
    }
}
