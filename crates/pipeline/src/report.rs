//! Reports the conversions of filtered files: claim, send, settle.
//!
//! The way of a conversion, in the order of the modules:
//!
//! 1. `intake`: a message names a file. Its content is checked to the end, each row is claimed in the ledger, and the message is
//!    acknowledged. From here on the ledger carries the work.
//! 2. [`due`]: claims again what the ledger says is due: retries, parked conversions, the leases of dead processes.
//! 3. `deliver`: claimed conversions wait in the lane of their pixel, are gathered into batches, sent, and settled.
//! 4. `health`: what the answers say about a pixel and the destination: how many requests at once, when to pause.
//!
//! [`refresh`] keeps the [`Pixels`] and the [`Feeds`] current meanwhile, and [`clock_watch`] watches over the time.

mod backoff;
mod cause_log;
pub mod clock_watch;
mod config;
mod deliver;
pub mod due;
mod feeds;
mod health;
mod intake;
mod mutations;
mod pixels;
pub mod refresh;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Platform;
use ports::ledger::Holder;
use ports::{
    BlobStore, Clock, Destinations, FeedDirectory, HealthSink, MetricSink, NoticeSink, PixelDirectory,
    ReportLedger, Rng,
};
use tokio::sync::Notify;

pub use backoff::Backoff;
pub use config::{CLAIM_ROWS, OnUnknown, ReportConfig, ZeroRevenue};
pub use deliver::Lanes;
pub use feeds::Feeds;
pub use intake::Intake;
pub(crate) use pixels::PixelMap;
pub use pixels::Pixels;

use cause_log::CauseLog;
use health::DestinationReachability;

/// What reporting needs from the outside.
#[derive(Debug)]
pub struct ReportPorts {
    /// Pixels and credentials.
    pub pixels: Arc<dyn PixelDirectory>,
    /// What the operator says about feed networks.
    pub feeds: Arc<dyn FeedDirectory>,
    /// Where filtered files are.
    pub blobs: Arc<dyn BlobStore>,
    /// Where every row is claimed before anything is sent.
    pub ledger: Arc<dyn ReportLedger>,
    /// The platforms that receive the events.
    pub destinations: Destinations,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for jitter.
    pub rng: Arc<dyn Rng>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// Whether the ledger, the pixel directory and each destination can be reached.
    pub health: Arc<dyn HealthSink>,
    /// Which pixels have no working credential, and which files were refused.
    pub notices: Arc<dyn NoticeSink>,
}

/// What all steps of reporting share.
#[derive(Debug)]
pub struct Reporting {
    /// The rules that an operator sets.
    pub config: ReportConfig,
    /// Pixels and credentials, as they were read last.
    pub pixels: Arc<Pixels>,
    /// What the operator says about feed networks, as it was read last.
    pub feeds: Arc<Feeds>,
    /// Where filtered files are.
    pub blobs: Arc<dyn BlobStore>,
    /// Where every row is claimed before anything is sent.
    pub ledger: Arc<dyn ReportLedger>,
    destinations: Arc<Destinations>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    metrics: Arc<dyn MetricSink>,
    health: Arc<dyn HealthSink>,
    notices: Arc<dyn NoticeSink>,
    reachability: BTreeMap<Platform, DestinationReachability>,
    causes: CauseLog,
    /// Notified when ages may not be judged.
    clock_in_doubt: Notify,
}

impl Reporting {
    /// Reporting by these rules, through these ports.
    #[must_use]
    pub fn new(config: ReportConfig, ports: ReportPorts) -> Self {
        let ReportPorts { pixels, feeds, blobs, ledger, destinations, clock, rng, metrics, health, notices } =
            ports;
        let (pixels, feeds) = (Arc::new(Pixels::new(pixels)), Arc::new(Feeds::new(feeds)));
        let reachability = destinations.platforms().map(|p| (p, DestinationReachability::of(p))).collect();
        let destinations = Arc::new(destinations);
        let clock_in_doubt = Notify::new();
        Self {
            config,
            pixels,
            feeds,
            blobs,
            ledger,
            destinations,
            clock,
            rng,
            metrics,
            health,
            notices,
            reachability,
            causes: CauseLog::default(),
            clock_in_doubt,
        }
    }

    /// This process as a holder of leases that start now.
    fn holder(&self) -> Holder {
        let now = self.clock.now();
        Holder {
            owner: self.config.owner.clone(),
            now,
            until: now.plus(self.config.lease),
            restatements: self.config.restatements,
            max_per_click: self.config.max_per_click,
        }
    }
}
