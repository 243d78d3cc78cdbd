//! Everything that reporting works with, in one place, on a clock that a test moves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapter_embedded::Db;
use adapter_embedded::blob::FolderBlobStore;
use adapter_embedded::feeds::EmbeddedFeeds;
use adapter_embedded::ledger::EmbeddedLedger;
use adapter_embedded::pixels::EmbeddedPixels;
use destination_meta::destination::{Meta, MetaConfig};
use destination_meta::map::{DataProcessing, EventNames, MapConfig};
use destination_meta::transport::Transport;
use domain::{Money, ObjectRef, Outcome, PixelRef, Receipt};
use meta_sandbox::{Sandbox, SandboxConfig};
use pipeline::replay::Replay;
use pipeline::report::{
    Backoff, CLAIM_ROWS, Intake, Lanes, OnUnknown, ReportConfig, ReportPorts, Reporting, ZeroRevenue, due,
};
use pipeline::worker::{Handled, Handler};
use pipeline::{Blocking, Feeds, MemoryBudget, Pixels, RowLimits};
use port_tests::clock::{Half, ManualClock};
use ports::health::NoHealth;
use ports::ledger::Restatements;
use ports::metric::{Labels, MetricSink};
use ports::notice::NoNotices;
use ports::pixels::{Credential, Pixel};
use ports::queue::{Delivery, Handle};
use ports::{Blob, Clock, Destination, FeedDirectory, LedgerAdmin, PixelDirectory, ReportLedger};
use samples::{SampleNetwork, SampleSpec, generate};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// Looks at the ledger before a test gives up waiting.
const LOOKS: usize = 20_000;

pub(crate) const BUCKET: &str = "report-conversions-bucket";

/// How often things were counted.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    /// Of one metric, whatever its labels.
    pub(crate) fn of(&self, name: &str) -> u64 {
        self.0.lock().unwrap().get(name).copied().unwrap_or(0)
    }
}

impl MetricSink for Tally {
    fn count(&self, name: &'static str, _: Labels<'_>, by: u64) {
        *self.0.lock().unwrap().entry(name).or_default() += by;
    }
    fn gauge(&self, _: &'static str, _: Labels<'_>, _: f64) {}
    fn observe(&self, _: &'static str, _: Labels<'_>, _: f64) {}
}

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) sandbox: Sandbox,
    pub(crate) reporting: Arc<Reporting>,
    pub(crate) ledger: Arc<EmbeddedLedger>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) directory: Arc<EmbeddedPixels>,
    pub(crate) feeds: Arc<EmbeddedFeeds>,
    pub(crate) tally: Arc<Tally>,
    intake: Intake,
    _folder: tempfile::TempDir,
}

impl World {
    /// Pixels 1, 2 and 3 with one working token each.
    pub(crate) async fn new() -> Self {
        Self::with(OnUnknown::Resend).await
    }

    /// The same with `RESTATEMENTS=increments`.
    pub(crate) async fn restating() -> Self {
        let config = ReportConfig { restatements: Restatements::Increments, ..config_of(OnUnknown::Resend) };
        Self::of(config, None).await
    }

    /// The same with `ZERO_REVENUE=send`.
    pub(crate) async fn sending_zero() -> Self {
        let config = ReportConfig { zero_revenue: ZeroRevenue::Send, ..config_of(OnUnknown::Resend) };
        Self::of(config, None).await
    }

    /// The same with little memory.
    pub(crate) async fn within(memory: MemoryBudget) -> Self {
        Self::of(ReportConfig { memory, ..config_of(OnUnknown::Resend) }, None).await
    }

    pub(crate) async fn with(on_unknown: OnUnknown) -> Self {
        Self::of(config_of(on_unknown), None).await
    }

    /// The same with a second platform.
    pub(crate) async fn with_also(second: Arc<dyn Destination>) -> Self {
        Self::of(config_of(OnUnknown::Resend), Some(second)).await
    }

