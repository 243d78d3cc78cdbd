//! A lane per pixel: one pixel's trouble never delays another's.
//!
//! Nobody ever waits for room in a lane. A process holds a bounded number of conversions, and a lane may queue as many as there is
//! room left for others: alone half of all, beside n busy ones a share of 1/(n+2). So a file's burst fits, memory is bounded,
//! and a pixel that cannot keep up never takes what its neighbours need. What finds no room goes back to the ledger,
//! all of it in one call, and is not claimed again while the lane has enough to do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{PixelCode, UnixMillis};
use ports::ledger::{Due, DueLimits, Holder, Settle, SettleLater, Settlement, WaitReason};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::Reporting;
use super::conclude::nothing_sent;
use super::gate::Gate;
use super::lane::Lane;

/// Conversions that wait in all lanes together.
const QUEUED_CONVERSIONS: usize = 20_000;

/// Conversions that are enough for a lane: no more are claimed for it from the ledger.
const ENOUGH: usize = 2_000;

/// Entries that one call claims, and entries of one pixel among them: its backlog leaves room for others.
const CLAIM_DUE: usize = 2_000;
const CLAIM_DUE_PER_PIXEL: usize = 1_000;

/// When a conversion that found its lane full is looked at again.
const FULL_LANE_DELAY: Duration = Duration::from_secs(3);

/// A lane without work for so long ends.
const IDLE: Duration = Duration::from_secs(60);

/// A conversion that is this process's own for a while.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) due: Due,
    /// The end of its lease.
    pub(super) until: UnixMillis,
}

/// What a lane shares with those who submit to it, and with its requests.
#[derive(Debug)]
pub(super) struct PixelState {
    gate: Mutex<Gate>,
    /// Conversions that wait in the lane.
    queued: AtomicUsize,
    /// Conversions that wait in all lanes.
    all_queued: Arc<AtomicUsize>,
}

impl PixelState {
    /// The pixel's gate. Hold it briefly, and never across an await.
    pub(super) fn gate(&self) -> MutexGuard<'_, Gate> {
        // Each change of a gate is whole before anything could panic.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A conversion has left the queue.
    pub(super) fn taken(&self) {
        self.queued.fetch_sub(1, Ordering::SeqCst);
        self.all_queued.fetch_sub(1, Ordering::SeqCst);
    }

    fn has_enough(&self) -> bool {
        self.queued.load(Ordering::SeqCst) >= ENOUGH
    }

    fn put(&self) {
        self.queued.fetch_add(1, Ordering::SeqCst);
        self.all_queued.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct OpenLane {
    sender: mpsc::UnboundedSender<Held>,
    state: Arc<PixelState>,
    used_at: UnixMillis,
}

/// All lanes of a process.
#[derive(Debug)]
pub struct Lanes {
    reporting: Arc<Reporting>,
    open: Mutex<BTreeMap<PixelCode, OpenLane>>,
    all_queued: Arc<AtomicUsize>,
    running: TaskTracker,
}

impl Lanes {
    /// No lanes yet; each opens with its pixel's first conversion.
    #[must_use]
    pub fn new(reporting: Arc<Reporting>) -> Arc<Self> {
        Arc::new(Self {
            reporting,
            open: Mutex::default(),
            all_queued: Arc::default(),
            running: TaskTracker::new(),
        })
    }

    /// Hands held conversions to their lanes; those that find no room go back to the ledger in one call.
    pub async fn submit(&self, dues: Vec<Due>, holder: &Holder) {
        let no_room: Vec<_> = {
            let mut open = self.open();
            dues.into_iter().filter_map(|due| self.offer(&mut open, due, holder)).collect()
        };
        self.reporting.settle(no_room).await;
    }

    /// What may be claimed from the ledger now: nothing for pixels that are left alone or have enough to do.
    pub async fn limits(&self) -> DueLimits {
        let mut limits = DueLimits { total: CLAIM_DUE, per_pixel: CLAIM_DUE_PER_PIXEL, except: Vec::new() };
        let Ok(pixels) = self.reporting.pixels.current().await else { return limits };
        let now = self.reporting.clock.now();
        for (pixel, lane) in &*self.open() {
            if lane.state.has_enough() || lane.state.gate().closed(now, pixels.credentials(pixel)).is_some() {
                limits.except.push(pixel.clone());
            }
        }
        limits
    }

    /// Ends the lanes that nobody has needed for a while; those of pixels that are left alone stay, and remember it.
    pub fn end_idle(&self) {
        let now = self.reporting.clock.now();
        self.open().retain(|_, lane| {
            now.since(lane.used_at) < IDLE
                || lane.state.queued.load(Ordering::SeqCst) > 0
                || lane.state.gate().shut(now).is_some()
        });
    }

    /// Whether a lane has enough to do, so that more of what is due may have to be claimed for it soon.
    pub(super) fn any_has_enough(&self) -> bool {
        self.open().values().any(|lane| lane.state.has_enough())
    }

    /// How many lanes are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.open().len()
    }

    /// Lets every lane finish what it has. Nothing may be submitted any more.
    pub async fn drain(&self) {
        self.open().clear();
        self.running.close();
        self.running.wait().await;
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<PixelCode, OpenLane>> {
        // The lock guards a map that is whole after each operation, and is never held across an await.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a conversion into its lane, or says what to write about it.
    fn offer(
        &self,
        open: &mut BTreeMap<PixelCode, OpenLane>,
        due: Due,
        holder: &Holder,
    ) -> Option<Settlement> {
        let room = QUEUED_CONVERSIONS.saturating_sub(self.all_queued.load(Ordering::SeqCst));
        let lane = open.entry(due.pixel.clone()).or_insert_with(|| self.open_lane(&due.pixel));
        lane.used_at = holder.now;
        if lane.state.queued.load(Ordering::SeqCst) >= room {
            return Some(self.no_room(due));
        }
        lane.state.put();
        let Err(mpsc::error::SendError(held)) = lane.sender.send(Held { due, until: holder.until }) else {
            return None;
        };
        // Its lane has ended by a panic: the next conversion opens another.
        let lost = lane.state.queued.swap(0, Ordering::SeqCst);
        self.all_queued.fetch_sub(lost, Ordering::SeqCst);
        open.remove(&held.due.pixel);
        Some(self.no_room(held.due))
    }

    fn open_lane(&self, pixel: &PixelCode) -> OpenLane {
        let (sender, receiver) = mpsc::unbounded_channel();
        let state = Arc::new(PixelState {
            gate: Mutex::new(Gate::new(self.reporting.config.requests_per_pixel)),
            queued: AtomicUsize::new(0),
            all_queued: Arc::clone(&self.all_queued),
        });
        let lane = Lane::new(Arc::clone(&self.reporting), pixel.clone(), Arc::clone(&state), receiver);
        self.running.spawn(lane.run());
        OpenLane { sender, state, used_at: UnixMillis(0) }
    }

    fn no_room(&self, due: Due) -> Settlement {
        let due_at = self.reporting.clock.now().plus(FULL_LANE_DELAY).min(due.deadline);
        nothing_sent(due, Settle::Retry(SettleLater { due_at, reason: WaitReason::LaneFull, failed: false }))
    }
}
