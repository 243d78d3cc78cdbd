//! A copy of a store that is replaced as a whole: readers keep the last good one while the store is unavailable.

use std::sync::{Arc, PoisonError, RwLock};

/// The latest copy, if there is one yet.
#[derive(Debug)]
pub(crate) struct Snapshot<T>(RwLock<Option<Arc<T>>>);

impl<T> Snapshot<T> {
    /// No copy yet.
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(None))
    }

    /// The latest copy.
    pub(crate) fn get(&self) -> Option<Arc<T>> {
        // A poisoned lock still holds a whole value: it is only ever replaced.
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the copy, and returns the new one.
    pub(crate) fn set(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&value));
        value
    }
}
