//! What every keeper of exclusive locks does.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::sync::Arc;

use domain::UnixMillis;
use ports::ExclusiveLock;

type Keeper = Arc<dyn ExclusiveLock>;

/// Seconds after some moment.
const fn at(seconds: i64) -> UnixMillis {
    UnixMillis((1_763_800_000 + seconds) * 1000)
}

/// Acquires the lock of `optimise` at that second for a minute.
async fn acquire(lock: &Keeper, owner: &str, seconds: i64) -> bool {
    lock.acquire("optimise", owner, at(seconds), at(seconds + 60)).await.unwrap()
}

/// Checks a keeper. `make` makes a fresh one, where every lock is free.
///
/// # Panics
/// When it does not do what the port says.
pub async fn suite(make: impl AsyncFn() -> Keeper) {
    a_lock_is_one_owners(make().await).await;
    a_lock_ends_by_itself(make().await).await;
    a_lock_can_be_prolonged_and_released(make().await).await;
    tasks_have_locks_of_their_own(make().await).await;
    of_many_at_once_one_gets_it(make().await).await;
    a_lock_that_a_wrong_clock_took_is_not_respected(make().await).await;
}

async fn a_lock_is_one_owners(lock: Keeper) {
    assert!(acquire(&lock, "a", 0).await);
    assert!(!acquire(&lock, "b", 1).await);
    assert!(!acquire(&lock, "b", 59).await);
    lock.release("optimise", "b").await.unwrap();
    assert!(!acquire(&lock, "b", 59).await, "it was not b's to release");
}

async fn a_lock_ends_by_itself(lock: Keeper) {
    assert!(acquire(&lock, "a", 0).await);
    assert!(acquire(&lock, "b", 60).await, "a's lock has ended");
    assert!(!acquire(&lock, "a", 61).await);
    lock.release("optimise", "a").await.unwrap();
    assert!(!acquire(&lock, "a", 62).await, "releasing what was lost changes nothing");
}

async fn a_lock_can_be_prolonged_and_released(lock: Keeper) {
    assert!(acquire(&lock, "a", 0).await);
    assert!(acquire(&lock, "a", 50).await);
    assert!(!acquire(&lock, "b", 100).await, "until second 110 now");
    lock.release("optimise", "a").await.unwrap();
    lock.release("optimise", "a").await.unwrap();
    assert!(acquire(&lock, "b", 100).await);
}

async fn a_lock_that_a_wrong_clock_took_is_not_respected(lock: Keeper) {
    assert!(acquire(&lock, "ahead", 5 * 3_600).await);
    assert!(acquire(&lock, "right", 0).await);
    assert!(!acquire(&lock, "another", 1).await);
    lock.release("optimise", "right").await.unwrap();
    assert!(acquire(&lock, "nearly", 180).await);
    assert!(!acquire(&lock, "right", 0).await, "right clocks may differ by so much");
}

async fn tasks_have_locks_of_their_own(lock: Keeper) {
    assert!(acquire(&lock, "a", 0).await);
    assert!(lock.acquire("another 'task'", "b", at(0), at(60)).await.unwrap());
    lock.release("another 'task'", "b").await.unwrap();
    assert!(!acquire(&lock, "b", 1).await);
}

async fn of_many_at_once_one_gets_it(lock: Keeper) {
    let takers: Vec<_> = (0..8)
        .map(|i| {
            let lock = Arc::clone(&lock);
            tokio::spawn(async move { acquire(&lock, &format!("owner {i}"), 0).await })
        })
        .collect();
    let mut taken = 0;
    for taker in takers {
        taken += u32::from(taker.await.unwrap());
    }
    assert_eq!(taken, 1);
}
