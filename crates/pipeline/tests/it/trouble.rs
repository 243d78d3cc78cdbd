//! Throttles, resets and answers that never come.

use domain::Outcome;
use meta_sandbox::{Action, ErrorAnswer};
use pipeline::report::OnUnknown;

use crate::world::World;

#[tokio::test]
async fn a_throttled_pixel_is_tried_again_later() {
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
    assert_eq!(receipt.outcomes[0].reason, "unknown_outcome");
    let accepted = world.sandbox.stats().accepted_events();
    world.until(async || world.entries(Outcome::Reported).await == 30).await;
    world.sandbox_has(accepted);
    assert_eq!(world.sandbox.stats().repeated_events(), accepted);
}

#[tokio::test]
async fn or_it_is_held_for_a_person() {
    let world = World::with(OnUnknown::Hold).await;
    world.sandbox.add_fault(Action::ResetAfterAccepting.times(1));
    let receipt = world.report("a", &world.rows(30, 1, &["1"])).await;
    assert_eq!(receipt.rows(Outcome::Parked), 30);
    assert_eq!(world.sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn trouble_without_end_expires_at_the_deadline() {
    let world = World::new().await;
    let answer = ErrorAnswer { status: 500, code: 2, is_transient: true, ..ErrorAnswer::default() };
    world.sandbox.add_fault(Action::Error(answer).always());
    world.report("a", &world.rows(3, 1, &["1"])).await;
    world.clock.advance(domain::time::REPORTING_WINDOW);
    world.until(async || world.entries(Outcome::Expired).await == 3).await;
    world.sandbox_has(0);
}
