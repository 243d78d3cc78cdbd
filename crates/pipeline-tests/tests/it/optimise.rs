//! The optimizer on the embedded store, and on ClickHouse's engine with parts as it makes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use adapter_clickhouse::{ClickHouse, ClickHouseAnalytics};
use adapter_embedded::analytics::EmbeddedAnalytics;
use adapter_embedded::lock::EmbeddedLock;
use adapter_embedded::{DIRECTORY_SCHEMA, Db};
use async_trait::async_trait;
use domain::restate::Figures;
use domain::{ConversionKey, Outcome, UnixMillis, UnixSeconds};
use pipeline::optimise::{Optimise, Run};
use port_tests::clock::ManualClock;
use ports::analytics::{Optimised, Partition, Total, Totals};
use ports::ledger::{Record, Source};
use ports::metric::NoMetrics;
use ports::{AnalyticsStore, Clock, ErrorKind, ExclusiveLock, Result};
use tokio_util::sync::CancellationToken;

const TABLE: &str = "report_conversions";
/// The states of these tests are never old enough to be erased.
const KEEP: Duration = Duration::from_secs(3_650 * 86_400);
const SETTLE: Duration = Duration::from_secs(1800);

/// A clock that moves only when a test says so: an optimizer that prolongs its lock now and then does not move it on.
#[derive(Debug, Default)]
struct StillClock(ManualClock);

impl StillClock {
    fn advance(&self, by: Duration) {
        self.0.advance(by);
    }
}

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> UnixMillis {
        self.0.now()
    }
    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

/// A store that counts what is optimised, and can let something happen meanwhile.
#[derive(Debug)]
struct Counted {
    inner: Arc<dyn AnalyticsStore>,
    optimised: AtomicU64,
    meanwhile: Option<Box<dyn AsyncHook>>,
}

#[async_trait]
trait AsyncHook: std::fmt::Debug + Send + Sync {
    async fn call(&self);
}

#[async_trait]
impl AnalyticsStore for Counted {
    async fn migrate(&self) -> Result<()> {
        self.inner.migrate().await
    }
    async fn insert(&self, records: &[Record]) -> Result<()> {
        self.inner.insert(records).await
    }
    async fn partitions(&self, table: &str) -> Result<Vec<Partition>> {
        self.inner.partitions(table).await
    }
    async fn optimise(&self, partition: &Partition) -> Result<Optimised> {
        self.optimised.fetch_add(1, Ordering::SeqCst);
        if let Some(meanwhile) = &self.meanwhile {
            meanwhile.call().await;
        }
        self.inner.optimise(partition).await
    }
    async fn conversions(&self) -> Result<u64> {
        self.inner.conversions().await
    }
    async fn totals(&self, wanted: &Totals) -> Result<Vec<Total>> {
        self.inner.totals(wanted).await
    }
    async fn forget_until(&self, until: UnixMillis, limit: usize) -> Result<u64> {
        self.inner.forget_until(until, limit).await
    }
    async fn forget(&self, keys: &[ConversionKey]) -> Result<u64> {
        self.inner.forget(keys).await
    }
}

/// A state of a conversion, whose last change was at that second.
fn record(session: &str, version: u64, at: i64) -> Record {
    let at = UnixSeconds(at);
    Record {
        key: ConversionKey::new(session, None),
        version,
        outcome: Outcome::Reported,
        reason: String::new(),
        reasons: String::new(),
        source: Source { object: "b/o".to_owned(), row: 0 },
        raw: "{}".to_owned(),
        session_id: Some(session.to_owned()),
        keyword_clicked: None,
        click_time: Some(at),
        pixel: None,
        network: "tonic".to_owned(),
        observed: Figures::default(),
        reported: Figures::default(),
        events: 1,
        attempts: 1,
        due_at: None,
        deadline: None,
        answer: None,
        created_at: at.millis(),
        updated_at: at.millis(),
        reported_at: None,
        erased: None,
    }
}

/// October and November 2025; the clock starts at the latter.
const MONTHS: [i64; 2] = [1_761_000_000, 1_763_800_000];

