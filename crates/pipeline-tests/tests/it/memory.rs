//! However little memory there is, the work goes on, and every row is accounted for.

use domain::Outcome;
use pipeline::MemoryBudget;
use ports::LedgerAdmin;
use ports::ledger::Selection;

use crate::world::World;

/// Rows with so much beside what is read.
fn padded(world: &World, rows: usize, seed: u64, bytes: usize) -> Vec<String> {
    let padding = "x".repeat(bytes);
    let pad = |row: String| row.replacen('{', &format!("{{\"padding\":\"{padding}\","), 1);
    world.rows(rows, seed, &["1", "2", "3"]).into_iter().map(pad).collect()
}

async fn all_are_reported(world: &World, files: u64, rows: usize, bytes: usize) {
    let mut expected = 0;
    for file in 0..files {
        let rows = padded(world, rows, file, bytes);
        let object = world.put(&format!("f{file}"), &rows).await;
        assert_eq!(world.handle(&object).await, pipeline::worker::Handled::Done);
        expected += rows.len() as u64;
    }
    // What found no room in a lane is due a little later.
    world
        .until(async || {
            world.clock.advance(std::time::Duration::from_secs(1));
            world.entries(Outcome::Reported).await + world.entries(Outcome::NoEvents).await == expected
        })
        .await;
    let rejected = Selection { outcome: Outcome::Rejected, reason: None, pixel: None, since: None };
    assert_eq!(world.ledger.select(&rejected, None, 1).await.unwrap(), []);
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn the_least_budget_is_enough_for_rows_of_feeds() {
    let world = World::within(MemoryBudget::new(1)).await;
    all_are_reported(&world, 2, 60, 0).await;
}

#[tokio::test]
async fn rows_of_many_bytes_are_claimed_and_sent_a_few_at_a_time() {
    let world = World::within(MemoryBudget::new(4 << 20)).await;
    all_are_reported(&world, 3, 200, 50_000).await;
}

#[tokio::test]
async fn a_row_that_is_too_long_is_malformed_and_its_neighbours_are_reported() {
    let world = World::new().await;
    let mut rows = padded(&world, 9, 1, 10);
    rows[4] = padded(&world, 9, 1, 70_000).remove(4);
    let receipt = world.report("a", &rows).await;
    assert_eq!(receipt.rows(Outcome::Invalid), 1, "{receipt:?}");
    assert_eq!(receipt.rows(Outcome::Reported) + receipt.rows(Outcome::NoEvents), 8, "{receipt:?}");
    let invalid = Selection {
        outcome: Outcome::Invalid,
        reason: Some("malformed".to_owned()),
        pixel: None,
        since: None,
    };
    let record = world.ledger.select(&invalid, None, 2).await.unwrap().remove(0);
    assert_eq!(record.source.row, 4);
    assert!(record.raw.len() < 200 && record.raw.contains("\"row\":4"), "{}", record.raw);
}
