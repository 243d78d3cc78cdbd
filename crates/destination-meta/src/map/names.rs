//! What Meta calls the events ([Meta Pixel Reference], read 2026-11-23).
//!
//! [Meta Pixel Reference]: https://developers.facebook.com/docs/meta-pixel/reference

use domain::EventKind;
use ports::configuration::meta::EventNames;

/// The name of an event. The event's id does not depend on it. Meta takes the legacy names for custom events.
pub(super) const fn name(names: EventNames, kind: EventKind) -> &'static str {
    match (names, kind) {
        (EventNames::Standard, EventKind::PageView) => "PageView",
        (EventNames::Legacy, EventKind::PageView) => "Page View",
        (EventNames::Standard, EventKind::ViewContent) => "ViewContent",
        (EventNames::Legacy, EventKind::ViewContent) => "View content",
        (_, EventKind::Purchase) => "Purchase",
    }
}