/// Two partitions of three pieces each.
async fn filled(inner: Arc<dyn AnalyticsStore>) -> Arc<Counted> {
    inner.migrate().await.unwrap();
    for version in 1..=3 {
        for month in MONTHS {
            inner.insert(&[record(&format!("s{month}"), version, month)]).await.unwrap();
        }
    }
    Arc::new(Counted { inner, optimised: AtomicU64::new(0), meanwhile: None })
}

async fn embedded(clock: &Arc<StillClock>) -> (Arc<Counted>, Arc<dyn ExclusiveLock>) {
    let db = Db::in_memory(EmbeddedAnalytics::SCHEMA).unwrap();
    let analytics = EmbeddedAnalytics::new(db, Arc::<StillClock>::clone(clock));
    let lock = EmbeddedLock::new(Db::in_memory(DIRECTORY_SCHEMA).unwrap());
    (filled(Arc::new(analytics)).await, Arc::new(lock))
}

fn optimizer(
    owner: &str,
    analytics: &Arc<Counted>,
    lock: &Arc<dyn ExclusiveLock>,
    clock: Arc<dyn Clock>,
) -> Optimise {
    Optimise {
        analytics: Arc::<Counted>::clone(analytics),
        lock: Arc::clone(lock),
        clock,
        metrics: Arc::new(NoMetrics),
        owner: owner.to_owned(),
        tables: vec![TABLE.to_owned()],
        settle: SETTLE,
        keep: KEEP,
    }
}

async fn parts(store: &Arc<Counted>) -> Vec<u64> {
    store.partitions(TABLE).await.unwrap().iter().map(|p| p.parts).collect()
}

#[tokio::test]
async fn what_has_settled_is_merged_and_what_changes_is_skipped() {
    let clock = Arc::new(StillClock::default());
    let (store, lock) = embedded(&clock).await;
    let optimise = optimizer("a", &store, &lock, Arc::<StillClock>::clone(&clock));
    let stop = CancellationToken::new();
    assert_eq!(optimise.run(&stop).await.unwrap(), Run::Done(1), "November changed just now");
    assert_eq!(parts(&store).await, [1, 3]);
    clock.advance(SETTLE);
    assert_eq!(optimise.run(&stop).await.unwrap(), Run::Done(1));
    assert_eq!(parts(&store).await, [1, 1]);
    assert_eq!(optimise.run(&stop).await.unwrap(), Run::Done(0), "nothing is left to do");
    stop.cancel();
    store.insert(&[record("s1763800000", 4, MONTHS[1])]).await.unwrap();
    assert_eq!(optimise.run(&stop).await.unwrap(), Run::Stopped(0));
}

#[tokio::test]
async fn the_lock_of_another_process_is_respected() {
    let clock = Arc::new(StillClock::default());
    let (store, lock) = embedded(&clock).await;
    let now = clock.now();
    assert!(lock.acquire("optimise", "b", now, now.plus(Duration::from_secs(60))).await.unwrap());
    let optimise = optimizer("a", &store, &lock, Arc::<StillClock>::clone(&clock));
    let stop = CancellationToken::new();
    assert_eq!(optimise.run(&stop).await.unwrap(), Run::NotOurs);
    assert_eq!(store.optimised.load(Ordering::SeqCst), 0);
    clock.advance(Duration::from_secs(60));
    assert_eq!(optimise.run(&stop).await.unwrap(), Run::Done(1));
    let now = clock.now();
    assert!(lock.acquire("optimise", "b", now, now.plus(SETTLE)).await.unwrap(), "it was released");
}

/// Another process gets the lock, as after a pause in which ours ran out.
#[derive(Debug)]
struct Stolen(Arc<dyn ExclusiveLock>, Arc<StillClock>);

#[async_trait]
impl AsyncHook for Stolen {
    async fn call(&self) {
        // As far ahead as a right clock may be: a lock that ends later would not be respected.
        let late = self.1.now().plus(Duration::from_secs(120));
        let until = late.plus(Duration::from_secs(120));
        assert!(self.0.acquire("optimise", "b", late, until).await.unwrap());
    }
}

