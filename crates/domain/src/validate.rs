//! Every reason why a conversion may not be sent, found in one go.

use std::fmt;

use crate::event::{EventCounts, MAX_EVENT_BYTES_PER_CONVERSION, MAX_EVENTS_PER_CONVERSION};
use crate::money::Money;
use crate::network::Network;
use crate::odd_amount::OddAmount;
use crate::outcome::{Reason, Reasons};
use crate::pixel::{PixelCode, PixelRef};
use crate::platform::{Platform, PlatformRules};
use crate::row::{Conversion, Count, Row};
use crate::time::{FUTURE_TOLERANCE, UnixMillis, UnixSeconds};

/// What validation asks about pixels. The answer must not depend on anything but its arguments and a snapshot.
pub trait KnownPixels: fmt::Debug + Send + Sync {
    /// Whether there is such a pixel.
    fn knows(&self, pixel: &PixelRef) -> bool;
}

/// Knows every pixel, for a check whose caller knows already that the pixel exists, or reads nothing but amounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyPixel;

impl KnownPixels for AnyPixel {
    fn knows(&self, _: &PixelRef) -> bool {
        true
    }
}

/// What a platform asks of the conversions that are reported to it.
pub trait Requirements: fmt::Debug + Send + Sync {
    /// Its limits.
    fn rules(&self) -> PlatformRules;

    /// What else it requires: the reasons for which it would refuse the conversion, or get no use from it. Age and amounts are
    /// checked elsewhere. Costs little: it is asked for each row.
    fn check(&self, conversion: &Conversion<'_>) -> Reasons;

    /// Whether the conversion says which click it came from. Costs little, too.
    fn has_click(&self, conversion: &Conversion<'_>) -> bool {
        conversion.click_id.is_some()
    }
}

/// The platforms that events can be sent to.
pub trait Platforms: fmt::Debug + Send + Sync {
    /// What a platform asks for; `None` when nothing can be sent to it.
    fn requirements(&self, platform: Platform) -> Option<&dyn Requirements>;
}

/// One platform and no other.
#[derive(Debug, Clone, Copy)]
pub struct OnePlatform<'r>(pub Platform, pub &'r dyn Requirements);

impl Platforms for OnePlatform<'_> {
    fn requirements(&self, platform: Platform) -> Option<&dyn Requirements> {
        (platform == self.0).then_some(self.1)
    }
}

/// What the rules look at besides the row.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'r> {
    /// The time of the check.
    pub now: UnixMillis,
    /// The pixels of all platforms.
    pub pixels: &'r dyn KnownPixels,
    /// The platforms that events can be sent to.
    pub platforms: &'r dyn Platforms,
    /// Network of the object the row came in; the row's own word goes first.
    pub object_network: Option<&'r str>,
}

/// A conversion that every rule lets through; only [`check`] makes one.
#[derive(Debug, Clone)]
pub struct Valid<'c, 'a> {
    conversion: &'c Conversion<'a>,
    network: &'static Network,
    click_time: UnixSeconds,
    deadline: UnixMillis,
    pixel: PixelRef,
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

    /// The last moment at which its events may be sent.
    #[must_use]
    pub const fn deadline(&self) -> UnixMillis {
        self.deadline
    }

    /// The pixel it goes to; known to the directory.
    #[must_use]
    pub const fn pixel(&self) -> &PixelRef {
        &self.pixel
    }

    /// The pixel it goes to, when nothing else of it is needed any more.
    #[must_use]
    pub fn into_pixel(self) -> PixelRef {
        self.pixel
    }

    /// How many events it stands for.
    #[must_use]
    pub const fn counts(&self) -> EventCounts {
        self.counts
    }

    /// What it earned so far; never negative. Where there are paid clicks, the row says so.
    #[must_use]
    pub fn revenue(&self) -> Money {
        self.conversion.revenue.unwrap_or_default()
    }

