//! One bad event never sinks its neighbours.

use domain::{ConversionKey, EventId, EventKind, Outcome, Row};
use meta_sandbox::{Action, BadEvent, ErrorAnswer, EventFilter};
use ports::ledger::WaitReason;

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

/// Whatever the code, and whichever event is blamed: a destination that takes nothing of a pixel refuses the pixel.
#[tokio::test]
async fn where_no_part_is_taken_nobody_is_rejected_and_all_end_alike() {
    for (code, subcode, reason, most) in [
        (2655, None, WaitReason::AccountRefused, 1),
        (2635, None, WaitReason::WrongEndpoint, 1),
        (31_234, None, WaitReason::NotIsolated, 32),
        (100, Some(2_804_999), WaitReason::NotIsolated, 32),
        (100, Some(2_804_004), WaitReason::NotIsolated, 32),
        (105, None, WaitReason::NotIsolated, 32),
    ] {
        for rows in [1, 2, 20, 300] {
            let world = World::new().await;
            let answer =
                ErrorAnswer { status: 400, code, subcode, is_transient: false, ..ErrorAnswer::default() };
            world.sandbox.add_fault(Action::Error(answer).always());
            let receipt = world.report("a", &world.rows(rows, 1, &["1"])).await;
            assert_eq!(receipt.rows(Outcome::Parked), rows as u64, "{code}/{subcode:?}: {receipt:?}");
            assert!(receipt.outcomes.iter().all(|o| o.reason == reason.as_str()), "{code}: {receipt:?}");
            let requests = world.sandbox.stats().requests.answered_by_fault;
            assert!(requests <= most, "{requests} requests for {rows} rows of {code}/{subcode:?}");
            world.sandbox.clear_faults();
            world.until(async || world.entries(Outcome::Reported).await == rows as u64).await;
            assert_eq!(world.sandbox.stats().repeated_events(), 0);
        }
    }
}

/// The destination names one event after the other.
#[tokio::test]
async fn nor_where_each_event_is_named_in_turn() {
    let world = World::new().await;
    let bad = BadEvent { share: 1.0, named: true, subcode: 2_804_019, ..BadEvent::default() };
    world.sandbox.add_fault(Action::BadEvent(bad).always());
    let receipt = world.report("a", &world.rows(30, 1, &["1"])).await;
    assert_eq!(receipt.rows(Outcome::Parked), 30, "{receipt:?}");
    world.sandbox.clear_faults();
    world.until(async || world.entries(Outcome::Reported).await == 30).await;
}

/// The destination recovers while bad events are looked for: those that it refused before are good.
#[tokio::test]
async fn who_was_refused_before_anything_was_taken_gets_another_try() {
    for refused in [1, 3, 7, 9, 12, 20] {
        let world = World::new().await;
        let rows = world.rows(50, 1, &["1"]);
        let answer = ErrorAnswer {
            status: 400,
            code: 100,
            subcode: Some(2_804_004),
            is_transient: false,
            ..ErrorAnswer::default()
        };
        world.sandbox.add_fault(Action::Error(answer).times(refused));
        let fault = BadEvent { event_ids: vec![page_view_of(&rows[40])], ..BadEvent::default() };
        world.sandbox.add_fault(Action::BadEvent(fault).always());
        world.report("a", &rows).await;
        world.until(async || world.entries(Outcome::Reported).await == 49).await;
        assert_eq!(world.entries(Outcome::Rejected).await, 1, "after {refused} refusals");
    }
}

/// The first rows of a file are bad, and the search begins there.
#[tokio::test]
async fn many_bad_events_in_one_place_do_not_keep_the_others() {
    let world = World::new().await;
    let rows = world.rows(200, 4, &["1"]);
    let bad: Vec<_> = rows[..30].iter().map(|row| page_view_of(row)).collect();
    let fault = BadEvent { event_ids: bad, ..BadEvent::default() };
    world.sandbox.add_fault(Action::BadEvent(fault).always());
    let receipt = world.report("a", &rows).await;
    assert_eq!((receipt.rows(Outcome::Rejected), receipt.rows(Outcome::Reported)), (30, 170), "{receipt:?}");
}

/// A click in a form that Meta refuses costs the click, not the conversion.
#[tokio::test]
async fn an_event_whose_click_is_refused_is_sent_without_it() {
    let world = World::new().await;
    let rows = world.rows(40, 1, &["1"]);
    let bad = page_view_of(&rows[17]);
    let fault = BadEvent {
        event_ids: vec![bad.clone()],
        subcode: 2_804_001,
        with: "\"fbc\"".to_owned(),
        ..BadEvent::default()
    };
    world.sandbox.add_fault(Action::BadEvent(fault).always());
    let receipt = world.report("a", &rows).await;
    assert_eq!(receipt.rows(Outcome::Reported), 40, "{receipt:?}");
    let events = world.sandbox.events(&EventFilter::all());
    let without = events.iter().filter(|event| !event.json.contains("\"fbc\":"));
    let sessions: Vec<_> = without.map(|event| event.id.as_deref().unwrap().to_owned()).collect();
    assert!(sessions.contains(&bad), "{sessions:?}");
    let most = Row::parse(&rows[17]).conversion.map_or(0, |_| 20);
    assert!(sessions.len() <= most, "only this conversion's");
}
