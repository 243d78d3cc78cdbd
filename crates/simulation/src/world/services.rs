//! The production services on faulty ports instead of backends, put together as `assembly` does it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use destination_meta::destination::MetaConfig;
use destination_meta::map::{DataProcessing, EventNames, MapConfig};
use domain::Money;
use pipeline::export::Export;
use pipeline::filter::{FileWatch, Filter};
use pipeline::report::{
    Backoff, Intake, Lanes, OnUnknown, ReportConfig, ReportPorts, Reporting, ZeroRevenue, clock_watch, due,
    refresh,
};
use pipeline::worker::{Company, Handler, Worker, WorkerConfig};
use pipeline::{Blocking, MemoryBudget, RowLimits, Subscriptions};
use ports::health::NoHealth;
use ports::ledger::Restatements;
use ports::metric::NoMetrics;
use ports::notice::NoNotices;
use ports::{BlobStore, Clock, Destination, Destinations, EventQueue};
use tokio_util::sync::CancellationToken;

use crate::chance::Jitter;
use crate::faulty_ports::{
    Connection, FaultyAnalytics, FaultyBlobStore, FaultyLedger, FaultyMeta, FaultyPixels, FaultyQueue,
    FaultySubscriptions,
};
use crate::input::{MAX_PER_CLICK, OUT_BUCKET};
use crate::scheduler::{Scheduler, VirtualClock};
use crate::world::backends::ANNOUNCED;
use crate::world::own_process::{Mortal, OneMessage};
use crate::world::plan::WORKERS;
use crate::world::{Backends, Rules};

/// The limit for a file; no file of a run is near it.
const MAX_OBJECT_BYTES: u64 = 1 << 20;

/// A budget that holds few rows at once.
const LITTLE_MEMORY: u64 = 64 << 10;

/// What a process needs to start.
pub(super) struct ProcessSetup<'w> {
    pub(super) scheduler: &'w Scheduler,
    pub(super) backends: &'w Backends,
    pub(super) rules: Rules,
    pub(super) seed: u64,
    pub(super) worker: usize,
    /// How many processes were started before.
    pub(super) number: u32,
    /// The clock of the process.
    pub(super) clock: VirtualClock,
}

/// The main task of a process.
pub(super) type Main = Pin<Box<dyn Future<Output = ()> + Send>>;