    /// The same with its ledger in a file, and a way into that file.
    pub(crate) async fn on_disk() -> (Self, rusqlite::Connection) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.db");
        let db = Db::open(&file, EmbeddedLedger::SCHEMA).unwrap();
        let world = Self::with_ledger(config_of(OnUnknown::Resend), None, folder, db).await;
        (world, rusqlite::Connection::open(file).unwrap())
    }

    pub(crate) async fn of(report_config: ReportConfig, second: Option<Arc<dyn Destination>>) -> Self {
        let db = Db::in_memory(EmbeddedLedger::SCHEMA).unwrap();
        Self::with_ledger(report_config, second, tempfile::tempdir().unwrap(), db).await
    }

    async fn with_ledger(
        report_config: ReportConfig,
        second: Option<Arc<dyn Destination>>,
        folder: tempfile::TempDir,
        ledger: Db,
    ) -> Self {
        let clock = Arc::new(ManualClock::default());
        let sandbox_clock = Arc::clone(&clock);
        let config = SandboxConfig {
            clock: Arc::new(move || sandbox_clock.now().seconds().0),
            pixels: ["1", "2", "3"].map(|p| (p.to_owned(), vec![format!("token-{p}")])).into(),
            ..SandboxConfig::default()
        };
        let sandbox = Sandbox::start(config).await.unwrap();
        let dyn_clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let directory_db = Db::in_memory(adapter_embedded::DIRECTORY_SCHEMA).unwrap();
        let feeds = Arc::new(EmbeddedFeeds::new(directory_db.clone()));
        let directory = Arc::new(EmbeddedPixels::new(directory_db));
        let ledger = Arc::new(EmbeddedLedger::new(ledger));
        let tally = Arc::new(Tally::default());
        let ports = ReportPorts {
            pixels: Arc::<EmbeddedPixels>::clone(&directory),
            feeds: Arc::<EmbeddedFeeds>::clone(&feeds),
            blobs: Arc::new(FolderBlobStore::new(
                folder.path().to_owned(),
                Vec::new(),
                Arc::clone(&dyn_clock),
            )),
            ledger: Arc::<EmbeddedLedger>::clone(&ledger),
            destinations: destinations(meta(&sandbox.url())).into_iter().chain(second).collect(),
            clock: dyn_clock,
            rng: Arc::new(Half),
            metrics: Arc::<Tally>::clone(&tally),
            health: Arc::new(NoHealth),
            notices: Arc::new(NoNotices),
        };
        let reporting = Arc::new(Reporting::new(report_config, ports));
        let lanes = Lanes::new(Arc::clone(&reporting));
        let intake = Intake::new(Arc::clone(&reporting), Arc::clone(&lanes));
        let world = Self {
            clock,
            sandbox,
            reporting,
            ledger,
            lanes,
            directory,
            feeds,
            tally,
            intake,
            _folder: folder,
        };
        for pixel in ["1", "2", "3"] {
            world.tokens(pixel, &[&format!("token-{pixel}")]).await;
        }
        world
    }

    /// Intake of another process, which has read nothing yet and reaches the ledger in its own way.
    pub(crate) fn other_intake(&self, ledger: Arc<dyn ReportLedger>) -> Intake {
        self.intake_with(ledger, Arc::<EmbeddedFeeds>::clone(&self.feeds))
    }

    /// The same, which reaches the feeds in its own way, too.
    pub(crate) fn intake_with(&self, ledger: Arc<dyn ReportLedger>, feeds: Arc<dyn FeedDirectory>) -> Intake {
        self.intake_of((ledger, feeds, Arc::<ManualClock>::clone(&self.clock)), CLAIM_ROWS)
    }

    /// Intake of another process with a clock of its own, which claims so many rows at once.
    pub(crate) fn intake_by(&self, clock: Arc<dyn Clock>, claim_rows: usize) -> Intake {
        let (ledger, feeds) =
            (Arc::<EmbeddedLedger>::clone(&self.ledger), Arc::<EmbeddedFeeds>::clone(&self.feeds));
        self.intake_of((ledger, feeds, clock), claim_rows)
    }

    fn intake_of(
        &self,
        (ledger, feeds, clock): (Arc<dyn ReportLedger>, Arc<dyn FeedDirectory>, Arc<dyn Clock>),
        claim_rows: usize,
    ) -> Intake {
        let ports = ReportPorts {
            pixels: Arc::<EmbeddedPixels>::clone(&self.directory),
            feeds,
            blobs: Arc::clone(&self.reporting.blobs),
            ledger,
            destinations: destinations(meta(&self.sandbox.url())).into_iter().collect(),
            clock,
            rng: Arc::new(Half),
            metrics: Arc::<Tally>::clone(&self.tally),
            health: Arc::new(NoHealth),
            notices: Arc::new(NoNotices),
        };
        let config = ReportConfig { claim_rows, ..config_of(OnUnknown::Resend) };
        let reporting = Arc::new(Reporting::new(config, ports));
        let lanes = Lanes::new(Arc::clone(&reporting));
        Intake::new(reporting, lanes)
    }

    /// Other chances that the operator gives.
    pub(crate) fn replay(&self) -> Replay {
        Replay {
            ledger: Arc::clone(&self.ledger) as _,
            pixels: Arc::new(Pixels::new(Arc::clone(&self.directory) as _)),
            feeds: Arc::new(Feeds::new(Arc::clone(&self.feeds) as _)),
            clock: Arc::clone(&self.reporting.clock),
            destinations: destinations(meta(&self.sandbox.url())).into_iter().collect(),
        }
    }

    /// What the directory says of a pixel from now on.
    pub(crate) async fn tokens(&self, pixel: &str, tokens: &[&str]) {
        let credentials = tokens
            .iter()
            .map(|t| Credential { label: (*t).to_owned(), token: SecretString::from(*t) })
            .collect();
        let pixel = PixelRef::of_legacy_or_any(pixel).unwrap();
        self.directory.put(&Pixel { pixel, name: None, credentials }).await.unwrap();
    }

    /// Sample rows for these pixels.
    pub(crate) fn rows(&self, rows: usize, seed: u64, pixels: &[&str]) -> Vec<String> {
        let spec = SampleSpec {
            network: SampleNetwork::Tonic,
            rows,
            seed,
            now_unix_s: self.clock.now().seconds().0,
            pixels: pixels.iter().map(|p| (*p).to_owned()).collect(),
            ..SampleSpec::default()
        };
        generate(&spec).rows
    }

    /// Takes a file in and lets the lanes finish; the file's receipt.
    pub(crate) async fn report(&self, name: &str, rows: &[String]) -> Receipt {
        let object = self.put(name, rows).await;
        assert_eq!(self.handle(&object).await, Handled::Done);
        self.lanes.drain().await;
        self.receipt(&object).await
    }

    pub(crate) async fn put(&self, name: &str, rows: &[String]) -> ObjectRef {
        let object =
            ObjectRef::new(BUCKET, format!("filtered-conversions/tonic/job/acc/2025-11-22/8/{name}.json"));
        let file = format!("[{}]", rows.join(","));
        self.reporting.blobs.put(&object, Blob::from_bytes(file)).await.unwrap();
        object
    }

    pub(crate) async fn handle(&self, object: &ObjectRef) -> Handled {
        self.handle_body(&ports::notification::object_created(object, 1, "now")).await
    }

    pub(crate) async fn handle_body(&self, body: &str) -> Handled {
        self.intake.handle(&self.delivery(body), &CancellationToken::new()).await
    }

    pub(crate) fn delivery(&self, body: &str) -> Delivery {
        Delivery {
            message_id: "m".into(),
            handle: Handle("h".into()),
            body: body.to_owned(),
            receive_count: 1,
            sent_at: self.clock.now(),
        }
    }

    pub(crate) async fn receipt(&self, object: &ObjectRef) -> Receipt {
        let receipt = self.ledger.receipt(&object.id()).await.unwrap().unwrap();
        assert!(receipt.balances(), "{receipt:?}");
        receipt
    }

    /// Lets due work go on, as the background loop does, until `done` holds.
    pub(crate) async fn until(&self, done: impl AsyncFn() -> bool) {
        let stop = CancellationToken::new();
        let running =
            tokio::spawn(due::run(Arc::clone(&self.reporting), Arc::clone(&self.lanes), stop.clone()));
        for _ in 0..LOOKS {
            if done().await {
                stop.cancel();
                running.await.unwrap();
                self.lanes.drain().await;
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("still not done: {:?}", self.ledger.stats().await.unwrap());
    }

    /// Lets everything go on that goes on by itself.
    pub(crate) async fn settled(&self) {
        self.until(async || self.entries_of(&[Outcome::Retry, Outcome::InFlight]).await == 0).await;
    }

    /// Waits until so many conversions are not in flight any more.
    pub(crate) async fn landed(&self, conversions: u64) {
        for _ in 0..LOOKS {
            let stats = self.ledger.stats().await.unwrap();
            let in_flight = |s: &&ports::ledger::StateCount| s.outcome == Outcome::InFlight;
            let all: u64 = stats.states.iter().map(|s| s.entries).sum();
            let open: u64 = stats.states.iter().filter(in_flight).map(|s| s.entries).sum();
            if all - open >= conversions {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("still in flight");
    }

    pub(crate) async fn entries(&self, outcome: Outcome) -> u64 {
        self.entries_of(&[outcome]).await
    }

    /// In one look: an entry that goes from one outcome to another between two looks would be seen in neither.
    async fn entries_of(&self, outcomes: &[Outcome]) -> u64 {
        let stats = self.ledger.stats().await.unwrap();
        stats.states.iter().filter(|s| outcomes.contains(&s.outcome)).map(|s| s.entries).sum()
    }

    /// The sandbox must have exactly the events that the receipts say.
    pub(crate) fn sandbox_has(&self, events: u64) {
        assert_eq!(self.sandbox.stats().accepted_events(), events);
    }
}

pub(crate) fn config_of(on_unknown: OnUnknown) -> ReportConfig {
    ReportConfig {
        owner: "test".into(),
        // The clock of the tests runs ahead while requests are on their way.
        lease: Duration::from_secs(6 * 3600),
        max_object_bytes: 1 << 30,
        rows: RowLimits::default(),
        on_unknown,
        restatements: Restatements::First,
        max_per_click: Money::from_units(1_000),
        zero_revenue: ZeroRevenue::Hold,
        backoff: Backoff::default(),
        claim_rows: CLAIM_ROWS,
        memory: MemoryBudget::default(),
        blocking: Blocking::Pool,
        requests_per_pixel: 4,
    }
}

/// One destination, to which others may be added.
pub(crate) fn destinations(one: impl Destination + 'static) -> [Arc<dyn Destination>; 1] {
    [Arc::new(one)]
}

pub(crate) fn meta(url: &str) -> Meta {
    let transport = Transport::new(outbound_http::ClientConfig::new(url.parse().unwrap())).unwrap();
    let map = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_event_source_url: None,
        data_processing: DataProcessing::Unsaid,
    };
    Meta::new(MetaConfig::new("v25.0", map), transport)
}
