//! The random numbers of a run: one stream per purpose, so that a new draw in one place does not change another.

use std::sync::Mutex;
use std::sync::PoisonError;

use chacha20::ChaCha8Rng;
use rand::{Rng as _, RngExt, SeedableRng};

/// The purpose of a random stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Input = 1,
    Plan = 2,
    Faults = 3,
    Order = 4,
    Jitter = 5,
    Crashes = 6,
    Pause = 7,
    Refusals = 8,
    Dirt = 9,
    Retention = 10,
    Damage = 11,
}

/// One random stream.
#[derive(Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose as u64);
        Self(rng)
    }

    /// A number from `low` to `high`, both possible.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.random_range(low..=high)
    }

    /// `true` with this probability.
    pub(crate) fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.0.random::<f64>() < share
    }

    /// An index into a non-empty list of this length.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// One of `choices`.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// Shuffles a list.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.index(last + 1));
        }
    }
}

/// The pipeline's own random numbers, for its jitter.
#[derive(Debug)]
pub(crate) struct Jitter(Mutex<ChaCha8Rng>);

impl Jitter {
    pub(crate) fn new(seed: u64, worker: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(Purpose::Jitter as u64 + ((worker as u64 + 1) << 8));
        Self(Mutex::new(rng))
    }
}

impl ports::Rng for Jitter {
    fn next_u64(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
    }
}
