//! Which parts of the process can do their work.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use ports::HealthSink;

/// The state of each part that has said something.
#[derive(Debug, Default)]
pub struct Health(RwLock<BTreeMap<String, Option<String>>>);

impl Health {
    /// No part has said anything yet: the process counts as ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The parts that cannot work, and why.
    #[must_use]
    pub fn missing(&self) -> Vec<(String, String)> {
        let parts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        parts.iter().filter_map(|(part, reason)| Some((part.clone(), reason.clone()?))).collect()
    }

    /// Every part that has said something, and whether it can work.
    #[must_use]
    pub fn parts(&self) -> Vec<(String, bool)> {
        let parts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        parts.iter().map(|(part, reason)| (part.clone(), reason.is_none())).collect()
    }

    fn set(&self, part: &str, reason: Option<&str>) {
        let same = |parts: &BTreeMap<String, Option<String>>| {
            parts.get(part).is_some_and(|old| old.as_deref() == reason)
        };
        if !same(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            self.0
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(part.to_owned(), reason.map(str::to_owned));
        }
    }
}

impl HealthSink for Health {
    fn ready(&self, part: &str) {
        self.set(part, None);
    }

    fn not_ready(&self, part: &str, reason: &str) {
        self.set(part, Some(reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_missing_until_it_is_ready_again() {
        let health = Health::new();
        health.not_ready("ledger", "no room");
        assert_eq!(health.missing(), [("ledger".to_owned(), "no room".to_owned())]);
        assert_eq!(health.parts(), [("ledger".to_owned(), false)]);
        health.ready("ledger");
        assert!(health.missing().is_empty());
        assert_eq!(health.parts(), [("ledger".to_owned(), true)]);
    }
}
