//! What every keeper of turns does.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::sync::Arc;

use domain::UnixMillis;
use ports::Turns;

type Keeper = Arc<dyn Turns>;

/// Seconds after some moment.
const fn at(seconds: i64) -> UnixMillis {
    UnixMillis((1_763_800_000 + seconds) * 1000)
}

/// Takes the turn for `optimise` at that second for a minute.
async fn take(turns: &Keeper, owner: &str, seconds: i64) -> bool {
    turns.take("optimise", owner, at(seconds), at(seconds + 60)).await.unwrap()
}

/// Checks a keeper. `make` makes a fresh one, where nobody has a turn.
///
/// # Panics
/// When it does not do what the port says.
pub async fn suite(make: impl AsyncFn() -> Keeper) {
    a_turn_is_one_owners(make().await).await;
    a_turn_ends_by_itself(make().await).await;
    a_turn_can_be_prolonged_and_given_back(make().await).await;
    tasks_have_turns_of_their_own(make().await).await;
    of_many_at_once_one_gets_it(make().await).await;
}

async fn a_turn_is_one_owners(turns: Keeper) {
    assert!(take(&turns, "a", 0).await);
    assert!(!take(&turns, "b", 1).await);
    assert!(!take(&turns, "b", 59).await);
    turns.give_back("optimise", "b").await.unwrap();
    assert!(!take(&turns, "b", 59).await, "it was not b's to give back");
}

async fn a_turn_ends_by_itself(turns: Keeper) {
    assert!(take(&turns, "a", 0).await);
    assert!(take(&turns, "b", 60).await, "a's turn has ended");
    assert!(!take(&turns, "a", 61).await);
    turns.give_back("optimise", "a").await.unwrap();
    assert!(!take(&turns, "a", 62).await, "giving back what was lost changes nothing");
}

async fn a_turn_can_be_prolonged_and_given_back(turns: Keeper) {
    assert!(take(&turns, "a", 0).await);
    assert!(take(&turns, "a", 50).await);
    assert!(!take(&turns, "b", 100).await, "until second 110 now");
    turns.give_back("optimise", "a").await.unwrap();
    turns.give_back("optimise", "a").await.unwrap();
    assert!(take(&turns, "b", 100).await);
}

async fn tasks_have_turns_of_their_own(turns: Keeper) {
    assert!(take(&turns, "a", 0).await);
    assert!(turns.take("another 'task'", "b", at(0), at(60)).await.unwrap());
    turns.give_back("another 'task'", "b").await.unwrap();
    assert!(!take(&turns, "b", 1).await);
}

async fn of_many_at_once_one_gets_it(turns: Keeper) {
    let takers: Vec<_> = (0..8)
        .map(|i| {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { take(&turns, &format!("owner {i}"), 0).await })
        })
        .collect();
    let mut taken = 0;
    for taker in takers {
        taken += u32::from(taker.await.unwrap());
    }
    assert_eq!(taken, 1);
}
