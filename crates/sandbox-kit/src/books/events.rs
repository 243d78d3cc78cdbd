//! Picking from the kept events.

use crate::books::ledger::{KeptEvent, Ledger};

/// Which kept events to hand out, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    /// Only this pixel's.
    pub pixel: Option<String>,
    /// Only of this name.
    pub name: Option<String>,
    /// How many of those to pass over.
    pub offset: usize,
    /// How many at most, 100 unless the request says otherwise.
    pub limit: usize,
}

impl Default for EventFilter {
    fn default() -> Self {
        Self { pixel: None, name: None, offset: 0, limit: 100 }
    }
}

impl EventFilter {
    /// Every kept event.
    #[must_use]
    pub fn all() -> Self {
        Self { limit: usize::MAX, ..Self::default() }
    }

    pub(crate) fn pick(&self, ledger: &Ledger) -> Vec<KeptEvent> {
        let wanted = |event: &&KeptEvent| {
            self.pixel.as_deref().is_none_or(|pixel| pixel == &*event.pixel)
                && self.name.as_deref().is_none_or(|name| name == &*event.name)
        };
        ledger.kept().filter(wanted).skip(self.offset).take(self.limit).cloned().collect()
    }
}
