//! A lane per pixel, and the queue of each.
//!
//! Submitting never waits for room in a lane. A process holds a bounded number of conversions, and of bytes of their text, and a lane
//! may queue as many as there is room left for others: alone half of all, beside n busy ones a share of 1/(n+2). So a file's burst fits,
//! and a pixel that cannot keep up never takes what its neighbours need. What finds no room goes back to the ledger,
//! all of it in one call, and is not claimed again while the lane has enough to do.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{PixelRef, UnixMillis};
use ports::Result;
use ports::ledger::{Due, DueLimits, Holder, Settle, SettleLater, Settlement, WaitReason};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::lane::Lane;
use super::nothing_sent::nothing_sent;
use super::pixel_context::PixelContext;
use super::prepared::Claimed;
use super::settle;
use super::weight::Weighed;
use crate::report::Reporting;

/// Conversions that wait in all lanes together. Their bytes are bounded by the [budget](crate::MemoryBudget).
const QUEUED_CONVERSIONS: usize = 20_000;

/// Conversions that are enough for a lane: no more are claimed for it from the ledger.
const ENOUGH: usize = 2_000;

/// Entries that one call claims, and entries of one pixel among them: its backlog leaves room for others.
const CLAIM_DUE: usize = 2_000;
const CLAIM_DUE_PER_PIXEL: usize = 1_000;

/// Text of rows that one call claims, but for the last row.
pub(in crate::report) const CLAIM_DUE_BYTES: u64 = 2 << 20;

/// When a conversion that found its lane full is due again.
const FULL_LANE_DELAY: Duration = Duration::from_secs(3);

/// A lane without work for so long is closed.
const IDLE: Duration = Duration::from_secs(60);

/// A lane from outside: the sending end of its queue, and what its task knows of the pixel.
#[derive(Debug)]
struct OpenLane {
    /// Received by [`Lane::run`].
    queue: mpsc::UnboundedSender<Claimed>,
    context: Arc<PixelContext>,
    used_at: UnixMillis,
}

impl OpenLane {
    fn has_enough(&self) -> bool {
        self.context.queued() >= ENOUGH || !self.context.queue_memory.has_room()
    }
}

/// All lanes of a process.
#[derive(Debug)]
pub struct Lanes {
    reporting: Arc<Reporting>,
    open: Mutex<BTreeMap<PixelRef, OpenLane>>,
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

    /// Queues claimed conversions in their lanes, whose tasks take them out in `Lane::run`. Those that find no room go back to
    /// the ledger in one call.
    pub async fn submit(&self, dues: Vec<Due>, holder: &Holder) {
        self.submit_weighed(dues.into_iter().map(Weighed::of), holder).await;
    }

    /// The same with conversions whose events are counted.
    pub(in crate::report) async fn submit_weighed(
        &self,
        conversions: impl Iterator<Item = Weighed>,
        holder: &Holder,
    ) {
        let no_room: Vec<_> = {
            let mut open = self.open();
            conversions.filter_map(|conversion| self.enqueue(&mut open, conversion, holder)).collect()
        };
        settle::write(&self.reporting, None, no_room).await;
    }

    /// What may be claimed from the ledger now: nothing for pixels that are paused or have enough to do.
    pub async fn limits(&self) -> DueLimits {
        let mut limits = DueLimits {
            total: CLAIM_DUE,
            per_pixel: CLAIM_DUE_PER_PIXEL,
            bytes: CLAIM_DUE_BYTES,
            except: Vec::new(),
        };
        let Ok(pixels) = self.reporting.pixels.current().await else { return limits };
        let now = self.reporting.clock.now();
        for (pixel, lane) in &*self.open() {
            let is_paused = || lane.context.throttle().paused_with(pixels.credentials(pixel), now).is_some();
            if lane.has_enough() || is_paused() {
                limits.except.push(pixel.clone());
            }
        }
        limits
    }

    /// Ends the pauses of pixels whose conversions the operator has given another chance, so that they are claimed and probe the pixel.
    pub(in crate::report) async fn probe_reopened(&self) -> Result<()> {
        let parked = self.parked().await;
        if parked.is_empty() {
            return Ok(());
        }
        for pixel in self.reporting.ledger.reopened(&parked, self.reporting.clock.now()).await? {
            if let Some(lane) = self.open().get(&pixel) {
                tracing::info!(%pixel, "the operator asks for another try: the pixel is probed now");
                lane.context.throttle().probe_now();
            }
        }
        Ok(())
    }

