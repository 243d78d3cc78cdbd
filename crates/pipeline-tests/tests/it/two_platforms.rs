//! Two platforms in one process, each with its own sandbox. Their pixels have one code, which must never mix them up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{Outcome, Receipt};
use pipeline::report::{Lanes, OnUnknown, ReportPorts, Reporting};
use port_tests::clock::Half;
use port_tests::destination::Fault;
use ports::ledger::{DueLimits, Holder, Restatements, Selection, WaitReason};
use ports::metric::NoMetrics;
use ports::notice::NoNotices;
use ports::{Clock, Destination, HealthSink, LedgerAdmin, ReportLedger};
use serde_json::Value;

use crate::postcard::{PLATFORM, PostOffice, Postcard, WINDOW};
use crate::world::{World, config_of, destinations, meta};

/// A world where pixel 1 is there twice: Meta's, and the other platform's.
async fn world() -> (World, Arc<PostOffice>) {
    let office = PostOffice::open(&[("1", "stamp")]).await;
    let world = World::with_also(Arc::new(Postcard::new(&office.url()))).await;
    world.tokens("postcard:1", &["stamp"]).await;
    (world, office)
}

/// Rows of pixel 1, for the other platform from `first` on.
fn rows(world: &World, number: usize, first: usize) -> Vec<String> {
    let mut rows = world.rows(number, 1, &["1"]);
    let click_s = world.clock.now().seconds().0 - 600;
    let change = |row: &mut Value| {
        row["traffic_source"] = "Postcard".into();
        row["click_timestamp"] = click_s.into();
    };
    rows[first..].iter_mut().for_each(|row| *row = changed(row, change));
    rows
}

fn changed(row: &str, change: impl Fn(&mut Value)) -> String {
    let mut row: Value = serde_json::from_str(row).unwrap();
    change(&mut row);
    row.to_string()
}

fn events(receipt: &Receipt) -> BTreeMap<String, u64> {
    receipt.pixels.iter().map(|p| (p.pixel.to_string(), p.events)).collect()
}

#[tokio::test]
async fn each_conversion_goes_to_its_own_platform_and_is_counted_there() {
    let (world, office) = world().await;
    let receipt = world.report("a", &rows(&world, 40, 25)).await;
    assert_eq!(receipt.rows(Outcome::Reported), 40, "{receipt:?}");
    let events = events(&receipt);
    assert_eq!(events.keys().collect::<Vec<_>>(), ["meta:1", "postcard:1"]);
    world.sandbox_has(events["meta:1"]);
    assert_eq!(office.has("1").len() as u64, events["postcard:1"]);
    assert_eq!(world.lanes.count(), 0, "drained");
}

#[tokio::test]
async fn a_platform_s_outage_and_its_credentials_are_its_own() {
    let (world, office) = world().await;
    office.set_token("1", "another");
    let receipt = world.report("a", &rows(&world, 40, 20)).await;
    assert_eq!((receipt.rows(Outcome::Reported), receipt.rows(Outcome::Parked)), (20, 20), "{receipt:?}");
    let parked = Selection { outcome: Outcome::Parked, reason: None, pixel: None, since: None };
    let of_pixel = |pixel: &str| Selection { pixel: pixel.parse().ok(), ..parked.clone() };
    assert_eq!(world.ledger.select(&of_pixel("meta:1"), None, 100).await.unwrap().len(), 0);
    assert_eq!(world.ledger.select(&of_pixel("postcard:1"), None, 100).await.unwrap().len(), 20);

    // Other credentials of Meta's pixel release nothing of the other platform's; its own do.
    world.sandbox.set_tokens("1", &["token-new"]);
    world.tokens("1", &["token-new"]).await;
    let changed = world.reporting.pixels.refresh().await.unwrap();
    assert_eq!(changed, ["meta:1".parse().unwrap()]);
    let now = world.clock.now();
    assert_eq!(world.ledger.release_parked(&"meta:1".parse().unwrap(), now).await.unwrap(), 0);
    world.tokens("postcard:1", &["another"]).await;
    let changed = world.reporting.pixels.refresh().await.unwrap();
    assert_eq!(changed, ["postcard:1".parse().unwrap()]);
    assert_eq!(world.ledger.release_parked(&changed[0], now).await.unwrap(), 20);
    world.until(async || world.entries(Outcome::Reported).await == 40).await;
    let reported = Selection { outcome: Outcome::Reported, ..of_pixel("postcard:1") };
    let reported = world.ledger.select(&reported, None, 100).await.unwrap();
    assert_eq!(office.has("1").len() as u64, reported.iter().map(|record| record.events).sum::<u64>());
}

