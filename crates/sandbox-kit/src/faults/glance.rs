//! What faults see of a request, and when.

/// The moment of a request at which an action has its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the request is looked at.
    Before,
    /// When the events passed every check.
    Checked,
    /// When the events are stored.
    Stored,
}

/// What a matcher may look at.
#[derive(Debug)]
pub struct Glance<'a> {
    /// The pixel that the request is for.
    pub pixel: &'a str,
    /// Id and JSON of each event.
    pub events: &'a [(Option<&'a str>, &'a str)],
}

impl Glance<'_> {
    /// Whether an event with an id is one of these.
    #[must_use]
    pub fn has(&self, wanted: impl Fn(&str, &str) -> bool) -> bool {
        self.events.iter().any(|(id, json)| id.is_some_and(|id| wanted(id, json)))
    }
}
