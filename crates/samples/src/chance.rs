//! Draws from a seeded generator: one independent stream per row.

use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// The source of all chance in a sample. Each row has a stream of its own, so a row can be made again without those before it.
#[derive(Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of one row, from its beginning.
    pub(crate) fn of_row(seed: u64, row: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(row as u64);
        Self(rng)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn share(&mut self) -> f64 {
        self.0.random()
    }

    /// A number from `low` to `high`, both possible.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..=high)
    }

    /// Any 16 bits.
    pub(crate) fn word(&mut self) -> u16 {
        self.0.random()
    }

    /// Any 128 bits.
    pub(crate) fn bits(&mut self) -> u128 {
        self.0.random()
    }

    /// One of `choices`, all equally likely.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.random_range(0..choices.len())]
    }

    /// An index into `weights`, as likely as its weight says.
    pub(crate) fn weighted<const N: usize>(&mut self, weights: [u32; N]) -> u32 {
        let mut left = self.0.random_range(0..weights.iter().sum::<u32>());
        for (index, weight) in (0..).zip(weights) {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// What one paid click earns, in ten-thousandths of a US dollar: log-normal around 20 cents with a long tail.
    pub(crate) fn click_value(&mut self) -> i64 {
        // Box-Muller; 1 - share() is never zero, so the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.share()).cos();
        ((normal * 0.9 - 1.6).exp() * 10_000.0).round() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_draws_the_same_whatever_was_drawn_before() {
        let mut used = Chance::of_row(7, 3);
        let fresh = used.bits();
        used.bits();
        assert_eq!(Chance::of_row(7, 3).bits(), fresh);
        assert_ne!(Chance::of_row(7, 4).bits(), fresh);
        assert_ne!(Chance::of_row(8, 3).bits(), fresh);
    }

    #[test]
    fn weights_are_kept() {
        let mut chance = Chance::of_row(1, 0);
        let mut seen = [0_u32; 3];
        for _ in 0..10_000 {
            seen[chance.weighted([10, 80, 10]) as usize] += 1;
        }
        assert!(seen[1] > 7_700 && seen[1] < 8_300, "{seen:?}");
        assert!(seen[0] > 800 && seen[2] > 800, "{seen:?}");
    }

    #[test]
    fn clicks_are_worth_cents() {
        let mut chance = Chance::of_row(1, 0);
        let mut values: Vec<i64> = (0..10_001).map(|_| chance.click_value()).collect();
        values.sort_unstable();
        assert!(values[0] >= 0);
        assert!((1_800..2_250).contains(&values[5_000]), "median {}", values[5_000]);
    }
}