#[tokio::test]
async fn a_lost_turn_stops_before_the_next_partition() {
    let clock = Arc::new(StillClock::default());
    let (store, lock) = embedded(&clock).await;
    clock.advance(SETTLE);
    let stolen = Stolen(Arc::clone(&lock), Arc::clone(&clock));
    let store = Arc::new(Counted {
        inner: Arc::clone(&store.inner),
        optimised: AtomicU64::new(0),
        meanwhile: Some(Box::new(stolen)),
    });
    let optimise = optimizer("a", &store, &lock, Arc::<StillClock>::clone(&clock));
    assert_eq!(optimise.run(&CancellationToken::new()).await.unwrap(), Run::Lost(1));
    assert_eq!(store.optimised.load(Ordering::SeqCst), 1);
}

/// The database merges on and on, and the process is asked to stop.
#[derive(Debug)]
struct Endless(CancellationToken);

#[async_trait]
impl AsyncHook for Endless {
    async fn call(&self) {
        self.0.cancel();
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn a_lock_is_kept_while_the_database_goes_on_after_a_stop() {
    let clock = Arc::new(StillClock::default());
    let (store, lock) = embedded(&clock).await;
    let stop = CancellationToken::new();
    let endless = Arc::new(Counted {
        inner: Arc::clone(&store.inner),
        optimised: AtomicU64::new(0),
        meanwhile: Some(Box::new(Endless(stop.clone()))),
    });
    let run = optimizer("a", &endless, &lock, Arc::<StillClock>::clone(&clock)).run(&stop).await;
    assert_eq!(run.unwrap(), Run::Interrupted(0));
    let next = optimizer("b", &store, &lock, Arc::<StillClock>::clone(&clock));
    let go_on = CancellationToken::new();
    assert_eq!(next.run(&go_on).await.unwrap(), Run::NotOurs, "the partition may still be merged");
    clock.advance(Duration::from_secs(120));
    assert_eq!(next.run(&go_on).await.unwrap(), Run::Done(1));
}

#[tokio::test]
async fn a_missing_table_is_an_error_and_the_others_are_optimised() {
    let clock = Arc::new(StillClock::default());
    let (store, lock) = embedded(&clock).await;
    clock.advance(SETTLE);
    let mut optimise = optimizer("a", &store, &lock, Arc::<StillClock>::clone(&clock));
    optimise.tables.insert(0, "no_such_table".to_owned());
    let error = optimise.run(&CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert_eq!(parts(&store).await, [1, 1]);
}

/// ClickHouse says when parts changed, so this is about real time.
#[derive(Debug)]
struct RealClock(Duration);

#[async_trait]
impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "the server's own times are real")]
    fn now(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        UnixMillis((since + self.0).as_millis() as i64)
    }
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[tokio::test]
async fn two_at_once_do_the_work_once_in_clickhouse() {
    let mut url: url::Url = port_tests::service::url("CLICKHOUSE").parse().unwrap();
    url.set_path(&format!("efflux_test_optimise_{}", std::process::id()));
    let server = ClickHouse::new(url.as_str()).unwrap();
    let now: Arc<dyn Clock> = Arc::new(RealClock(Duration::ZERO));
    let store = filled(Arc::new(ClickHouseAnalytics::new(server, Arc::clone(&now)))).await;
    assert!(parts(&store).await.iter().all(|parts| *parts > 1));
    let lock: Arc<dyn ExclusiveLock> = Arc::new(EmbeddedLock::new(Db::in_memory(DIRECTORY_SCHEMA).unwrap()));
    let stop = CancellationToken::new();
    let early = optimizer("early", &store, &lock, now);
    assert_eq!(early.run(&stop).await.unwrap(), Run::Done(0), "all of it changed just now");
    let later: Arc<dyn Clock> = Arc::new(RealClock(SETTLE + Duration::from_secs(60)));
    let [a, b] = ["a", "b"].map(|owner| optimizer(owner, &store, &lock, Arc::clone(&later)));
    let (a, b) = tokio::join!(a.run(&stop), b.run(&stop));
    let runs = [a.unwrap(), b.unwrap()];
    assert!(runs.contains(&Run::Done(2)), "{runs:?}");
    assert!(runs.contains(&Run::NotOurs) || runs.contains(&Run::Done(0)), "{runs:?}");
    assert_eq!(store.optimised.load(Ordering::SeqCst), 2, "each partition once");
    assert_eq!(parts(&store).await, [1, 1]);
    assert_eq!(store.conversions().await.unwrap(), 2);
}
