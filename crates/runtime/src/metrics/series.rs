//! The series of a process, whose number is bounded.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use ports::metric::Labels;

/// Labels whose values come from feeds or from the directory, so that their number is not known.
const OPEN: [&str; 2] = ["pixel", "network"];
/// Series with such labels that a process keeps; what comes later counts as `other`.
const MOST: usize = 10_000;

/// Which series there are.
#[derive(Debug)]
pub(super) struct Series {
    known: Mutex<HashSet<(&'static str, Vec<String>)>>,
    most: usize,
}

impl Default for Series {
    fn default() -> Self {
        Self { known: Mutex::default(), most: MOST }
    }
}

impl Series {
    /// The values of `wanted` in their order, empty where `given` has none.
    pub(super) fn values(&self, name: &'static str, wanted: &[&str], given: Labels<'_>) -> Vec<String> {
        let value =
            |label: &&str| given.iter().find(|(known, _)| known == label).map_or("", |(_, value)| value);
        let values: Vec<String> = wanted.iter().map(|label| value(label).to_owned()).collect();
        if !wanted.iter().any(|label| OPEN.contains(label)) || self.admits(name, &values) {
            return values;
        }
        let other =
            |(label, value): (&&str, String)| if OPEN.contains(label) { "other".to_owned() } else { value };
        wanted.iter().zip(values).map(other).collect()
    }

    fn admits(&self, name: &'static str, values: &[String]) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let series = (name, values.to_vec());
        known.contains(&series) || (known.len() < self.most && known.insert(series))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_one_too_many_counts_as_other() {
        let series = Series { most: 2, ..Series::default() };
        let of =
            |pixel| series.values("m", &["pixel", "outcome"], &[("outcome", "reported"), ("pixel", pixel)]);
        assert_eq!(of("1"), ["1", "reported"]);
        assert_eq!(of("2"), ["2", "reported"]);
        assert_eq!(of("3"), ["other", "reported"]);
        assert_eq!(of("1"), ["1", "reported"], "known ones stay");
        assert_eq!(
            series.values("n", &["queue", "state"], &[("queue", "q")]),
            ["q", ""],
            "bounded by nature"
        );
    }
}
