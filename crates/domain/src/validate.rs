//! Every reason why a conversion may not be sent, found in one go.

use crate::event::{EventCounts, MAX_EVENTS_PER_CONVERSION};
use crate::money::Money;
use crate::network::Network;
use crate::outcome::{Reason, Reasons};
use crate::row::{Conversion, Count, Row};
use crate::time::{FUTURE_TOLERANCE, REPORTING_WINDOW, UnixMillis, UnixSeconds};
use crate::traffic_source::TrafficSource;

/// What validation asks about pixels. The answer must not depend on anything but its arguments and a snapshot.
pub trait KnownPixels: Send + Sync {
    /// Whether the traffic source has a pixel of this code.
    fn knows(&self, source: TrafficSource, code: &str) -> bool;
}

/// Knows every pixel, for a check whose caller knows already that the pixel exists, or reads nothing but amounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyPixel;

impl KnownPixels for AnyPixel {
    fn knows(&self, _: TrafficSource, _: &str) -> bool {
        true
    }
}

/// What the rules look at besides the row.
#[derive(Clone, Copy)]
pub struct Rules<'r> {
    /// The time of the check.
    pub now: UnixMillis,
    /// The pixels of all traffic sources.
    pub pixels: &'r dyn KnownPixels,
    /// Network of the object the row came in; the row's own word goes first.
    pub object_network: Option<&'r str>,
    /// Whether a row must bring the address of its page itself, because no default is configured.
    pub needs_source_url: bool,
}

impl std::fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules")
            .field("now", &self.now)
            .field("object_network", &self.object_network)
            .finish_non_exhaustive()
    }
}

/// A conversion that every rule lets through; only [`check`] makes one.
#[derive(Debug, Clone)]
pub struct Valid<'c, 'a> {
    conversion: &'c Conversion<'a>,
    network: &'static Network,
    click_time: UnixSeconds,
    pixel: &'c str,
    counts: EventCounts,
}

impl<'c, 'a> Valid<'c, 'a> {
    /// The conversion itself.
    #[must_use]
    pub const fn conversion(&self) -> &'c Conversion<'a> {
        self.conversion
    }

    /// The profile that its events follow.
    #[must_use]
    pub const fn network(&self) -> &'static Network {
        self.network
    }

    /// When the visitor landed.
    #[must_use]
    pub const fn click_time(&self) -> UnixSeconds {
        self.click_time
    }

    /// The pixel it goes to; known to the directory.
    #[must_use]
    pub const fn pixel(&self) -> &'c str {
        self.pixel
    }

    /// How many events it stands for.
    #[must_use]
    pub const fn counts(&self) -> EventCounts {
        self.counts
    }

    /// What it earned so far; never negative.
    #[must_use]
    pub fn revenue(&self) -> Money {
        self.conversion.revenue.unwrap_or_default()
    }
}

/// Checks a row against every rule.
///
/// # Errors
/// All reasons that hold; the first is the category.
pub fn check<'c, 'a>(row: &'c Row<'a>, rules: Rules<'_>) -> Result<Valid<'c, 'a>, Reasons> {
    let Some(conversion) = row.conversion.as_deref() else {
        return Err([Reason::Malformed].into_iter().collect());
    };
    let network = Network::of(conversion, rules.object_network);
    let mut reasons = Reasons::NONE;
    check_pixel(conversion, rules, &mut reasons);
    check_age(conversion, rules.now, &mut reasons);
    check_data(conversion, rules, &mut reasons);
    let counts = check_amounts(conversion, network, &mut reasons);
    match (conversion.click_time, conversion.pixel_id.as_deref()) {
        (Some(click_time), Some(pixel)) if reasons.is_empty() => {
            Ok(Valid { conversion, network, click_time, pixel, counts })
        }
        _ => Err(reasons),
    }
}

fn check_pixel(conversion: &Conversion<'_>, rules: Rules<'_>, reasons: &mut Reasons) {
    let source = TrafficSource::from_feed(conversion.traffic_source.as_deref());
    match conversion.pixel_id.as_deref() {
        Some(code) if rules.pixels.knows(source, code) => {}
        _ => reasons.insert(Reason::InvalidPixel),
    }
    if source != TrafficSource::Facebook {
        reasons.insert(Reason::UnsupportedTrafficSource);
    }
    if conversion.click_id.is_none() {
        reasons.insert(Reason::MissingClickId);
    }
}

fn check_age(conversion: &Conversion<'_>, now: UnixMillis, reasons: &mut Reasons) {
    let Some(click) = conversion.click_time else {
        reasons.insert(Reason::Malformed);
        return;
    };
    if now.since(click.millis()) > REPORTING_WINDOW {
        reasons.insert(Reason::OlderThan7Days);
    }
    if click.millis().since(now) > FUTURE_TOLERANCE {
        reasons.insert(Reason::FutureClick);
    }
}

fn check_data(conversion: &Conversion<'_>, rules: Rules<'_>, reasons: &mut Reasons) {
    if !conversion.unreadable.is_empty() {
        reasons.insert(Reason::Malformed);
    }
    // Meta requires both of website events; an event without them may be accepted and then serves nothing.
    let has_url = conversion.event_source_url.is_some() || conversion.domain_name.is_some();
    if conversion.user_agent.is_none() || rules.needs_source_url && !has_url {
        reasons.insert(Reason::InsufficientData);
    }
}

fn check_amounts(conversion: &Conversion<'_>, network: &Network, reasons: &mut Reasons) -> EventCounts {
    let sources = [network.page_views, network.view_contents, network.purchases];
    let counts = sources.map(|source| source.of(conversion));
    let negative = counts.iter().any(|c| matches!(c, Count::Number(n) if *n < 0));
    if negative || conversion.revenue.is_some_and(Money::is_negative) {
        reasons.insert(Reason::NegativeAmount);
    }
    let events = counts.map(Count::events);
    if events.iter().fold(0_u64, |sum, n| sum.saturating_add(*n)) > u64::from(MAX_EVENTS_PER_CONVERSION) {
        reasons.insert(Reason::TooManyEvents);
        return EventCounts::default();
    }
    // Each fits: their sum is at most MAX_EVENTS_PER_CONVERSION.
    let [page_views, view_contents, purchases] = events.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    EventCounts { page_views, view_contents, purchases }
}

#[cfg(test)]
mod tests;
