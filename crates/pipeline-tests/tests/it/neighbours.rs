//! One pixel's problems and its neighbours, on virtual time.

use std::sync::Arc;
use std::time::Duration;

use adapter_embedded::Db;
use adapter_embedded::blob::FolderBlobStore;
use adapter_embedded::feeds::EmbeddedFeeds;
use adapter_embedded::ledger::EmbeddedLedger;
use adapter_embedded::pixels::EmbeddedPixels;
use domain::{ObjectRef, Outcome, PixelRef, UnixMillis};
use pipeline::report::{Intake, Lanes, OnUnknown, ReportPorts, Reporting, due, refresh};
use pipeline::worker::{Handled, Handler};
use port_tests::clock::Half;
use ports::health::NoHealth;
use ports::metric::NoMetrics;
use ports::notice::NoNotices;
use ports::pixels::{Credential, Pixel};
use ports::queue::{Delivery, Handle};
use ports::{Blob, Clock, Destination, LedgerAdmin, PixelDirectory};
use samples::{SampleNetwork, SampleSpec, generate};
use tokio_util::sync::CancellationToken;

use crate::model::{Model, VirtualClock};
use crate::world::{BUCKET, config_of, meta};

struct Many {
    clock: Arc<dyn Clock>,
    model: Arc<Model>,
    reporting: Arc<Reporting>,
    ledger: Arc<EmbeddedLedger>,
    lanes: Arc<Lanes>,
    directory: Arc<EmbeddedPixels>,
    pixels: Vec<String>,
    stop: CancellationToken,
    running: Vec<tokio::task::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Many {
    async fn new(pixels: usize, dead: Option<&str>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new());
        let model = Arc::new(Model::new(meta("http://127.0.0.1:1"), Arc::clone(&clock)));
        model.dead_tokens.lock().unwrap().extend(dead.map(|p| format!("token-{p}")));
        let folder = tempfile::tempdir().unwrap();
        let directory_db = Db::in_memory(adapter_embedded::DIRECTORY_SCHEMA).unwrap();
        let directory = Arc::new(EmbeddedPixels::new(directory_db.clone()));
        let ledger = Arc::new(EmbeddedLedger::new(Db::in_memory(EmbeddedLedger::SCHEMA).unwrap()));
        let ports = ReportPorts {
            pixels: Arc::<EmbeddedPixels>::clone(&directory),
            feeds: Arc::new(EmbeddedFeeds::new(directory_db)),
            blobs: Arc::new(FolderBlobStore::new(folder.path().to_owned(), Vec::new(), Arc::clone(&clock))),
            ledger: Arc::<EmbeddedLedger>::clone(&ledger),
            destinations: [Arc::<Model>::clone(&model) as Arc<dyn Destination>].into_iter().collect(),
            clock: Arc::clone(&clock),
            rng: Arc::new(Half),
            metrics: Arc::new(NoMetrics),
            health: Arc::new(NoHealth),
            notices: Arc::new(NoNotices),
        };
        let reporting = Arc::new(Reporting::new(config_of(OnUnknown::Resend), ports));
        let lanes = Lanes::new(Arc::clone(&reporting));
        let stop = CancellationToken::new();
        let refresh = refresh::run(Arc::clone(&reporting), Duration::from_secs(5), stop.clone());
        let due = due::run(Arc::clone(&reporting), Arc::clone(&lanes), stop.clone());
        let pixels: Vec<_> = (1..=pixels).map(|p| p.to_string()).collect();
        let mut many = Self {
            clock,
            model,
            reporting,
            ledger,
            lanes,
            directory,
            pixels,
            stop,
            running: Vec::new(),
            _folder: folder,
        };
        for pixel in &many.pixels {
            many.token(pixel, &format!("token-{pixel}")).await;
        }
        many.running = vec![tokio::spawn(refresh), tokio::spawn(due)];
        many
    }

    async fn token(&self, pixel: &str, token: &str) {
        let credentials = vec![Credential { label: token.to_owned(), token: token.into() }];
        let pixel = Pixel { pixel: PixelRef::of_legacy_or_any(pixel).unwrap(), name: None, credentials };
        self.directory.put(&pixel).await.unwrap();
    }

