//! The wall clock of one worker, or of the servers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::UnixMillis;
use ports::Clock;
use ports::clock::{Doubt, Reckoning};
use ports::mutations::{Mutation, is_on};

use super::{Scheduler, Wait};

/// A wall clock on virtual time. Its reading can jump; the length of its sleeps cannot.
#[derive(Debug, Clone)]
pub(crate) struct VirtualClock {
    scheduler: Scheduler,
    /// Whose clock; `None` is the servers'.
    worker: Option<usize>,
    /// When its process started, in virtual time.
    started_ms: i64,
    /// A process reckons the time as in production. The servers believe what their clock shows.
    reckoning: Option<Arc<Mutex<Reckoning>>>,
}

impl VirtualClock {
    /// The clock of the servers.
    pub(crate) fn of_servers(scheduler: &Scheduler) -> Self {
        Self { scheduler: scheduler.clone(), worker: None, started_ms: 0, reckoning: None }
    }

    /// The clock of a worker's process that starts now.
    pub(crate) fn of_worker(scheduler: &Scheduler, worker: usize) -> Self {
        let wall = UnixMillis(scheduler.core().wall_ms(Some(worker)));
        Self {
            scheduler: scheduler.clone(),
            worker: Some(worker),
            started_ms: scheduler.elapsed_ms(),
            reckoning: Some(Arc::new(Mutex::new(Reckoning::start(wall)))),
        }
    }

    /// Whether it is wrong, and the process has heard from no other machine.
    pub(crate) fn is_alone_and_wrong(&self) -> bool {
        let alone = self.reckoning().is_some_and(|reckoning| !reckoning.has_seen_another());
        alone && self.worker.is_some_and(|worker| self.scheduler.core().is_off(worker))
    }

    fn reckoning(&self) -> Option<MutexGuard<'_, Reckoning>> {
        let reckoning = self.reckoning.as_ref().filter(|_| !is_on(Mutation::TrustClock))?;
        Some(reckoning.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wall(&self) -> UnixMillis {
        UnixMillis(self.scheduler.core().wall_ms(self.worker))
    }

    fn steady(&self) -> Duration {
        Duration::from_millis((self.scheduler.elapsed_ms() - self.started_ms).unsigned_abs())
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> UnixMillis {
        match self.reckoning() {
            Some(mut reckoning) => reckoning.now(self.wall(), self.steady()),
            None => self.wall(),
        }
    }

    fn doubt(&self) -> Option<Doubt> {
        self.reckoning()?.doubt(self.wall(), self.steady())
    }

    fn observe(&self, shown: UnixMillis, round_trip: Duration) {
        if let Some(mut reckoning) = self.reckoning() {
            reckoning.observe(shown, round_trip, self.wall(), self.steady());
        }
    }

    async fn sleep(&self, time: Duration) {
        Wait::new(&self.scheduler, i64::try_from(time.as_millis()).unwrap_or(i64::MAX)).await;
    }
}
