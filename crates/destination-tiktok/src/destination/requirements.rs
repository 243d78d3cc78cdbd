//! What TikTok asks of the conversions that are reported to it. The README has the source of each number.

use std::time::Duration;

use domain::validate::Requirements;
use domain::{Conversion, Platform, PlatformRules, Reason, Reasons};
use user_data::normalise::is_crawler;

use super::TikTokConfig;
use crate::map::refusals;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// TikTok.
pub const PLATFORM: Platform = match Platform::new("tiktok") {
    Ok(platform) => platform,
    Err(_) => panic!("a good name"),
};

/// The most events of a request.
pub const MAX_EVENTS_PER_REQUEST: usize = 1_000;

/// No limit in bytes is documented; senders in production stay below one megabyte. The rest is for what surrounds the events.
const MAX_BYTES_PER_REQUEST: usize = 990_000;

/// The longest time in which TikTok attributes a click. That it refuses older events is not documented.
const WINDOW_DAYS: u32 = 28;

/// Kept free before the end of the window: for clocks that differ, and because where it ends is not documented.
const WINDOW_MARGIN: Duration = Duration::from_secs(3600);

/// For so long TikTok drops a repetition of pixel, name and id, from the first one.
const DEDUPLICATION: Duration = Duration::from_secs(48 * 3600);

/// Kept free before the end of that time.
const DEDUPLICATION_MARGIN: Duration = Duration::from_secs(3600);

impl Requirements for TikTokConfig {
    fn rules(&self) -> PlatformRules {
        PlatformRules {
            window: DAY * WINDOW_DAYS,
            margin: WINDOW_MARGIN,
            deduplication: DEDUPLICATION,
            deduplication_margin: DEDUPLICATION_MARGIN,
            max_events: MAX_EVENTS_PER_REQUEST,
            max_bytes: MAX_BYTES_PER_REQUEST,
        }
    }

    /// TikTok expects the page of website events, and needs something to match the visitor by.
    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        let mut reasons = refusals(&self.map, conversion);
        if !self.reports_crawlers && conversion.user_agent.as_deref().is_some_and(is_crawler) {
            reasons.insert(Reason::Crawler);
        }
        reasons
    }
}
