//! One bad event never sinks its neighbours.

use domain::{ConversionKey, EventId, EventKind, Outcome, Row};
use meta_sandbox::{Action, BadEvent};

use crate::world::World;

/// The id of the first Purchase of a row; samples with none are skipped.
fn page_view_of(row: &str) -> String {
    let key: ConversionKey = Row::parse(row).key;
    EventId::new(&key, EventKind::PageView, 0).to_string()
}

#[tokio::test]
async fn a_named_bad_event_costs_one_conversion_and_one_more_request() {
    let world = World::new().await;
    let rows = world.rows(100, 1, &["1"]);
    let bad = BadEvent {
        event_ids: vec![page_view_of(&rows[17])],
        named: true,
        subcode: 2_804_019,
        ..BadEvent::default()
    };
    world.sandbox.add_fault(Action::BadEvent(bad).always());
    let receipt = world.report("a", &rows).await;
    assert_eq!((receipt.rows(Outcome::Rejected), receipt.rows(Outcome::Reported)), (1, 99));
    let stats = world.sandbox.stats();
    assert_eq!((stats.requests.refused, stats.requests.accepted), (1, 1));
    world.sandbox_has(receipt.events());
}

#[tokio::test]
async fn bad_events_that_the_answer_does_not_name_are_found_by_bisection() {
    let world = World::new().await;
    let rows = world.rows(1_000, 2, &["1"]);
    let bad: Vec<_> = [3, 400, 401, 999].map(|i| page_view_of(&rows[i])).into();
    let fault = BadEvent { event_ids: bad, named: false, subcode: 2_804_004, ..BadEvent::default() };
    world.sandbox.add_fault(Action::BadEvent(fault).always());
    let receipt = world.report("a", &rows).await;
    assert_eq!((receipt.rows(Outcome::Rejected), receipt.rows(Outcome::Reported)), (4, 996), "{receipt:?}");
    let requests = world.sandbox.stats().requests;
    let full = receipt.events().div_ceil(1_000);
    assert!(requests.refused + requests.accepted <= full + 4 * 12, "{requests:?}");
    world.sandbox_has(receipt.events());
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn an_event_that_is_refused_for_an_unknown_reason_waits_and_its_neighbours_do_not() {
    let world = World::new().await;
    let rows = world.rows(300, 2, &["1"]);
    let bad: Vec<_> = [3, 201].map(|i| page_view_of(&rows[i])).into();
    let fault = BadEvent { event_ids: bad, named: false, subcode: 2_804_999, ..BadEvent::default() };
    world.sandbox.add_fault(Action::BadEvent(fault).always());
    let receipt = world.report("a", &rows).await;
    let rows = [Outcome::Rejected, Outcome::Parked, Outcome::Reported].map(|outcome| receipt.rows(outcome));
    assert_eq!(rows, [0, 2, 298], "{receipt:?}");
    world.sandbox_has(receipt.events());
}

#[tokio::test]
async fn of_10_000_conversions_the_37_bad_ones_are_rejected_and_all_others_reported() {
    let world = World::new().await;
    let rows = world.rows(10_000, 3, &["1", "2", "3"]);
    let bad: Vec<_> = (0..37).map(|i| page_view_of(&rows[i * 263 + i % 7])).collect();
    let fault = BadEvent { event_ids: bad, named: false, subcode: 2_804_004, ..BadEvent::default() };
    world.sandbox.add_fault(Action::BadEvent(fault).always());
    let first = world.report("a", &rows).await;
    assert_eq!(first.rows(Outcome::Rejected) + first.rows(Outcome::Reported), 10_000, "{first:?}");
    assert_eq!(first.rows(Outcome::Rejected), 37);
    let requests = world.sandbox.stats().requests;
    println!("{requests:?} for {} events", first.events());
    assert!(requests.refused <= 37 * 12, "{requests:?}");
    let full = first.events().div_ceil(1_000) + 3;
    assert!(requests.refused + requests.accepted <= full + full / 10 + 37 * 12, "{requests:?}");
    world.sandbox_has(first.events());
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}
