//! Figures that are stated again, with `RESTATEMENTS=increments`.

use domain::restate::Figures;
use domain::{Money, Outcome};
use ports::LedgerAdmin;
use serde_json::Value;

use crate::world::World;

/// A row with other figures.
pub(crate) fn stating(row: &str, conversions: i64, revenue: &str) -> String {
    let mut row: Value = serde_json::from_str(row).unwrap();
    row["conversions"] = conversions.into();
    row["revenue"] = revenue.into();
    row.to_string()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Number and value of all Purchases that the sandbox has.
pub(crate) fn purchases(world: &World) -> (u64, String) {
    let stats = world.sandbox.stats();
    let all = stats.pixels.values().filter_map(|p| p.names.get("Purchase"));
    let (mut number, mut value) = (0, Money::ZERO);
    for purchase in all {
        number += purchase.accepted;
        value = purchase.value.values().fold(value, |sum, v| sum + money(&v.to_string()));
    }
    (number, value.to_string())
}

#[tokio::test]
async fn what_grew_is_reported_to_the_cent_and_what_fell_is_only_recorded() {
    let world = World::restating().await;
    let rows = world.rows(5, 1, &["1", "2"]);
    let state = |count, revenue| rows.iter().map(|row| stating(row, count, revenue)).collect::<Vec<_>>();

    let first = world.report("a", &state(1, "0.2501")).await;
    assert_eq!(first.rows(Outcome::Reported), 5);
    assert_eq!(purchases(&world), (5, "1.2505".to_owned()));

    // Money alone has no event to carry it: it waits for the next paid click.
    let steps = [
        ("b", 3, "0.7", 15, "3.5"),
        ("c", 3, "0.9333", 15, "3.5"),
        ("d", 4, "1.0501", 20, "5.2505"),
        ("e", 2, "0.2", 20, "5.2505"),
        ("f", 4, "1.05", 20, "5.2505"),
    ];
    for (file, count, revenue, purchases_sent, value) in steps {
        let receipt = world.report(file, &state(count, revenue)).await;
        assert_eq!(receipt.rows(Outcome::Duplicate), 5, "{file}");
        world.settled().await;
        assert_eq!(purchases(&world), (purchases_sent, value.to_owned()), "{file}");
    }
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
    assert_eq!(world.entries(Outcome::Reported).await, 5);
    let session: Value = serde_json::from_str(&rows[0]).unwrap();
    let record = world.ledger.find(session["session_id"].as_str().unwrap(), None).await.unwrap();
    assert_eq!(record[0].observed, Figures { count: 4, revenue: money("1.05") });
    assert_eq!(record[0].reported, Figures { count: 4, revenue: money("1.0501") });
    assert_eq!(record[0].reported.count + 2, i64::try_from(record[0].events).unwrap(), "views only once");
}

#[tokio::test]
async fn what_grows_while_it_is_on_its_way_follows() {
    let world = World::restating().await;
    let rows = world.rows(40, 2, &["1", "2", "3"]);
    for (file, count, revenue) in [("a", 1, "0.1"), ("b", 2, "0.25"), ("c", 5, "0.77")] {
        let stated: Vec<_> = rows.iter().map(|row| stating(row, count, revenue)).collect();
        let object = world.put(file, &stated).await;
        assert_eq!(world.handle(&object).await, pipeline::worker::Handled::Done);
    }
    world.lanes.drain().await;
    world.settled().await;
    assert_eq!(purchases(&world), (200, "30.8".to_owned()), "5 Purchases and 0.77 for each of 40");
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}
