//! Amounts that are missing, zero or implausible, and clicks that are still to come.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{Outcome, Receipt};
use pipeline::replay::Replayed;
use ports::ledger::{Record, Selection, WaitReason};
use ports::{Clock, LedgerAdmin};
use serde_json::{Value, json};

use crate::restatements::{purchases, stating};
use crate::world::World;

/// A row with some fields changed.
pub(crate) fn with(row: &str, changes: &Value) -> String {
    let mut row: Value = serde_json::from_str(row).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        row[name] = value.clone();
    }
    row.to_string()
}

async fn record(world: &World, row: &str) -> Record {
    let row: Value = serde_json::from_str(row).unwrap();
    world.ledger.find(row["session_id"].as_str().unwrap(), None).await.unwrap().remove(0)
}

fn reasons(receipt: &Receipt) -> Vec<(Outcome, &str, u64)> {
    receipt.outcomes.iter().map(|o| (o.outcome, o.reason.as_str(), o.rows)).collect()
}

#[tokio::test]
async fn a_missing_amount_is_not_zero_and_makes_room_for_money() {
    for missing in [json!(null), json!(""), json!("  "), json!("a lot"), json!([1])] {
        let world = World::new().await;
        let row = &world.rows(1, 1, &["1"])[0];
        let first = world.report("a", &[with(row, &json!({"conversions": 1, "revenue": missing}))]).await;
        assert_eq!(reasons(&first), [(Outcome::Invalid, "missing_revenue", 1)], "{missing}");
        assert_eq!(purchases(&world), (0, "0".to_owned()));
        let second = world.report("b", &[stating(row, 1, "2.5")]).await;
        assert_eq!(second.rows(Outcome::Reported), 1, "{missing}");
        assert_eq!(purchases(&world), (1, "2.5".to_owned()));
        assert!(world.receipt(&world.put("a", &[]).await).await.balances());
    }
}

