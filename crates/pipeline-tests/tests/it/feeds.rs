//! Click times without an offset from UTC, by the time zone of their feed.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Feed, Outcome, UnixSeconds};
use meta_sandbox::EventFilter;
use pipeline::worker::{Handled, Handler};
use ports::ledger::Selection;
use ports::{Error, ErrorKind, FeedDirectory, LedgerAdmin, Result};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// A minute before the clock of a new world.
const CLICKED_AT: i64 = 1_763_800_000 - 60;

/// A row that was clicked then, by a clock so many hours ahead of UTC.
fn row(world: &World, session: &str, hours_ahead: i64) -> String {
    let mut row: Value = serde_json::from_str(&world.rows(1, 5, &["1"])[0]).unwrap();
    let shown = UnixSeconds(CLICKED_AT + hours_ahead * 3_600).millis().rfc3339();
    row["session_id"] = json!(session);
    row["click_timestamp"] = json!(shown.trim_end_matches('Z').replace('T', " "));
    row.to_string()
}

async fn set(world: &World, network: &str, zone: &str) {
    let feed = Feed { time_zone: Some(zone.parse().unwrap()), ..Feed::of(network) };
    world.feeds.put(&feed).await.unwrap();
}

fn assert_sent_at_the_click(world: &World) {
    let times: Vec<_> =
        world.sandbox.events(&EventFilter::all()).iter().map(|event| event.event_time).collect();
    assert!(!times.is_empty() && times.iter().all(|time| *time == CLICKED_AT), "{times:?}");
}

#[tokio::test]
async fn it_is_malformed_without_a_zone_and_reported_at_the_right_time_with_one() {
    let world = World::new().await;
    let rows = [row(&world, "without", 1)];
    let receipt = world.report("a", &rows).await;
    assert_eq!(receipt.rows(Outcome::Invalid), 1, "{receipt:?}");
    let record = world.ledger.find("without", None).await.unwrap().remove(0);
    assert_eq!((record.reasons.as_str(), record.click_time), ("malformed", None));
    assert_eq!(world.sandbox.events(&EventFilter::all()), []);

    // Another network's zone is not this one's. The clock of the test shows a day in winter.
    set(&world, "sedo", "America/New_York").await;
    set(&world, "tonic", "Europe/Berlin").await;
    let receipt = world.report("b", &[row(&world, "with", 1)]).await;
    assert_eq!(receipt.rows(Outcome::Reported), 1, "{receipt:?}");
    let record = world.ledger.find("with", None).await.unwrap().remove(0);
    assert_eq!(record.click_time, Some(UnixSeconds(CLICKED_AT)));
    assert_sent_at_the_click(&world);
}

#[tokio::test]
async fn what_was_malformed_gets_another_chance_by_the_zone_that_was_set_since() {
    let world = World::new().await;
    world.report("a", &[row(&world, "s", 1)]).await;
    set(&world, "tonic", "Europe/Berlin").await;
    let replay = world.replay();
    let selection = Selection { outcome: Outcome::Invalid, reason: None, pixel: None, since: None };
    assert_eq!(replay.apply(&selection, &BTreeSet::new()).await.unwrap().reopened, 1);
    world.reporting.feeds.refresh().await.unwrap();
    world.settled().await;
    assert_eq!(world.entries(Outcome::Reported).await, 1);
    assert_sent_at_the_click(&world);
}

/// A directory that cannot be reached.
#[derive(Debug)]
struct Gone;

#[async_trait]
impl FeedDirectory for Gone {
    async fn snapshot(&self) -> Result<Vec<Feed>> {
        Err(Error::new(ErrorKind::Unavailable, "feeds.snapshot"))
    }

    async fn put(&self, _: &Feed) -> Result<()> {
        Err(Error::new(ErrorKind::Unavailable, "feeds.put"))
    }

    async fn remove(&self, _: &str) -> Result<bool> {
        Err(Error::new(ErrorKind::Unavailable, "feeds.remove"))
    }
}

#[tokio::test]
async fn a_file_waits_while_the_feeds_cannot_be_read() {
    let world = World::new().await;
    let object = world.put("a", &[row(&world, "s", 1)]).await;
    let intake = world.intake_with(Arc::clone(&world.ledger) as _, Arc::new(Gone));
    let body = ports::notification::object_created(&object, 1, "now");
    let handled = intake.handle(&world.delivery(&body), &CancellationToken::new()).await;
    assert!(
        matches!(handled, Handled::Later { unavailable: Some(ref part), .. } if part == "feeds"),
        "{handled:?}"
    );
    assert_eq!(world.ledger.find("s", None).await.unwrap().len(), 0, "nothing of it was judged");
}