#[tokio::test]
async fn each_platform_has_its_own_window_and_requirements() {
    let (world, _office) = world().await;
    let two_days_ago = world.clock.now().minus(2 * WINDOW).seconds().0;
    let old = |row: &String| changed(row, |row| row["click_timestamp"] = two_days_ago.into());
    let rows: Vec<_> = rows(&world, 2, 1).iter().map(old).collect();
    let receipt = world.report("old", &rows).await;
    assert_eq!((receipt.rows(Outcome::Reported), receipt.rows(Outcome::Invalid)), (1, 1), "{receipt:?}");
    assert!(receipt.outcomes.iter().any(|o| o.reason == "older_than_7_days"), "{receipt:?}");

    let click_s = world.clock.now().seconds().0 - 60;
    let no_agent = |row: &String| {
        changed(row, |row| {
            row["session_id"] = format!("another-{}", row["session_id"].as_str().unwrap()).into();
            row["click_timestamp"] = click_s.into();
            row["user_agent"] = Value::Null;
        })
    };
    let receipt = world.report("no-agent", &rows.iter().map(no_agent).collect::<Vec<_>>()).await;
    assert_eq!((receipt.rows(Outcome::Reported), receipt.rows(Outcome::Invalid)), (1, 1), "{receipt:?}");
    assert!(receipt.outcomes.iter().any(|o| o.reason == "insufficient_data"), "Meta wants it: {receipt:?}");
}

/// What parts of a process said last.
#[derive(Debug, Default)]
struct Latest(Mutex<BTreeMap<String, bool>>);

impl HealthSink for Latest {
    fn ready(&self, part: &str) {
        self.0.lock().unwrap().insert(part.to_owned(), true);
    }

    fn not_ready(&self, part: &str, _: &str) {
        self.0.lock().unwrap().insert(part.to_owned(), false);
    }
}

/// Another process on the same backends.
fn process(world: &World, second: Option<Arc<dyn Destination>>, health: &Arc<Latest>) -> Arc<Lanes> {
    let ports = ReportPorts {
        pixels: Arc::clone(&world.directory) as _,
        feeds: Arc::clone(&world.feeds) as _,
        blobs: Arc::clone(&world.reporting.blobs),
        ledger: Arc::clone(&world.ledger) as _,
        destinations: destinations(meta(&world.sandbox.url())).into_iter().chain(second).collect(),
        clock: Arc::clone(&world.clock) as _,
        rng: Arc::new(Half),
        metrics: Arc::new(NoMetrics),
        health: Arc::clone(health) as _,
        notices: Arc::new(NoNotices),
    };
    Lanes::new(Arc::new(Reporting::new(config_of(OnUnknown::Resend), ports)))
}

/// Sends what is due by another process.
async fn send_due(world: &World, lanes: &Arc<Lanes>) {
    let now = world.clock.now();
    let until = now.plus(Duration::from_secs(6 * 3600));
    let max_per_click = domain::Money::from_units(1_000);
    let holder =
        Holder { owner: "another".into(), now, until, restatements: Restatements::First, max_per_click };
    let due = world.ledger.claim_due(&DueLimits::of(100), &holder).await.unwrap();
    assert!(!due.is_empty());
    lanes.submit(due, &holder).await;
    lanes.drain().await;
}

#[tokio::test]
async fn a_process_without_the_destination_parks_what_it_finds_and_takes_no_new_rows_for_it() {
    let (world, office) = world().await;
    office.arrange(Fault::Outage);
    let receipt = world.report("a", &rows(&world, 2, 1)).await;
    assert_eq!((receipt.rows(Outcome::Reported), receipt.rows(Outcome::Retry)), (1, 1), "{receipt:?}");
    world.clock.advance(Duration::from_secs(3600));
    send_due(&world, &process(&world, None, &Arc::default())).await;
    let parked = Selection { outcome: Outcome::Parked, reason: None, pixel: None, since: None };
    let waits = world.ledger.select(&parked, None, 10).await.unwrap();
    assert_eq!(waits[0].wait_reason(), Some(WaitReason::NoDestination));
    assert_eq!(waits[0].pixel.as_ref().map(|pixel| pixel.platform), Some(PLATFORM));

    // A process that has the destination sends it.
    world.clock.advance(Duration::from_secs(3600));
    let postcard: Arc<dyn Destination> = Arc::new(Postcard::new(&office.url()));
    send_due(&world, &process(&world, Some(postcard), &Arc::default())).await;
    assert_eq!(world.entries(Outcome::Reported).await, 2);

    // Rows of a platform that nothing can be sent to are named so.
    let alone = World::new().await;
    alone.tokens("postcard:1", &["stamp"]).await;
    let receipt = alone.report("b", &rows(&alone, 2, 1)).await;
    assert!(receipt.outcomes.iter().any(|o| o.reason == "unsupported_traffic_source"), "{receipt:?}");
}

#[tokio::test]
async fn readiness_names_the_platform_that_does_not_answer() {
    let (world, office) = world().await;
    office.arrange(Fault::Outage);
    world.report("a", &rows(&world, 2, 1)).await;
    world.clock.advance(Duration::from_secs(3600));
    let health = Arc::new(Latest::default());
    let unreachable: Arc<dyn Destination> = Arc::new(Postcard::new("http://127.0.0.1:1"));
    send_due(&world, &process(&world, Some(unreachable), &health)).await;
    assert_eq!(health.0.lock().unwrap().get("postcard"), Some(&false));
    assert_ne!(health.0.lock().unwrap().get("meta"), Some(&false));
}
