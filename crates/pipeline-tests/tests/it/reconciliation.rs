//! Receipts balance, whatever comes in whichever order.

use std::sync::Arc;

use domain::{Money, Outcome, Receipt};
use pipeline::worker::Handled;

use crate::world::World;

#[tokio::test]
async fn a_redelivered_object_gives_the_same_receipt() {
    let world = World::new().await;
    let rows = world.rows(50, 1, &["1", "2"]);
    let first = world.report("a", &rows).await;
    let again = world.report("a", &rows).await;
    assert_eq!(first, again);
    let copy = world.report("b", &rows).await;
    assert_eq!(copy.rows(Outcome::Duplicate), 50);
    world.sandbox_has(first.events());
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn a_conversion_whose_pixel_comes_later_is_reported_by_the_next_file() {
    let world = World::new().await;
    let rows = world.rows(10, 1, &["44"]);
    let first = world.report("a", &rows).await;
    assert_eq!(first.rows(Outcome::Invalid), 10);
    world.sandbox.set_tokens("44", &["token-44"]);
    world.tokens("44", &["token-44"]).await;
    world.reporting.pixels.refresh().await.unwrap();
    let second = world.report("b", &rows).await;
    assert_eq!(second.rows(Outcome::Reported), 10);
    let object = world.put("a", &rows).await;
    // Its rows keep their outcome; the conversions, and with them the money, are the second file's.
    assert_eq!((first.stated, first.unreported), (second.stated, second.stated));
    let without_money = Receipt { stated: Money::ZERO, unreported: Money::ZERO, ..first };
    assert_eq!(world.receipt(&object).await, without_money, "the first file keeps the rest of its receipt");
}

#[tokio::test]
async fn two_reporters_on_one_file_send_nothing_twice() {
    let world = Arc::new(World::new().await);
    let rows = world.rows(400, 1, &["1", "2", "3"]);
    let objects = [world.put("a", &rows).await, world.put("b", &rows).await];
    let both = objects.clone().map(|object| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.handle(&object).await })
    });
    for one in both {
        assert_eq!(one.await.unwrap(), Handled::Done);
    }
    world.lanes.drain().await;
    let receipts = [world.receipt(&objects[0]).await, world.receipt(&objects[1]).await];
    let reported: u64 = receipts.iter().map(|r| r.rows(Outcome::Reported)).sum();
    assert_eq!(reported, 400);
    world.sandbox_has(receipts.iter().map(Receipt::events).sum());
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}
