//! What a process does whose time comes into doubt while it reads a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Outcome, UnixMillis};
use pipeline::worker::{Handled, Handler};
use port_tests::clock::ManualClock;
use ports::Clock;
use ports::clock::Doubt;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// A clock that is trusted so many times; then it is known to be nine days ahead.
#[derive(Debug)]
struct Ahead {
    clock: Arc<ManualClock>,
    trusted: AtomicUsize,
}

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> UnixMillis {
        self.clock.now().plus(Duration::from_secs(9 * 86_400))
    }

    fn doubt(&self) -> Option<Doubt> {
        let spent = self.trusted.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        spent.is_err().then_some(Doubt::Disagreement(9 * 86_400_000))
    }

    async fn sleep(&self, time: Duration) {
        self.clock.sleep(time).await;
    }
}

/// Seed 7999 of the simulation: another machine showed the time between two claims of a file, and the rows of the second were still invalid by
/// the wrong one.
#[tokio::test]
async fn rows_that_a_wrong_clock_judged_are_not_claimed_once_that_is_known() {
    let world = World::new().await;
    let object = world.put("a", &world.rows(30, 1, &["1"])).await;
    // At the beginning of the file, and at the first claim.
    let clock = Ahead { clock: Arc::clone(&world.clock), trusted: AtomicUsize::new(2) };
    let wrong = world.intake_by(Arc::new(clock), 10);
    let body = ports::notification::object_created(&object, 1, "now");
    let handled = wrong.handle(&world.delivery(&body), &CancellationToken::new()).await;
    assert!(matches!(handled, Handled::Later { .. }), "{handled:?}");
    assert_eq!(world.entries(Outcome::Invalid).await, 10, "those of the first claim");
    assert_eq!(world.handle(&object).await, Handled::Done);
    assert_eq!(world.entries(Outcome::Invalid).await, 10, "the others are judged by a right clock");
}