    /// Pixels that are paused until other credentials or the next probe.
    async fn parked(&self) -> Vec<PixelRef> {
        let Ok(pixels) = self.reporting.pixels.current().await else { return Vec::new() };
        let now = self.reporting.clock.now();
        let open = self.open();
        let parked = open
            .iter()
            .filter(|(pixel, lane)| lane.context.throttle().is_parked(pixels.credentials(pixel), now));
        parked.map(|(pixel, _)| pixel.clone()).collect()
    }

    /// Closes the lanes that had no work for a while. Those of paused pixels stay, because the pause is known only there.
    pub fn end_idle(&self) {
        let now = self.reporting.clock.now();
        self.open().retain(|_, lane| {
            now.since(lane.used_at) < IDLE
                || lane.context.queued() > 0
                || lane.context.throttle().paused(now).is_some()
        });
    }

    /// Whether a lane has enough to do, so that more due work may have to be claimed for it soon.
    pub(in crate::report) fn any_has_enough(&self) -> bool {
        self.open().values().any(OpenLane::has_enough)
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

    fn open(&self) -> MutexGuard<'_, BTreeMap<PixelRef, OpenLane>> {
        // The lock guards a map that is whole after each operation, and is never held across an await.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a conversion into its lane's queue, or returns what to write about it when there is no room.
    fn enqueue(
        &self,
        open: &mut BTreeMap<PixelRef, OpenLane>,
        conversion: Weighed,
        holder: &Holder,
    ) -> Option<Settlement> {
        let bytes = conversion.queued_bytes();
        let Weighed { due, events } = conversion;
        let room = QUEUED_CONVERSIONS.saturating_sub(self.all_queued.load(Ordering::SeqCst));
        let lane = match open.entry(due.pixel.clone()) {
            Entry::Occupied(lane) => lane.into_mut(),
            Entry::Vacant(place) => match self.open_lane(&due.pixel) {
                Some(lane) => place.insert(lane),
                None => return Some(self.no_destination(due)),
            },
        };
        lane.used_at = holder.now;
        let memory = lane.context.queue_memory.try_reserve(bytes).filter(|_| lane.context.queued() < room);
        let Some(memory) = memory else { return Some(self.no_room(due)) };
        lane.context.count_queued();
        let claimed = Claimed { due, events, memory };
        let Err(mpsc::error::SendError(claimed)) = lane.queue.send(claimed) else {
            return None;
        };
        // Its task has ended by a panic: the next conversion opens another lane.
        lane.context.count_all_lost();
        open.remove(&claimed.due.pixel);
        Some(self.no_room(claimed.due))
    }

    /// `None` when this process has no destination for the pixel's platform.
    fn open_lane(&self, pixel: &PixelRef) -> Option<OpenLane> {
        let (queue, incoming) = mpsc::unbounded_channel();
        let context =
            PixelContext::new(Arc::clone(&self.reporting), pixel.clone(), Arc::clone(&self.all_queued));
        let context = Arc::new(context?);
        self.running.spawn(Lane::new(Arc::clone(&context), incoming).run());
        Some(OpenLane { queue, context, used_at: UnixMillis(0) })
    }

    /// Parks what another version or configuration of this program claimed for a platform that this one cannot send to.
    fn no_destination(&self, due: Due) -> Settlement {
        tracing::warn!(pixel = %due.pixel, "no destination for the pixel's platform; the conversion is parked");
        let due_at = self.reporting.clock.now().plus(self.reporting.config.backoff.probe).min(due.deadline);
        let reason = WaitReason::NoDestination;
        nothing_sent(due, Settle::Parked(SettleLater { due_at, reason, failed: false }))
    }

    fn no_room(&self, due: Due) -> Settlement {
        let due_at = self.reporting.clock.now().plus(FULL_LANE_DELAY).min(due.deadline);
        nothing_sent(due, Settle::Retry(SettleLater { due_at, reason: WaitReason::LaneFull, failed: false }))
    }
}
