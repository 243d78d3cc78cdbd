//! Moments as an operator writes them.

use std::ops::Range;
use std::time::Duration;

use domain::UnixMillis;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use runtime::WrongUsage;

/// The present, and the zone in which days begin.
#[derive(Debug, Clone)]
pub(crate) struct Now {
    at: UnixMillis,
    zone: TimeZone,
}

impl Now {
    /// Days begin at midnight UTC.
    pub(crate) const fn in_utc(at: UnixMillis) -> Self {
        Self { at, zone: TimeZone::UTC }
    }

    /// Days begin where people of that zone have midnight: `Europe/Berlin`.
    pub(crate) fn in_zone(at: UnixMillis, name: &str) -> Result<Self, WrongUsage> {
        let wrong = |_| WrongUsage::new(format!("unknown zone `{name}`: write Europe/Berlin, or UTC"));
        Ok(Self { at, zone: TimeZone::get(name).map_err(wrong)? })
    }

    /// Whether days and hours are those of UTC.
    pub(crate) fn is_in_utc(&self) -> bool {
        self.zone == TimeZone::UTC
    }

    /// A moment in the zone; `None` where the calendar does not reach.
    pub(crate) fn local(&self, at: UnixMillis) -> Option<ZonedDateTime> {
        Some(Timestamp::from_millisecond(at.0).ok()?.to_zoned_datetime(self.zone.clone()))
    }

    /// When a time begins: a day at its midnight, any other moment at itself.
    pub(crate) fn beginning(&self, text: &str) -> Result<UnixMillis, WrongUsage> {
        self.read(text).map(|time| time.start)
    }

    /// When a time ends: a day when the next begins, any other moment at itself.
    pub(crate) fn end(&self, text: &str) -> Result<UnixMillis, WrongUsage> {
        self.read(text).map(|time| time.end)
    }

    fn read(&self, text: &str) -> Result<Range<UnixMillis>, WrongUsage> {
        let text = text.trim();
        if let Some(date) = self.date(text) {
            return self.day(date).ok_or_else(|| wrong(text));
        }
        self.instant(text).map(|at| at..at).ok_or_else(|| wrong(text))
    }

    fn date(&self, text: &str) -> Option<Date> {
        match text {
            "today" => Some(self.local(self.at)?.date()),
            "yesterday" => self.local(self.at)?.date().yesterday().ok(),
            // A date and time would be read as its date.
            _ if text.len() == 10 => text.parse().ok(),
            _ => None,
        }
    }

    fn day(&self, date: Date) -> Option<Range<UnixMillis>> {
        let midnight = |date: Date| Some(millis(&date.to_zoned_datetime(self.zone.clone()).ok()?));
        Some(midnight(date)?..midnight(date.checked_add(1.day()).ok()?)?)
    }

    fn instant(&self, text: &str) -> Option<UnixMillis> {
        if text == "now" {
            return Some(self.at);
        }
        let unit = |suffix, seconds: u64| text.strip_suffix(suffix).map(|number| (number, seconds));
        let ago = [unit('s', 1), unit('m', 60), unit('h', 3_600), unit('d', 86_400)].into_iter().flatten();
        for (number, seconds) in ago {
            if let Ok(number) = number.parse::<u64>() {
                return Some(self.at.minus(Duration::from_secs(number.saturating_mul(seconds))));
            }
        }
        let with_offset = domain::time::click_time_from_text(text).map(domain::UnixSeconds::millis);
        with_offset.or_else(|| {
            let local: DateTime = text.parse().ok()?;
            Some(millis(&local.to_zoned_datetime(self.zone.clone()).ok()?))
        })
    }
}

fn millis(at: &ZonedDateTime) -> UnixMillis {
    UnixMillis(at.timestamp().as_millisecond())
}

fn wrong(text: &str) -> WrongUsage {
    WrongUsage::new(format!(
        "`{text}` is not a time: write 2026-11-22, 2026-11-22T13:00:00Z, yesterday, today, now, or 24h for a day ago"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2025, 08:26:40 UTC.
    const NOW: UnixMillis = UnixMillis(1_763_800_000_000);

    #[test]
    fn a_moment_is_a_date_or_some_time_ago() {
        let ago = |text| Now::in_utc(NOW).beginning(text).map(|m| NOW.since(m).as_secs()).ok();
        assert_eq!(
            ["90s", "90m", "24h", "3d", "now"].map(ago),
            [Some(90), Some(5_400), Some(86_400), Some(259_200), Some(0)]
        );
        assert_eq!(ago("2025-11-22T08:26:39Z"), Some(1));
        assert_eq!(["tomorrow", "h", "-3h", "2025-11-31", ""].map(ago), [None; 5]);
    }

    #[test]
    fn a_day_is_whole_and_begins_in_its_zone() {
        let berlin = Now::in_zone(NOW, "Europe/Berlin").unwrap();
        let of = |now: &Now, text: &str| {
            [now.beginning(text).unwrap(), now.end(text).unwrap()].map(|at| at.to_string())
        };
        let utc = Now::in_utc(NOW);
        assert_eq!(of(&utc, "yesterday"), ["2025-11-21T00:00:00.000Z", "2025-11-22T00:00:00.000Z"]);
        assert_eq!(of(&berlin, "today"), ["2025-11-21T23:00:00.000Z", "2025-11-22T23:00:00.000Z"]);
        // That day had 25 hours.
        assert_eq!(of(&berlin, "2025-10-26"), ["2025-10-25T22:00:00.000Z", "2025-10-26T23:00:00.000Z"]);
        assert_eq!(of(&berlin, "2025-11-22T09:00"), ["2025-11-22T08:00:00.000Z"; 2]);
        assert_eq!(of(&berlin, "2025-11-22T09:00:00Z"), ["2025-11-22T09:00:00.000Z"; 2]);
        assert!(Now::in_zone(NOW, "Berlin").is_err());
    }
}