impl ProcessSetup<'_> {
    /// The main task of this worker.
    pub(super) fn main(&self, stop: CancellationToken) -> Main {
        if self.worker < WORKERS / 2 { self.filter(stop) } else { self.reporter(stop) }
    }

    fn connection(&self) -> Connection {
        Connection { scheduler: self.scheduler.clone(), worker: self.worker }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    fn queue(&self, port: &'static str) -> Arc<dyn EventQueue> {
        let inner = if port == "trigger" { &self.backends.trigger } else { &self.backends.report };
        Arc::new(FaultyQueue { connection: self.connection(), port, inner: Arc::clone(inner) })
    }

    fn blobs(&self) -> Arc<dyn BlobStore> {
        let queues = ANNOUNCED.into_iter().zip(["trigger", "report"]);
        let announcements = queues
            .map(|((bucket, prefix), port)| (bucket.to_owned(), prefix.to_owned(), self.queue(port)))
            .collect();
        Arc::new(FaultyBlobStore {
            connection: self.connection(),
            inner: self.backends.blobs.announcing(announcements),
        })
    }

    fn worker(&self, service: &'static str, port: &'static str, handler: Arc<dyn Handler>) -> Arc<Worker> {
        Arc::new(Worker {
            config: WorkerConfig {
                service,
                queue: port,
                concurrency: 2,
                visibility: Duration::from_secs(60),
                // A message that can be processed must never be dead-lettered, however many faults it meets.
                max_receives: 3,
            },
            queue: self.queue(port),
            handler: Arc::new(Mortal {
                scheduler: self.scheduler.clone(),
                worker: self.worker,
                inner: Arc::clone(&handler),
            }),
            own_process: Arc::new(OneMessage { scheduler: self.scheduler.clone(), inner: handler }),
            company: Company::default(),
            clock: self.clock(),
            metrics: Arc::new(NoMetrics),
            health: Arc::new(NoHealth),
            notices: Arc::new(NoNotices),
        })
    }

    fn filter(&self, stop: CancellationToken) -> Main {
        let store =
            FaultySubscriptions { connection: self.connection(), inner: self.backends.subscriptions.clone() };
        let filter = Filter {
            subscriptions: Some(Arc::new(Subscriptions::new(Arc::new(store)))),
            blobs: self.blobs(),
            output_bucket: OUT_BUCKET.to_owned(),
            max_object_bytes: MAX_OBJECT_BYTES,
            rows: RowLimits::default(),
            blocking: Blocking::Caller,
            clock: self.clock(),
            metrics: Arc::new(NoMetrics),
            watch: FileWatch::new(false, "USD"),
            notices: Arc::new(NoNotices),
        };
        Box::pin(self.worker("filter-svc", "trigger", Arc::new(filter)).run(stop))
    }

    fn reporter(&self, stop: CancellationToken) -> Main {
        let ledger = Arc::new(self.ledger());
        let memory = MemoryBudget::new(self.memory_bytes());
        let reporting = Arc::new(self.reporting(Arc::<FaultyLedger>::clone(&ledger), memory.clone()));
        let lanes = Lanes::new(Arc::clone(&reporting));
        let export = Export {
            ledger,
            analytics: Arc::new(FaultyAnalytics {
                connection: self.connection(),
                inner: self.backends.analytics.clone(),
                checker: self.backends.checker.clone(),
            }),
            memory,
            clock: self.clock(),
            metrics: Arc::new(NoMetrics),
            health: Arc::new(NoHealth),
        };
        let intake = Arc::new(Intake::new(Arc::clone(&reporting), Arc::clone(&lanes)));
        let take_in = self.worker("reporter-svc", "report", intake).run(stop.clone());
        Box::pin(async move {
            let refresh = refresh::run(Arc::clone(&reporting), Duration::from_secs(60), stop.clone());
            let due = due::run(Arc::clone(&reporting), Arc::clone(&lanes), stop.clone());
            clock_watch::ask_first(&reporting).await;
            let watch = clock_watch::run(Arc::clone(&reporting), stop.clone());
            tokio::join!(take_in, due, refresh, watch, export.run(stop));
            lanes.drain().await;
        })
    }

    /// Of every second seed next to none: a few rows at a time must be enough.
    const fn memory_bytes(&self) -> u64 {
        if self.seed.is_multiple_of(2) { 256 << 20 } else { LITTLE_MEMORY }
    }

    fn ledger(&self) -> FaultyLedger {
        FaultyLedger {
            connection: self.connection(),
            inner: self.backends.ledger.clone(),
            checker: self.backends.checker.clone(),
            clock: self.clock.clone(),
        }
    }

    fn reporting(&self, ledger: Arc<FaultyLedger>, memory: MemoryBudget) -> Reporting {
        let owner = format!("w{}.{}", self.worker, self.number);
        let pixels = FaultyPixels { connection: self.connection(), inner: self.backends.pixels.clone() };
        let checker = self.backends.checker.clone();
        let increments = self.rules.increments;
        let config = ReportConfig {
            owner: owner.clone(),
            lease: Duration::from_secs(120),
            max_object_bytes: MAX_OBJECT_BYTES,
            rows: RowLimits::default(),
            on_unknown: if self.rules.hold { OnUnknown::Hold } else { OnUnknown::Resend },
            restatements: if increments { Restatements::Increments } else { Restatements::First },
            max_per_click: Money::from_units(MAX_PER_CLICK),
            zero_revenue: if self.rules.zero_sent { ZeroRevenue::Send } else { ZeroRevenue::Hold },
            backoff: Backoff::default(),
            requests_per_pixel: 3,
            claim_rows: 4,
            memory,
            blocking: Blocking::Caller,
        };
        let ports = ReportPorts {
            pixels: Arc::new(pixels),
            feeds: Arc::new(self.backends.feeds.clone()),
            blobs: self.blobs(),
            ledger,
            destinations: Destinations::from_iter([Arc::new(FaultyMeta {
                connection: self.connection(),
                meta: Arc::clone(&self.backends.meta),
                config: meta_config(),
                checker,
                owner,
                in_flight: AtomicU64::new(0),
                // A quarter of the budget: what is sent has half of it, and is there twice.
                most_in_flight: self.memory_bytes() / 4,
            }) as Arc<dyn Destination>]),
            clock: self.clock(),
            rng: Arc::new(Jitter::new(self.seed, self.worker)),
            metrics: Arc::new(NoMetrics),
            health: Arc::new(NoHealth),
            notices: Arc::new(NoNotices),
        };
        Reporting::new(config, ports)
    }
}

fn meta_config() -> MetaConfig {
    let map = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".to_owned(),
        default_event_source_url: None,
        data_processing: DataProcessing::Unsaid,
    };
    MetaConfig::new("v25.0", map)
}
