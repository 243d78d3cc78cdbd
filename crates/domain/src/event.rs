//! The events that a platform knows: their kinds, and how many a conversion may stand for.

/// No honest session earns more; a larger count is a broken feed, and its events would fill memory.
pub const MAX_EVENTS_PER_CONVERSION: u32 = 10_000;

/// Each event repeats what the row says of the visitor: the bytes of the row, times its events, that a conversion may come to. Feeds' rows
/// of some kilobytes may have as many events as any.
pub const MAX_EVENT_BYTES_PER_CONVERSION: u64 = 64 << 20;

/// What an event says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// The visitor landed.
    PageView,
    /// The visitor searched: the first click.
    ViewContent,
    /// The visitor clicked an ad: the second click, which earns.
    Purchase,
}

impl EventKind {
    /// All kinds, in the order in which they happen.
    pub const ALL: [Self; 3] = [Self::PageView, Self::ViewContent, Self::Purchase];

    /// The kind's text in every event id. It must never change: platforms recognise events by their ids, and ledgers
    /// outlive releases. What a platform calls the kind is its destination's subject.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::PageView => "PageView",
            Self::ViewContent => "ViewContent",
            Self::Purchase => "Purchase",
        }
    }

    /// The kind with this [`key`](Self::key).
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// How many events of each kind a conversion stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventCounts {
    /// PageView
    pub page_views: u32,
    /// ViewContent
    pub view_contents: u32,
    /// Purchase
    pub purchases: u32,
}

impl EventCounts {
    /// All events together; at most [`MAX_EVENTS_PER_CONVERSION`].
    #[must_use]
    pub const fn total(self) -> u32 {
        self.page_views + self.view_contents + self.purchases
    }
}
