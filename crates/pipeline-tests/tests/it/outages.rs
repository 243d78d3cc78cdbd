//! Throttles, resets and answers that never come.

use std::time::Duration;

use domain::Outcome;
use meta_sandbox::{Action, ErrorAnswer};
use pipeline::report::OnUnknown;
use ports::LedgerExport;
use ports::ledger::WaitReason;

use crate::world::World;

#[tokio::test]
async fn a_rate_limited_pixel_is_tried_again_later() {
    let world = World::new().await;
    let answer = ErrorAnswer { status: 400, code: 4, ..ErrorAnswer::default() };
    world.sandbox.add_fault(Action::Error(answer).times(2));
    let receipt = world.report("a", &world.rows(30, 1, &["1"])).await;
    assert_eq!(receipt.rows(Outcome::Retry), 30, "{receipt:?}");
    world.until(async || world.entries(Outcome::Reported).await == 30).await;
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn an_answer_that_never_came_is_sent_again_under_the_same_ids() {
    let world = World::new().await;
    world.sandbox.add_fault(Action::ResetAfterAccepting.times(1));
    let receipt = world.report("a", &world.rows(30, 1, &["1"])).await;
    assert_eq!(receipt.rows(Outcome::Retry), 30, "{receipt:?}");
    assert_eq!(receipt.outcomes[0].reason, WaitReason::UnknownOutcome.as_str());
    let accepted = world.sandbox.stats().accepted_events();
    world.until(async || world.entries(Outcome::Reported).await == 30).await;
    world.sandbox_has(accepted);
    assert_eq!(world.sandbox.stats().repeated_events(), accepted);
}

#[tokio::test]
async fn or_it_is_held_for_an_operator() {
    let world = World::with(OnUnknown::Hold).await;
    world.sandbox.add_fault(Action::ResetAfterAccepting.times(1));
    let receipt = world.report("a", &world.rows(30, 1, &["1"])).await;
    assert_eq!(receipt.rows(Outcome::Parked), 30);
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn a_failing_destination_is_paused_for_as_long_as_it_says() {
    let world = World::new().await;
    let headers = [("Retry-After".to_owned(), "900".to_owned())].into();
    let answer = ErrorAnswer { status: 503, code: 2, headers, ..ErrorAnswer::default() };
    world.sandbox.add_fault(Action::Error(answer).times(1));
    let before = world.reporting.clock.now();
    let receipt = world.report("a", &world.rows(5, 1, &["1"])).await;
    assert_eq!(receipt.rows(Outcome::Retry), 5, "{receipt:?}");
    let records = world.ledger.export_batch(9, u64::MAX).await.unwrap();
    let earliest = before.plus(Duration::from_secs(900));
    assert!(records.iter().all(|r| r.due_at.is_some_and(|due| due >= earliest)), "{records:?}");
    world.until(async || world.entries(Outcome::Reported).await == 5).await;
}

#[tokio::test]
async fn an_outage_without_end_expires_at_the_deadline() {
    let world = World::new().await;
    let answer = ErrorAnswer { status: 500, code: 2, is_transient: true, ..ErrorAnswer::default() };
    world.sandbox.add_fault(Action::Error(answer).always());
    world.report("a", &world.rows(3, 1, &["1"])).await;
    world.clock.advance(destination_meta::destination::REPORTING_WINDOW);
    world.until(async || world.entries(Outcome::Expired).await == 3).await;
    world.sandbox_has(0);
}

#[tokio::test]
async fn a_success_near_the_rate_limit_is_a_success_and_then_the_pixel_is_paused() {
    let world = World::new().await;
    let usage = r#"{"1":[{"call_count":100,"estimated_time_to_regain_access":2}]}"#;
    let headers = [("x-business-use-case-usage".to_owned(), usage.to_owned())].into();
    world.sandbox.add_fault(Action::Headers(headers).times(1));
    let rows = world.rows(60, 1, &["1"]);
    let object = world.put("a", &rows[..30]).await;
    world.handle(&object).await;
    world.landed(30).await;
    assert_eq!(world.entries(Outcome::Reported).await, 30);
    let second = world.report("b", &rows[30..]).await;
    assert_eq!(second.rows(Outcome::Retry), 30, "{second:?}");
    assert_eq!(second.outcomes[0].reason, WaitReason::Throttled.as_str());
    world.until(async || world.entries(Outcome::Reported).await == 60).await;
    assert_eq!(world.sandbox.stats().requests.accepted, 2);
}

#[tokio::test]
async fn what_may_have_been_received_is_not_sent_again_once_meta_forgets_ids() {
    let world = World::new().await;
    world.sandbox.add_fault(Action::ResetAfterAccepting.times(1));
    world.report("a", &world.rows(30, 1, &["1"])).await;
    let accepted = world.sandbox.stats().accepted_events();
    // As after a token that died after the time-out.
    world.clock.advance(Duration::from_secs(47 * 3_600));
    let parked = async || world.entries(Outcome::Parked).await;
    world.until(async || parked().await + world.entries(Outcome::Expired).await == 30).await;
    assert!(parked().await > 10, "few are too old by now");
    world.sandbox_has(accepted);
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
    let records = world.ledger.export_batch(99, u64::MAX).await.unwrap();
    let waits = |r: &ports::ledger::Record| {
        r.outcome == Outcome::Expired || r.wait_reason() == Some(WaitReason::UnknownOutcome)
    };
    assert!(records.iter().all(waits), "{records:?}");
}

#[tokio::test]
async fn fewer_received_than_sent_is_sent_again_under_the_same_ids() {
    let world = World::new().await;
    world.sandbox.add_fault(Action::ShortReceived(2).times(1));
    let receipt = world.report("a", &world.rows(5, 1, &["1"])).await;
    assert_eq!(receipt.rows(Outcome::Retry), 5, "{receipt:?}");
    let records = world.ledger.export_batch(9, u64::MAX).await.unwrap();
    let says_so = |answer: &ports::destination::Answer| answer.message.contains("received");
    assert!(records.iter().all(|r| r.answer.as_ref().is_some_and(says_so)), "{records:?}");
    let accepted = world.sandbox.stats().accepted_events();
    world.until(async || world.entries(Outcome::Reported).await == 5).await;
    world.sandbox_has(accepted);
}

#[tokio::test]
async fn and_after_a_few_such_answers_a_person_decides() {
    let world = World::new().await;
    world.sandbox.add_fault(Action::ShortReceived(2).always());
    world.report("a", &world.rows(5, 1, &["1"])).await;
    world.until(async || world.entries(Outcome::Parked).await == 5).await;
    assert_eq!(world.sandbox.stats().requests.accepted, 6);
}

#[tokio::test]
async fn a_rejected_conversion_keeps_what_was_accepted_of_it() {
    let world = World::new().await;
    let row = world.rows(50, 1, &["1"]).into_iter().find(|r| r.contains("\"conversions\":2")).unwrap();
    let key = domain::Row::parse(&row).key;
    let bad = domain::EventId::new(&key, domain::EventKind::Purchase, 1).to_string();
    let fault = meta_sandbox::BadEvent { event_ids: vec![bad], ..meta_sandbox::BadEvent::default() };
    world.sandbox.add_fault(Action::BadEvent(fault).always());
    let receipt = world.report("a", &[row]).await;
    assert_eq!(receipt.rows(Outcome::Rejected), 1);
    let record = world.ledger.export_batch(9, u64::MAX).await.unwrap().remove(0);
    assert!(record.events > 0 && record.events == world.sandbox.stats().accepted_events(), "{record:?}");
    let said = format!("{} of its events were accepted", record.events);
    assert!(record.answer.unwrap().message.contains(&said));
}