#[tokio::test]
async fn a_literal_zero_waits_for_its_money() {
    let world = World::new().await;
    let row = &world.rows(1, 1, &["1"])[0];
    let first = world.report("a", &[stating(row, 2, "0.00")]).await;
    assert_eq!(reasons(&first), [(Outcome::Parked, "zero_revenue", 1)]);
    world.sandbox_has(0);
    let second = world.report("b", &[stating(row, 2, "0.9")]).await;
    assert_eq!(second.rows(Outcome::Reported), 1);
    assert_eq!(purchases(&world), (2, "0.9".to_owned()));
    let first = world.receipt(&world.put("a", &[]).await).await;
    assert_eq!(reasons(&first), [(Outcome::Invalid, "zero_revenue", 1)], "it does not wait any more");
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn zero_ends_or_is_sent_when_the_deadline_comes() {
    for (world, sent) in [(World::new().await, 0), (World::sending_zero().await, 1)] {
        let rows = world.rows(2, 1, &["1"]);
        world.report("a", &[stating(&rows[0], 1, "0"), stating(&rows[1], 1, "0")]).await;
        let deadline = record(&world, &rows[0]).await.deadline.unwrap();
        let wait = deadline.since(world.clock.now()).saturating_sub(Duration::from_secs(3_660));
        world.clock.advance(wait);
        assert_eq!(world.entries(Outcome::Parked).await, 2, "a day before nothing has happened");
        let end = if sent == 0 { Outcome::Expired } else { Outcome::Reported };
        world.clock.advance(Duration::from_secs(if sent == 0 { 2 * 86_400 } else { 120 }));
        world.until(async || record(&world, &rows[0]).await.outcome == end).await;
        assert!(purchases(&world).0 >= sent && purchases(&world).1 == "0");
    }
}

#[tokio::test]
async fn views_before_the_click_never_make_it_a_duplicate() {
    let world = World::new().await;
    let row = &world.rows(1, 1, &["1"])[0];
    for (file, views) in [
        ("a", json!({"conversions": 0, "revenue": 0})),
        ("b", json!({"conversions": null, "revenue": 1.6988})),
    ] {
        world.report(file, &[with(row, &views)]).await;
    }
    let before = record(&world, row).await;
    assert_eq!((before.outcome, before.unreported().to_string()), (Outcome::Reported, "1.6988".to_owned()));
    let receipt = world.report("c", &[stating(row, 1, "1.6988")]).await;
    assert_eq!(receipt.rows(Outcome::Duplicate), 1, "another row brought the conversion");
    world.settled().await;
    assert_eq!(purchases(&world), (1, "1.6988".to_owned()), "and its money is reported all the same");
    assert!(record(&world, row).await.unreported().is_zero());
}

#[tokio::test]
async fn what_is_implausible_waits_for_a_person_who_has_it_sent() {
    let world = World::new().await;
    let row = &world.rows(1, 1, &["1"])[0];
    let receipt = world.report("a", &[stating(row, 2, "2000.01")]).await;
    assert_eq!(reasons(&receipt), [(Outcome::Parked, "implausible_revenue", 1)]);
    let entry = record(&world, row).await;
    assert_eq!((entry.wait_reason(), entry.due_at), (Some(WaitReason::ImplausibleRevenue), entry.deadline));
    assert_eq!(entry.unreported().to_string(), "2000.01", "it is shown with its money");
    world.tokens("1", &["another", "token-1"]).await;
    world.sandbox_has(0);

    let replay = world.replay();
    let reason = Some("implausible_revenue".to_owned());
    let selection = Selection { outcome: Outcome::Parked, reason, pixel: None, since: None };
    let plan = replay.plan(&selection).await.unwrap();
    assert_eq!(plan.reopened().revenue.to_string(), "2000.01");
    assert_eq!(
        replay.apply(&selection, &BTreeSet::new()).await.unwrap(),
        Replayed { reopened: 1, ..Replayed::default() }
    );
    // The first attempt fails; the consent is not forgotten.
    world.sandbox.set_tokens("1", &["none"]);
    world.until(async || world.entries(Outcome::Parked).await == 1).await;
    world.sandbox.set_tokens("1", &["token-1"]);
    world.clock.advance(Duration::from_secs(3_600));
    world.until(async || world.entries(Outcome::Reported).await == 1).await;
    assert_eq!(purchases(&world), (2, "2000.01".to_owned()));
}

#[tokio::test]
async fn a_correction_is_reported_in_place_of_what_is_implausible() {
    let world = World::new().await;
    let row = &world.rows(1, 1, &["1"])[0];
    world.report("a", &[stating(row, 1, "1000000000000")]).await;
    assert_eq!(world.report("b", &[stating(row, 1, "0.5")]).await.rows(Outcome::Reported), 1);
    assert_eq!(purchases(&world), (1, "0.5".to_owned()));
}

#[tokio::test]
async fn a_click_ahead_of_our_clock_waits_until_its_second_has_come() {
    let world = World::new().await;
    let rows = world.rows(3, 1, &["1"]);
    let click = world.clock.now().seconds().0 + 40;
    let future = with(&rows[1], &json!({"click_timestamp": click}));
    let receipt = world.report("a", &[rows[0].clone(), future.clone(), rows[2].clone()]).await;
    let future_click = WaitReason::FutureClick.as_str();
    assert!(reasons(&receipt).contains(&(Outcome::Retry, future_click, 1)), "{receipt:?}");
    let entry = record(&world, &future).await;
    assert_eq!((entry.due_at.unwrap().0, entry.events), (click * 1_000, 0));
    world.settled().await;
    assert!(world.clock.now().0 >= click * 1_000);
    assert_eq!(world.entries(Outcome::Reported).await, 3);
    let attempts = world.ledger.attempts(&entry.key).await.unwrap();
    assert!(
        attempts.iter().all(|attempt| attempt.answer.as_ref().is_none_or(|a| a.status == 200)),
        "{attempts:?}"
    );
    assert!(
        attempts.iter().filter(|attempt| attempt.events > 0).all(|attempt| attempt.at.0 >= click * 1_000)
    );
}
