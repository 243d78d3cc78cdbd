//! The batch that a lane is gathering.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::PlatformRules;
use ports::Clock;
use ports::ledger::Settlement;

use super::prepared::Prepared;

/// A conversion waits at most this long for others to fill its request.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Conversions that fill one request or less.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) conversions: Vec<Prepared>,
    /// For conversions that need no request; written together with the rest.
    pub(super) settlements: Vec<Settlement>,
    events: usize,
    bytes: usize,
    /// Its request is full, or its first conversion has waited long enough.
    due: bool,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Batch {
    pub(super) const fn is_empty(&self) -> bool {
        self.conversions.is_empty() && self.settlements.is_empty()
    }

    /// How many events it has.
    pub(super) const fn events(&self) -> usize {
        self.events
    }

    /// Whether it should be sent now.
    pub(super) const fn is_due(&self) -> bool {
        self.due
    }

    /// Makes it due, because nothing more comes.
    pub(super) const fn close(&mut self) {
        self.due = true;
    }

    /// Adds a conversion; returns it when it does not fit into one request as the platform takes them.
    pub(super) fn add(&mut self, prepared: Prepared, rules: PlatformRules) -> Option<Prepared> {
        let events = self.events + prepared.events.len();
        let bytes = self.bytes + prepared.events.iter().map(|event| event.payload.len()).sum::<usize>();
        self.due |= events >= rules.max_events || bytes >= rules.max_bytes;
        if (events > rules.max_events || bytes > rules.max_bytes) && !self.conversions.is_empty() {
            return Some(prepared);
        }
        self.events = events;
        self.bytes = bytes;
        self.conversions.push(prepared);
        None
    }

    /// Starts to wait for more, unless it waits already.
    pub(super) fn start_waiting(&mut self, clock: &Arc<dyn Clock>) {
        if self.waiting.is_none() {
            let clock = Arc::clone(clock);
            self.waiting = Some(Box::pin(async move { clock.sleep(LONGEST_WAIT).await }));
        }
    }

    /// Ends when the first conversion has waited long enough.
    pub(super) async fn wait(&mut self) {
        match &mut self.waiting {
            Some(waiting) => waiting.await,
            None => std::future::pending().await,
        }
        self.due = true;
    }
}