    /// Takes a file in; rows of all pixels, mixed.
    async fn take_in(&self, rows: usize) {
        let spec = SampleSpec {
            network: SampleNetwork::Tonic,
            rows,
            seed: 7,
            now_unix_s: self.clock.now().seconds().0,
            pixels: self.pixels.clone(),
            ..SampleSpec::default()
        };
        let key = "filtered-conversions/tonic/job/acc/2025-11-22/8/a.json";
        let object = ObjectRef::new(BUCKET, key);
        let file = format!("[{}]", generate(&spec).rows.join(","));
        self.reporting.blobs.put(&object, Blob::from_bytes(file)).await.unwrap();
        let delivery = Delivery {
            message_id: "m".into(),
            handle: Handle("h".into()),
            body: ports::notification::object_created(&object, 1, "now"),
            receive_count: 1,
            sent_at: self.clock.now(),
        };
        let intake = Intake::new(Arc::clone(&self.reporting), Arc::clone(&self.lanes));
        assert_eq!(intake.handle(&delivery, &self.stop).await, Handled::Done);
    }

    async fn entries(&self, outcome: Outcome) -> u64 {
        let stats = self.ledger.stats().await.unwrap();
        stats.states.iter().filter(|s| s.outcome == outcome).map(|s| s.entries).sum()
    }

    /// Looks every tenth of a virtual second, for at most `within`.
    async fn until(&self, within: Duration, done: impl AsyncFn() -> bool) {
        let end = self.clock.now().plus(within);
        while !done().await {
            assert!(self.clock.now() < end, "still not done: {:?}", self.ledger.stats().await);
            self.clock.sleep(Duration::from_millis(100)).await;
        }
    }

    async fn end(self) {
        self.stop.cancel();
        for running in self.running {
            running.await.unwrap();
        }
        self.lanes.drain().await;
    }
}

/// When each pixel but the seventh had everything, since the file came, in milliseconds.
async fn finished(dead: Option<&str>) -> Vec<i64> {
    let many = Many::new(20, dead).await;
    let start = many.clock.now();
    many.take_in(6_000).await;
    let parked = async || many.entries(Outcome::Parked).await;
    many.until(Duration::from_secs(60), async || {
        parked().await + many.entries(Outcome::Reported).await == 6_000
    })
    .await;
    if dead.is_some() {
        assert!(parked().await > 0);
        let requests = many.model.seen("7").requests.len();
        assert!(requests <= 1, "{requests} requests with a dead token");
    }
    let last = |p: &String| many.model.seen(p).last_accepted.unwrap_or(UnixMillis(0)).0 - start.0;
    let times = many.pixels.iter().filter(|p| *p != "7").map(last).collect();
    many.end().await;
    times
}

#[tokio::test(start_paused = true)]
async fn a_pixel_without_a_working_token_delays_none_of_its_19_neighbours() {
    let healthy = finished(None).await;
    let beside_a_dead_one = finished(Some("7")).await;
    println!("{healthy:?}\n{beside_a_dead_one:?}");
    for (alone, beside) in healthy.iter().zip(&beside_a_dead_one) {
        assert!(
            *alone > 0 && beside * 10 <= alone * 11,
            "{beside} ms beside a dead pixel, {alone} ms without"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_backlog_is_probed_with_one_request_and_goes_out_soon_after_a_new_token() {
    let many = Many::new(1, Some("1")).await;
    many.take_in(6_000).await;
    many.until(Duration::from_secs(60), async || many.entries(Outcome::Parked).await == 6_000).await;
    let first = many.model.seen("1").requests.len();
    many.clock.sleep(Duration::from_secs(301)).await;
    many.until(Duration::from_secs(60), async || many.entries(Outcome::Parked).await == 6_000).await;
    assert_eq!((first, many.model.seen("1").requests.len()), (1, 2), "one request, one probe");
    many.token("1", "new").await;
    let since = many.clock.now();
    many.until(Duration::from_secs(10), async || many.entries(Outcome::Reported).await == 6_000).await;
    let seen = many.model.seen("1");
    println!("{} ms, {} at once", many.clock.now().since(since).as_millis(), seen.most_at_once);
    assert!(seen.largest <= 1_000 && seen.repeated == 0 && (2..=4).contains(&seen.most_at_once));
    many.clock.sleep(Duration::from_secs(120)).await;
    assert_eq!(many.lanes.count(), 0, "an idle lane ends");
    many.end().await;
}

#[tokio::test(start_paused = true)]
async fn no_row_waits_longer_than_half_a_second_for_others() {
    let many = Many::new(1, None).await;
    let start = many.clock.now();
    many.take_in(3).await;
    many.until(Duration::from_secs(5), async || many.entries(Outcome::Reported).await == 3).await;
    let first = many.model.seen("1").requests[0];
    assert!((500..=510).contains(&first.since(start).as_millis()), "{:?}", first.since(start));
    many.end().await;
}
