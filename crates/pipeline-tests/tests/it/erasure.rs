//! Personal data leaves beside running work, at a visitor's wish and when its time is over.

use std::sync::Arc;
use std::time::Duration;

use adapter_embedded::Db;
use adapter_embedded::analytics::EmbeddedAnalytics;
use async_trait::async_trait;
use domain::restate::Figures;
use domain::{ConversionKey, ObjectRef, Outcome, UnixMillis};
use pipeline::Blocking;
use pipeline::erase::{Erase, Subject};
use pipeline::retention::{Retention, RetentionPass};
use pipeline::worker::Handled;
use port_tests::clock::ManualClock;
use ports::clock::Doubt;
use ports::ledger::{Holder, Restatements, RowClaim, RowVerdict, Source};
use ports::metric::NoMetrics;
use ports::{Blob, Clock, LedgerAdmin, ReportLedger};
use serde_json::Value;

use crate::world::{BUCKET, World};

const IN_BUCKET: &str = "interpreted-events-bucket";

pub(crate) fn erase_in(world: &World) -> Erase {
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&world.clock);
    let analytics =
        EmbeddedAnalytics::new(Db::in_memory(EmbeddedAnalytics::SCHEMA).unwrap(), Arc::clone(&clock));
    Erase {
        ledger: Arc::clone(&world.ledger) as _,
        analytics: Arc::new(analytics),
        blobs: Arc::clone(&world.reporting.blobs),
        interpreted_bucket: IN_BUCKET.to_owned(),
        report_bucket: BUCKET.to_owned(),
        max_object_bytes: 1 << 20,
        blocking: Blocking::Pool,
        clock,
    }
}

pub(crate) fn session(row: &str) -> String {
    let row: Value = serde_json::from_str(row).unwrap();
    row["session_id"].as_str().unwrap().to_owned()
}

async fn text_of(world: &World, object: &ObjectRef) -> Option<String> {
    let mut blob = world.reporting.blobs.get(object, u64::MAX).await.unwrap()?;
    Some(String::from_utf8(blob.bytes().unwrap()).unwrap())
}

#[tokio::test]
async fn a_file_that_was_written_again_is_known_when_it_comes_again() {
    let world = World::new().await;
    let rows = world.rows(5, 1, &["1"]);
    let receipt = world.report("a", &rows).await;
    let object = ObjectRef::new(BUCKET, "filtered-conversions/tonic/job/acc/2025-11-22/8/a.json");
    // A file that is no JSON and names the session was refused: nothing of it is needed.
    let refused = ObjectRef::new(IN_BUCKET, "networks/tonic/job/acc/2025-11-22/8/bad.json");
    let broken = format!("[{{\"session_id\":\"{}\"", session(&rows[2]));
    world.reporting.blobs.put(&refused, Blob::from_bytes(broken)).await.unwrap();

    let (erase, mut subject) = (erase_in(&world), Subject::of_session(&session(&rows[2])));
    let plan = erase.plan(&mut subject).await.unwrap();
    assert_eq!((plan.entries.len(), &plan.files), (1, &vec![refused.clone(), object.clone()]));
    let record = erase.apply(&mut subject, plan, Duration::ZERO).await.unwrap();
    assert!(record.complete, "{record:?}");
    assert_eq!((&record.rewritten, &record.removed), (&vec![object.clone()], &vec![refused.clone()]));
    assert_eq!(text_of(&world, &refused).await, None);
    let left = text_of(&world, &object).await.unwrap();
    assert!(!left.contains(&session(&rows[2])) && left.contains(&session(&rows[3])), "{left}");

    assert_eq!(world.handle(&object).await, Handled::Done);
    world.lanes.drain().await;
    let again = world.receipt(&object).await;
    assert_eq!((again.rows_in, &again.outcomes), (receipt.rows_in, &receipt.outcomes));
    let known: Vec<_> = world.ledger.receipts(9).await.unwrap().into_iter().map(|one| one.object).collect();
    assert_eq!(known, [object.id()], "its new content has no name of its own");
    world.sandbox_has(receipt.events());
}

#[tokio::test]
async fn what_a_worker_holds_is_waited_for_and_then_named() {
    let world = World::new().await;
    let now = world.clock.now();
    let holder = Holder {
        owner: "another".to_owned(),
        now,
        until: now.plus(Duration::from_secs(100)),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    };
    let key = ConversionKey::new("session-7", None);
    let row = RowClaim {
        key,
        source: Source { object: "b/o".to_owned(), row: 0 },
        raw: r#"{"session_id":"session-7"}"#.to_owned(),
        session_id: Some("session-7".to_owned()),
        keyword_clicked: None,
        click_time: None,
        pixel: "meta:1".parse().ok(),
        network: "tonic".to_owned(),
        observed: Some(Figures::default()),
        verdict: RowVerdict::Sendable { deadline: now.plus(Duration::from_secs(86_400)) },
    };
    world.ledger.claim(vec![row], &holder).await.unwrap();
    let (erase, mut subject) = (erase_in(&world), Subject::of_session("session-7"));
    let plan = erase.plan(&mut subject).await.unwrap();
    let record = erase.apply(&mut subject, plan.clone(), Duration::from_secs(10)).await.unwrap();
    assert_eq!((record.complete, &record.in_flight, record.entries.len()), (false, &vec![key], 0));
    // The clock of this test moves on while a task waits, past the end of the lease.
    let record = erase.apply(&mut subject, plan, Duration::from_secs(200)).await.unwrap();
    assert_eq!((record.complete, &record.entries, record.ended), (true, &vec![key], 1));
    let ended = world.ledger.find("session-7", None).await.unwrap().remove(0);
    assert_eq!((ended.outcome, ended.reason.as_str()), (Outcome::Invalid, "erased"));
}

/// A clock whose time is in doubt.
#[derive(Debug)]
struct DoubtfulClock;

#[async_trait]
impl Clock for DoubtfulClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(i64::MAX / 2)
    }
    fn doubt(&self) -> Option<Doubt> {
        Some(Doubt::Step(1))
    }
    async fn sleep(&self, _: Duration) {}
}

#[tokio::test]
async fn retention_goes_by_a_time_that_is_trusted() {
    let world = World::new().await;
    world.report("a", &world.rows(30, 2, &["1", "2"])).await;
    let stores = || (Arc::clone(&world.ledger) as _, Arc::clone(&world.reporting.blobs));
    let keep = Duration::from_secs(30 * 86_400);
    let retention = |clock: Arc<dyn Clock>| {
        Retention::new(stores(), vec![BUCKET.to_owned()], keep, clock, Arc::new(NoMetrics))
    };
    assert_eq!(retention(Arc::new(DoubtfulClock)).pass().await.unwrap(), RetentionPass::default());
    let retention = retention(Arc::<ManualClock>::clone(&world.clock));
    assert_eq!(retention.pass().await.unwrap(), RetentionPass::default(), "nothing is old enough");
    world.clock.advance(Duration::from_secs(38 * 86_400));
    let pass = retention.pass().await.unwrap();
    assert_eq!((pass.entries, pass.ended), (30, 0));
    assert_eq!(retention.pass().await.unwrap().entries, 0);
    assert_eq!(world.entries(Outcome::Reported).await, 30);
}
