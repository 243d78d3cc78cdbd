//! Pauses between looks at entries that other workers change at the same time, or whose writer waits for its majority.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use ports::Rng;
use ports::backoff::Backoff;

/// Looks, before what is left goes back to the caller: some seconds together.
pub(super) const ROUNDS: u32 = 16;

const PAUSES: Backoff = Backoff::jittered(Duration::from_millis(5), Duration::from_millis(400));

/// Waits before a look, but for the first.
pub(super) async fn pause(round: u32, owner: &str) {
    let pause = before(round, owner);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

fn before(round: u32, owner: &str) -> Duration {
    let Some(doublings) = round.checked_sub(1) else { return Duration::ZERO };
    PAUSES.random_pause(doublings, &Spread { owner, round })
}

/// Spreads pauses without chance: the names of workers differ, so two that met do not meet again.
#[derive(Debug)]
struct Spread<'o> {
    owner: &'o str,
    round: u32,
}

impl Rng for Spread<'_> {
    fn next_u64(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.owner, self.round).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_is_at_once_and_the_others_wait_longer_and_longer() {
        let pauses: Vec<_> = (0..ROUNDS).map(|round| before(round, "a")).collect();
        assert_eq!(pauses[0], Duration::ZERO);
        assert!(pauses[1..].iter().all(|pause| !pause.is_zero()));
        assert!(pauses[1] < pauses[4] && pauses[4] < pauses[7], "{pauses:?}");
        // Long enough for a write to reach its majority, and shorter than a lease.
        let all: Duration = pauses.iter().sum();
        assert!((Duration::from_secs(2)..Duration::from_secs(7)).contains(&all), "{all:?}");
    }

    #[test]
    fn two_workers_do_not_wait_alike() {
        let of = |owner| (1..ROUNDS).map(|round| before(round, owner)).collect::<Vec<_>>();
        let (a, b) = (of("worker-1"), of("worker-2"));
        assert!(a.iter().zip(&b).all(|(a, b)| a != b), "{a:?} {b:?}");
        assert_eq!(a, of("worker-1"));
    }
}
