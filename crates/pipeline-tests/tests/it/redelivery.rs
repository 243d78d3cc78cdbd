//! Objects that come again, as they were or with another content.

use std::time::Duration;

use domain::Outcome;
use pipeline::worker::Handled;
use ports::LedgerAdmin;

use crate::world::World;

#[tokio::test]
async fn what_was_taken_in_before_is_acknowledged_without_work() {
    let world = World::new().await;
    let rows = world.rows(20, 1, &["1"]);
    world.report("a", &rows).await;
    let noted = world.ledger.receipts(1).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    let object = world.put("a", &rows).await;
    assert_eq!(world.handle(&object).await, Handled::Done);
    assert_eq!(world.ledger.receipts(1).await.unwrap(), noted, "it was not read again");
}

#[tokio::test]
async fn another_content_under_the_same_key_is_taken_in_under_its_own_name() {
    let world = World::new().await;
    let rows = world.rows(30, 1, &["1"]);
    let first = world.report("a", &rows[..10]).await;
    assert_eq!(first.rows(Outcome::Reported), 10);
    for _ in 0..2 {
        let object = world.put("a", &rows[5..]).await;
        assert_eq!(world.handle(&object).await, Handled::Done);
        world.lanes.drain().await;
        assert_eq!(world.receipt(&object).await, first, "the receipt of the first content stays");
        let receipts = world.ledger.receipts(9).await.unwrap();
        let other = receipts.iter().find(|r| r.object.contains(&format!("{}#", object.key))).unwrap();
        assert!(other.receipt.balances(), "{other:?}");
        assert_eq!((other.receipt.rows(Outcome::Reported), other.receipt.rows(Outcome::Duplicate)), (20, 5));
        assert_eq!(receipts.len(), 2);
    }
    assert_eq!(world.entries(Outcome::Reported).await, 30);
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}
