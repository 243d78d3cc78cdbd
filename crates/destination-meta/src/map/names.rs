//! What Meta calls the events ([Meta Pixel Reference], read 2026-11-23).
//!
//! [Meta Pixel Reference]: https://developers.facebook.com/docs/meta-pixel/reference

use domain::EventKind;

/// The spelling of event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventNames {
    /// Meta's standard names: optimised for, and deduplicated against the pixel's own events.
    Standard,
    /// The legacy system's "Page View" and "View content", which Meta takes for custom events; for ad sets that were trained
    /// on them.
    Legacy,
}

impl EventNames {
    /// The name of an event. It is no part of the event's id.
    #[must_use]
    pub const fn name(self, kind: EventKind) -> &'static str {
        match (self, kind) {
            (Self::Standard, EventKind::PageView) => "PageView",
            (Self::Legacy, EventKind::PageView) => "Page View",
            (Self::Standard, EventKind::ViewContent) => "ViewContent",
            (Self::Legacy, EventKind::ViewContent) => "View content",
            (_, EventKind::Purchase) => "Purchase",
        }
    }
}
