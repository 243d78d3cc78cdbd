//! Which generations of the ledger may hold a key.
//!
//! A Bloom filter for each generation that is full, all with the same positions for a key. A word holds one position of 64
//! generations, so a few words answer for all of these at once; filters that lie apart, as crates offer them, would each be
//! asked. It takes 3 bytes a key: 1.5 MiB for each 524,288.
//!
//! It is never stored: what a process has in memory comes from the ledger itself and cannot contradict it.

/// The first bytes of a conversion's key. It is a hash, so its bits are as good as those of another hash of it.
pub(super) type KeyStart = [u8; 8];

/// Generations that share a word.
const TOGETHER: u32 = u64::BITS;

/// 24 for each key of a generation.
const POSITIONS: usize = 24 << 13;

/// A generation without the key is named once in 24,000 times.
const PROBES: u32 = 8;

/// The generations from the first on, without a gap.
#[derive(Debug, Default)]
pub(super) struct GenerationFilters {
    groups: Vec<Group>,
    generations: u32,
}

/// Generations that share words.
#[derive(Debug)]
struct Group {
    first: u32,
    /// One for each position.
    words: Box<[u64]>,
}

impl GenerationFilters {
    /// How many generations are known: all before this number.
    pub(super) const fn generations(&self) -> u32 {
        self.generations
    }

    /// Adds the keys of the next generation, all that it will ever have.
    pub(super) fn add(&mut self, keys: &[KeyStart]) {
        let bit = self.generations % TOGETHER;
        if bit == 0 {
            let words = vec![0; POSITIONS].into_boxed_slice();
            self.groups.push(Group { first: self.generations, words });
        }
        if let Some(group) = self.groups.last_mut() {
            for position in keys.iter().flat_map(|key| positions(*key)) {
                group.words[position] |= 1 << bit;
            }
        }
        self.generations += 1;
    }

    /// The known generations that may hold a key, the latest first: any that does, and rarely another.
    pub(super) fn that_may_hold(&self, key: KeyStart) -> impl Iterator<Item = u32> {
        self.groups.iter().rev().flat_map(move |group| {
            let bits = group.that_may_hold(key);
            (0..u64::BITS - bits.leading_zeros())
                .rev()
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(|bit| group.first + bit)
        })
    }
}

impl Group {
    /// A bit for each generation. Most keys are in no generation, which a few words show.
    fn that_may_hold(&self, key: KeyStart) -> u64 {
        let mut bits = u64::MAX;
        for position in positions(key) {
            bits &= self.words[position];
            if bits == 0 {
                break;
            }
        }
        bits
    }
}

/// Where a key's bits are.
fn positions(key: KeyStart) -> impl Iterator<Item = usize> {
    let [a, b, c, d, e, f, g, h] = key;
    let (first, step) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]) | 1);
    // Multiplied and shifted, any 32 bits become a number below `POSITIONS`.
    (0..PROBES).map(move |n| {
        let hash = u64::from(first.wrapping_add(n.wrapping_mul(step)));
        ((hash * POSITIONS as u64) >> 32) as usize
    })
}

#[cfg(test)]
mod tests {
    use domain::ConversionKey;
    use proptest::prelude::*;

    use super::*;

    fn key(n: usize) -> KeyStart {
        let key = ConversionKey::new(&n.to_string(), None);
        *key.as_bytes().first_chunk().unwrap()
    }

    proptest! {
        #[test]
        fn no_generation_that_holds_a_key_is_left_out(
            generations in prop::collection::vec(prop::collection::vec(any::<KeyStart>(), 0..20), 0..140)
        ) {
            let mut filters = GenerationFilters::default();
            generations.iter().for_each(|keys| filters.add(keys));
            let count = u32::try_from(generations.len()).unwrap();
            prop_assert_eq!(filters.generations(), count);
            for (number, keys) in (0..).zip(&generations) {
                for key in keys {
                    let named: Vec<_> = filters.that_may_hold(*key).collect();
                    prop_assert!(named.contains(&number));
                    prop_assert!(named.iter().all(|n| *n < count));
                    prop_assert!(named.is_sorted_by(|a, b| a > b), "the latest first: {:?}", named);
                }
            }
        }
    }

    #[test]
    fn full_generations_are_seldom_named_in_vain() {
        const EACH: usize = 1 << 13;
        let mut filters = GenerationFilters::default();
        for generation in 0..30 {
            let keys: Vec<_> = (0..EACH).map(|n| key(generation * EACH + n)).collect();
            filters.add(&keys);
        }
        let in_vain: usize = (0..20_000).map(|n| filters.that_may_hold(key(1_000_000 + n)).count()).sum();
        // 20,000 keys, 30 generations, once in 24,000.
        assert!((8..=60).contains(&in_vain), "{in_vain}");
    }
}
