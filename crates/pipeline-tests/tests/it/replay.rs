//! Another chance for what ended or waits.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::Outcome;
use pipeline::replay::{ReplayPlan, Replayed};
use ports::ledger::{Selection, WaitReason};

use crate::world::World;

fn all(outcome: Outcome) -> Selection {
    Selection { outcome, reason: None, pixel: None, since: None }
}

#[tokio::test]
async fn what_was_invalid_is_reported_once_its_pixel_is_known() {
    let world = World::new().await;
    let receipt = world.report("a", &world.rows(600, 1, &["1", "44", "55"])).await;
    let invalid = receipt.rows(Outcome::Invalid);
    assert!(invalid > 0 && receipt.rows(Outcome::Reported) + invalid == 600, "{receipt:?}");
    let selection = all(Outcome::Invalid);
    let plan = world.replay().plan(&selection).await.unwrap();
    assert_eq!((plan.reopened().entries, plan.not_valid["invalid_pixel"].entries), (0, invalid));

    world.sandbox.set_tokens("44", &["token-44"]);
    world.tokens("44", &["token-44"]).await;
    let plan = world.replay().plan(&selection).await.unwrap();
    let reopened = plan.reopen[&("meta:44".parse().unwrap(), "invalid_pixel".to_owned())];
    assert_eq!(reopened.entries + plan.not_valid["invalid_pixel"].entries, invalid);
    assert!(reopened.entries > 0 && !reopened.revenue.is_zero());
    assert_eq!(world.entries(Outcome::Invalid).await, invalid, "a plan changes nothing");

    let done = world.replay().apply(&selection, &BTreeSet::new()).await.unwrap();
    assert_eq!(done, Replayed { reopened: reopened.entries, ..Replayed::default() });
    world.reporting.pixels.refresh().await.unwrap();
    world.settled().await;
    assert_eq!(world.entries(Outcome::Reported).await, 600 - invalid + reopened.entries);
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
    let object = world.put("a", &[]).await;
    let receipt = world.receipt(&object).await;
    assert_eq!(receipt.rows(Outcome::Invalid), invalid - reopened.entries, "and the receipt balances");
}

#[tokio::test]
async fn what_waits_for_a_pixel_goes_at_once_and_only_that() {
    let world = World::new().await;
    world.sandbox.set_tokens("1", &["new"]);
    world.sandbox.set_tokens("2", &["new"]);
    let receipt = world.report("a", &world.rows(40, 1, &["1", "2"])).await;
    assert_eq!(receipt.rows(Outcome::Parked), 40);
    let reason = Some(WaitReason::NoWorkingCredential.to_string());
    let selection = Selection { pixel: "meta:2".parse().ok(), reason, ..all(Outcome::Parked) };
    let plan = world.replay().plan(&selection).await.unwrap();
    world.tokens("2", &["new"]).await;
    world.reporting.pixels.refresh().await.unwrap();
    let done = world.replay().apply(&selection, &BTreeSet::new()).await.unwrap();
    assert_eq!(done.reopened, plan.reopened().entries);
    assert!((1..40).contains(&done.reopened));
    world.until(async || world.entries(Outcome::Reported).await == done.reopened).await;
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
    let again = world.replay().apply(&selection, &BTreeSet::new()).await.unwrap();
    assert_eq!(again, Replayed::default(), "none of it waits any more");
    let reported = world.replay().plan(&all(Outcome::Reported)).await.unwrap();
    assert_eq!((reported.reopened().entries, reported.already_reported.entries), (0, done.reopened));
}

#[tokio::test]
async fn what_waits_for_a_pixel_to_which_nothing_can_be_sent_stays_parked() {
    let world = World::new().await;
    ["1", "2"].iter().for_each(|code| world.sandbox.set_tokens(code, &["other"]));
    let receipt = world.report("a", &world.rows(40, 1, &["1", "2"])).await;
    assert_eq!(receipt.rows(Outcome::Parked), 40);
    let parked = |pixel: &str| Selection { pixel: pixel.parse().ok(), ..all(Outcome::Parked) };
    let of_first = world.replay().plan(&parked("meta:1")).await.unwrap().reopened().entries;
    let closed = BTreeSet::from(["meta:1".parse().unwrap()]);
    let done = world.replay().apply(&all(Outcome::Parked), &closed).await.unwrap();
    assert_eq!((done.left_parked, done.reopened), (of_first, 40 - of_first));
    assert_eq!(world.replay().plan(&parked("meta:1")).await.unwrap().reopened().entries, of_first);
}

#[tokio::test]
async fn what_a_feed_states_below_zero_counts_with_its_sign() {
    let world = World::new().await;
    let row = world.rows(1, 1, &["1"])[0].clone();
    let mut negative: serde_json::Value = serde_json::from_str(&row).unwrap();
    (negative["conversions"], negative["revenue"]) = (1.into(), serde_json::json!(-0.25));
    world.report("a", &[negative.to_string()]).await;
    let plan = world.replay().plan(&all(Outcome::Invalid)).await.unwrap();
    assert_eq!(plan.not_valid["negative_amount"].revenue.to_string(), "-0.25");
}

#[tokio::test]
async fn what_is_too_old_by_now_stays() {
    let world = World::new().await;
    world.report("a", &world.rows(10, 1, &["44"])).await;
    world.tokens("44", &["token-44"]).await;
    let selection = all(Outcome::Invalid);
    assert_eq!(world.replay().plan(&selection).await.unwrap().reopened().entries, 10);
    world.clock.advance(Duration::from_secs(8 * 86_400));
    let plan = world.replay().plan(&selection).await.unwrap();
    assert_eq!((plan.too_old.entries, plan.reopen.len()), (10, 0));
    assert_eq!(world.replay().apply(&selection, &BTreeSet::new()).await.unwrap(), Replayed::default());
    let none = Selection { since: Some(world.reporting.clock.now()), ..selection };
    assert_eq!(world.replay().plan(&none).await.unwrap(), ReplayPlan::default());
}
