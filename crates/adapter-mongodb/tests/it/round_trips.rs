//! What claiming and settling costs: round trips, counted by the driver's own events.
//!
//! The emulator of MongoDB grows slow with a collection's size and takes a millisecond for a statement, so the conversions are spread
//! over databases, and there it is a tenth of them: the ratio is the same. A real server, whose address is given, gets all.

use ports::ReportLedger;
use ports::ledger::{Claim, DueLimits, Settle, Settled};

use super::world::{holder, lease, ledger, sendable, settlement};

const BATCH: u64 = 1_000;
const BATCHES: u64 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_conversions_cost_at_most_eight_round_trips_a_thousand() {
    let databases = if port_tests::service::is_given("MONGODB") { 50 } else { 5 };
    let (mut trips, mut rows) = (0, 0);
    for database in 0..databases {
        let ledger = ledger().await;
        let before = ledger.round_trips();
        for batch in 0..BATCHES {
            let statements =
                (0..BATCH).map(|i| sendable(&format!("{database}-{batch}-{i}"), "b/o", i)).collect();
            let claims = ledger.claim(statements, &holder(0)).await.unwrap();
            let settlements =
                claims.iter().map(|claim| settlement(&lease(claim), Settle::Reported)).collect();
            let settled = ledger.settle(settlements, &holder(1)).await.unwrap();
            assert!(settled.iter().all(|settled| *settled == Settled::Done));
            rows += BATCH;
        }
        trips += ledger.round_trips() - before;
    }
    assert_eq!(rows, databases * BATCHES * BATCH);
    println!("{rows} conversions, {trips} round trips");
    assert!(trips <= 8 * rows / 1_000, "{trips}");
}

/// Every way a batch can go at once: new, delivered again, brought by another row, taken over.
#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_batch_costs_no_more() {
    let ledger = ledger().await;
    let rows = |object: &'static str, from: u64| {
        (from..from + 500).map(move |i| sendable(&format!("s{i}"), object, i))
    };
    ledger.claim(rows("b/o", 0).collect(), &holder(0)).await.unwrap();
    let idle = (1_000..1_200).map(|i| {
        let mut idle = sendable(&format!("s{i}"), "b/o", i);
        idle.verdict = ports::ledger::RowVerdict::NoEvents;
        idle
    });
    ledger.claim(idle.collect(), &holder(0)).await.unwrap();

    let before = ledger.round_trips();
    let mut mixed: Vec<_> = rows("b/o", 0).take(200).collect();
    mixed.extend(rows("b/p", 250).take(400));
    mixed.extend(rows("b/p", 1_000).take(200).map(|mut row| {
        row.observed = Some(super::world::figures(2, "1"));
        row
    }));
    mixed.extend(rows("b/p", 600).take(200));
    let claims = ledger.claim(mixed, &holder(1)).await.unwrap();
    let held: Vec<_> = claims.iter().filter(|claim| matches!(claim, Claim::Held(_))).map(lease).collect();
    assert_eq!(held.len(), 500, "500 to 799 are new, 200 are taken over");
    let settlements = held.iter().map(|lease| settlement(lease, Settle::Reported)).collect();
    ledger.settle(settlements, &holder(2)).await.unwrap();
    let trips = ledger.round_trips() - before;
    assert!(trips <= 6, "{trips} round trips for 1,000 rows");

    // The look at the form of the collection, one round trip every ten seconds, is not counted.
    assert_eq!(ledger.claim(Vec::new(), &holder(500)).await.unwrap(), []);
    let before = ledger.round_trips();
    assert_eq!(ledger.claim_due(&DueLimits::of(1_000), &holder(500)).await.unwrap().len(), 500);
    let trips = ledger.round_trips() - before;
    assert!(trips <= 3, "{trips} round trips for due work");
    let nothing = ledger.round_trips();
    assert_eq!(ledger.claim_due(&DueLimits::of(1_000), &holder(500)).await.unwrap(), []);
    assert_eq!(ledger.round_trips() - nothing, 1);
}