    /// Why its amount is not reported at once, when each paid click may earn `max_per_click` at most.
    #[must_use]
    pub fn odd_amount(&self, max_per_click: Money) -> Option<OddAmount> {
        OddAmount::of(self.counts.purchases, self.revenue(), max_per_click)
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
    let platform = Platform::from_feed(conversion.traffic_source.as_deref());
    let pixel = check_pixel(conversion, platform, rules.pixels, &mut reasons);
    let requirements = platform.and_then(|platform| rules.platforms.requirements(platform));
    if !requirements.map_or(conversion.click_id.is_some(), |platform| platform.has_click(conversion)) {
        reasons.insert(Reason::MissingClickId);
    }
    match requirements {
        Some(requirements) => requirements.check(conversion).iter().for_each(|reason| reasons.insert(reason)),
        None => reasons.insert(Reason::UnsupportedTrafficSource),
    }
    let limits = requirements.map(Requirements::rules);
    check_data(conversion, network, &mut reasons);
    check_age(conversion, limits, rules.now, &mut reasons);
    let counts = check_amounts(conversion, row.raw.len(), network, &mut reasons);
    match (conversion.click_time, limits, pixel) {
        (Some(click_time), Some(limits), Some(pixel)) if reasons.is_empty() => {
            let deadline = limits.deadline(click_time);
            Ok(Valid { conversion, network, click_time, deadline, pixel, counts })
        }
        _ => Err(reasons),
    }
}

fn check_pixel(
    conversion: &Conversion<'_>,
    platform: Option<Platform>,
    pixels: &dyn KnownPixels,
    reasons: &mut Reasons,
) -> Option<PixelRef> {
    let code = conversion.pixel_id.as_deref().and_then(|code| PixelCode::new(code).ok());
    let pixel = platform.zip(code).map(|(platform, code)| PixelRef::new(platform, code));
    let pixel = pixel.filter(|pixel| pixels.knows(pixel));
    if pixel.is_none() {
        reasons.insert(Reason::InvalidPixel);
    }
    pixel
}

fn check_age(
    conversion: &Conversion<'_>,
    limits: Option<PlatformRules>,
    now: UnixMillis,
    reasons: &mut Reasons,
) {
    let Some(click) = conversion.click_time else {
        reasons.insert(Reason::Malformed);
        return;
    };
    if limits.is_some_and(|limits| now.since(click.millis()) > limits.window) {
        reasons.insert(Reason::TooOld);
    }
    if click.millis().since(now) > FUTURE_TOLERANCE {
        reasons.insert(Reason::FutureClick);
    }
}

fn check_data(conversion: &Conversion<'_>, network: &Network, reasons: &mut Reasons) {
    // An unreadable revenue of paid clicks is a missing one.
    let is_missing = |field: &str| field == "revenue" && has_paid_clicks(conversion, network);
    if conversion.unreadable.iter().any(|field| !is_missing(field)) {
        reasons.insert(Reason::Malformed);
    }
}

fn has_paid_clicks(conversion: &Conversion<'_>, network: &Network) -> bool {
    network.purchases.of(conversion).events() > 0
}

/// How many events a row stands for and what it earned, whatever else is wrong with it; `None` when its amounts are. The object's
/// network counts where the row names none.
#[must_use]
pub fn amounts(row: &Row<'_>, object_network: Option<&str>) -> Option<(EventCounts, Money)> {
    let conversion = row.conversion.as_deref()?;
    let mut reasons = Reasons::NONE;
    let network = Network::of(conversion, object_network);
    let counts = check_amounts(conversion, row.raw.len(), network, &mut reasons);
    reasons.is_empty().then(|| (counts, conversion.revenue.unwrap_or_default()))
}

fn check_amounts(
    conversion: &Conversion<'_>,
    bytes: usize,
    network: &Network,
    reasons: &mut Reasons,
) -> EventCounts {
    let sources = [network.page_views, network.view_contents, network.purchases];
    let counts = sources.map(|source| source.of(conversion));
    let negative = counts.iter().any(|c| matches!(c, Count::Number(n) if *n < 0));
    if negative || conversion.revenue.is_some_and(Money::is_negative) {
        reasons.insert(Reason::NegativeAmount);
    }
    if conversion.revenue.is_none() && has_paid_clicks(conversion, network) {
        reasons.insert(Reason::MissingRevenue);
    }
    let events = counts.map(Count::events);
    let total = events.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
    if total > u64::from(MAX_EVENTS_PER_CONVERSION)
        || total.saturating_mul(bytes as u64) > MAX_EVENT_BYTES_PER_CONVERSION
    {
        reasons.insert(Reason::TooManyEvents);
        return EventCounts::default();
    }
    // Each fits: their sum is at most MAX_EVENTS_PER_CONVERSION.
    let [page_views, view_contents, purchases] = events.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    EventCounts { page_views, view_contents, purchases }
}

#[cfg(test)]
mod tests;
