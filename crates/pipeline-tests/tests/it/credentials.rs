//! A dead token parks its pixel's conversions and no others.

use std::sync::Arc;
use std::time::Duration;

use domain::Outcome;
use pipeline::report::refresh;
use ports::ledger::WaitReason;
use tokio_util::sync::CancellationToken;

use crate::world::World;

#[tokio::test]
async fn the_next_token_is_tried() {
    let world = World::new().await;
    world.tokens("1", &["revoked", "token-1"]).await;
    let receipt = world.report("a", &world.rows(20, 1, &["1"])).await;
    assert_eq!(receipt.rows(Outcome::Reported), 20);
}

#[tokio::test]
async fn without_a_working_token_one_pixel_waits_and_the_others_go_on() {
    let world = World::new().await;
    world.sandbox.set_tokens("2", &["new-token"]);
    let rows = world.rows(60, 1, &["1", "2", "3"]);
    let receipt = world.report("a", &rows).await;
    let parked = receipt.rows(Outcome::Parked);
    assert!(parked > 0 && receipt.rows(Outcome::Reported) == 60 - parked, "{receipt:?}");
    assert!(receipt.pixels.iter().all(|p| p.pixel.code.as_str() != "2" || p.events == 0));

    // The operator puts the new token into the directory: the next refresh releases what waited, before its probe is due.
    world.tokens("2", &["new-token"]).await;
    let stop = CancellationToken::new();
    let refreshing =
        tokio::spawn(refresh::run(Arc::clone(&world.reporting), Duration::from_millis(100), stop.clone()));
    world.until(async || world.entries(Outcome::Reported).await == 60).await;
    stop.cancel();
    refreshing.await.unwrap();
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn a_pixel_without_any_token_is_parked() {
    let world = World::new().await;
    world.tokens("3", &[]).await;
    let receipt = world.report("a", &world.rows(10, 1, &["3"])).await;
    assert_eq!(receipt.rows(Outcome::Parked), 10);
    assert_eq!(receipt.outcomes[0].reason, WaitReason::NoWorkingCredential.as_str());
}
