//! What a lane, its batches and their requests share for one pixel.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{PixelRef, Platform};
use ports::Destination;
use ports::pixels::Credential;

use crate::memory::Share;
use crate::report::Reporting;
use crate::report::health::PixelThrottle;

/// One pixel, as long as its lane is open.
#[derive(Debug)]
pub(super) struct PixelContext {
    pub(super) reporting: Arc<Reporting>,
    pub(super) pixel: PixelRef,
    /// Of the pixel's platform.
    pub(super) destination: Arc<dyn Destination>,
    throttle: Mutex<PixelThrottle>,
    /// For what waits in the lane.
    pub(super) queue_memory: Share,
    /// For what is being prepared and sent.
    pub(super) sending_memory: Share,
    /// Conversions that wait in the lane.
    queued: AtomicUsize,
    /// Conversions that wait in all lanes.
    all_queued: Arc<AtomicUsize>,
}

impl PixelContext {
    /// A pixel of which nothing is known yet; `None` when this process has no destination for its platform.
    pub(super) fn new(
        reporting: Arc<Reporting>,
        pixel: PixelRef,
        all_queued: Arc<AtomicUsize>,
    ) -> Option<Self> {
        let destination = Arc::clone(reporting.destinations.get(pixel.platform)?);
        let throttle = Mutex::new(PixelThrottle::new(reporting.config.requests_per_pixel));
        let memory = &reporting.config.memory;
        let (queue_memory, sending_memory) = (memory.queued().share(), memory.sending().share());
        let queued = AtomicUsize::new(0);
        Some(Self {
            reporting,
            pixel,
            destination,
            throttle,
            queue_memory,
            sending_memory,
            queued,
            all_queued,
        })
    }

    /// The pixel's throttle. Hold it briefly, and never across an await.
    pub(super) fn throttle(&self) -> MutexGuard<'_, PixelThrottle> {
        // Each change of a throttle is whole before anything could panic.
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The credentials that the directory shows now; `None` before its first successful read.
    pub(super) async fn credentials(&self) -> Option<Vec<Credential>> {
        Some(self.reporting.pixels.current().await.ok()?.credentials(&self.pixel).to_vec())
    }

    /// Whether the directory shows other credentials than those that were tried last.
    pub(super) async fn has_new_credentials(&self) -> bool {
        let current = self.credentials().await;
        current.is_some_and(|current| self.throttle().credentials.differ_from(&current))
    }

    /// The platform whose pixel it is.
    pub(super) const fn platform(&self) -> Platform {
        self.pixel.platform
    }

    /// Conversions that wait in the lane.
    pub(super) fn queued(&self) -> usize {
        self.queued.load(Ordering::SeqCst)
    }

    /// Counts a conversion that is put into the lane.
    pub(super) fn count_queued(&self) {
        self.queued.fetch_add(1, Ordering::SeqCst);
        self.all_queued.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts a conversion that the lane took out.
    pub(super) fn count_taken(&self) {
        self.queued.fetch_sub(1, Ordering::SeqCst);
        self.all_queued.fetch_sub(1, Ordering::SeqCst);
    }

    /// Counts all that waited as gone, because the lane ended without taking it out.
    pub(super) fn count_all_lost(&self) {
        let lost = self.queued.swap(0, Ordering::SeqCst);
        self.all_queued.fetch_sub(lost, Ordering::SeqCst);
    }
}
