//! What TikTok calls the events (TikTok Help, "Supported standard events" and "How to adopt TikTok's updated standard events"; names of May
//! 2025). A page view is spelt as the pixel and the tag templates send it.

use domain::EventKind;
use settings::destinations::tiktok::EventNames;

/// The name of an event. The event's id does not depend on it.
pub(super) const fn name(names: EventNames, kind: EventKind) -> &'static str {
    match (names, kind) {
        (_, EventKind::PageView) => "Pageview",
        (_, EventKind::ViewContent) => "ViewContent",
        (EventNames::Standard, EventKind::Purchase) => "Purchase",
        (EventNames::Legacy, EventKind::Purchase) => "CompletePayment",
    }
}
