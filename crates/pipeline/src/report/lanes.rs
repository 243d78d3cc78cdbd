//! A lane per pixel: one pixel's trouble never delays another's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{PixelCode, UnixMillis};
use ports::ledger::{Due, Holder, Open, Positions, Settle, Settlement};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::task::TaskTracker;

use super::Reporting;
use super::lane::Lane;

/// Conversions that wait in one lane; about two requests' worth.
const LANE_CONVERSIONS: usize = 1_000;

/// How long a full lane may hold up a file before its conversion goes back to the ledger.
const LONGEST_HOLD_UP: Duration = Duration::from_secs(2);

/// When a conversion that found its lane full is looked at again.
const FULL_LANE_DELAY: Duration = Duration::from_secs(3);

/// A conversion that is this process's own for a while.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) due: Due,
    /// The end of its lease.
    pub(super) until: UnixMillis,
}

/// All lanes of a process.
#[derive(Debug)]
pub struct Lanes {
    reporting: Arc<Reporting>,
    open: Mutex<BTreeMap<PixelCode, mpsc::Sender<Held>>>,
    running: TaskTracker,
}

impl Lanes {
    /// No lanes yet; each opens with its pixel's first conversion.
    #[must_use]
    pub fn new(reporting: Arc<Reporting>) -> Arc<Self> {
        Arc::new(Self { reporting, open: Mutex::default(), running: TaskTracker::new() })
    }

    /// Hands a held conversion to its lane, waiting a little for room; a lane that stays full gives it back to the ledger.
    pub async fn submit(&self, due: Due, holder: &Holder) {
        let lane = self.lane(&due.pixel);
        let held = match lane.try_send(Held { due, until: holder.until }) {
            Ok(()) => return,
            Err(TrySendError::Full(held) | TrySendError::Closed(held)) => held,
        };
        let room = tokio::select! {
            biased;
            room = lane.reserve() => room.ok(),
            () = self.reporting.clock.sleep(LONGEST_HOLD_UP) => None,
        };
        match room {
            Some(room) => room.send(held),
            None => self.give_back(held.due).await,
        }
    }

    /// Lets every lane finish what it has. Nothing may be submitted any more.
    pub async fn drain(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.running.close();
        self.running.wait().await;
    }

    fn lane(&self, pixel: &PixelCode) -> mpsc::Sender<Held> {
        // The lock guards a map that is whole after each operation, and is never held across an await.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = open.get(pixel) {
            return lane.clone();
        }
        let (sender, receiver) = mpsc::channel(LANE_CONVERSIONS);
        let lane = Lane::new(Arc::clone(&self.reporting), pixel.clone(), receiver);
        self.running.spawn(lane.run());
        open.insert(pixel.clone(), sender.clone());
        sender
    }

    async fn give_back(&self, due: Due) {
        let now = self.reporting.clock.now();
        let open = Open {
            due_at: now.plus(FULL_LANE_DELAY).min(due.deadline),
            reason: "lane_full".to_owned(),
            failed: false,
        };
        let settlement = Settlement {
            lease: due.lease,
            settle: Settle::Retry(open),
            accepted: Positions::default(),
            reported: domain::restate::Figures::default(),
            answer: None,
        };
        self.reporting.settle(vec![settlement]).await;
    }
}
