//! Instants as numbers whose unit is in the type. Nothing here reads a clock.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

mod written;

/// How far a click may lie ahead of our clock before it counts as [`future`](crate::Reason::FutureClick).
pub const FUTURE_TOLERANCE: Duration = Duration::from_secs(60);

/// Whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixSeconds(pub i64);

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

/// What a clock shows that names no offset from UTC: seconds since it showed 1970-01-01T00:00:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalSeconds(pub i64);

impl UnixSeconds {
    /// The same instant in milliseconds.
    #[must_use]
    pub const fn millis(self) -> UnixMillis {
        UnixMillis(self.0.saturating_mul(1000))
    }
}

impl UnixMillis {
    /// What another clock shows; `None` before 1970.
    #[must_use]
    pub fn of(time: SystemTime) -> Option<Self> {
        i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok().map(Self)
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn seconds(self) -> UnixSeconds {
        UnixSeconds(self.0.div_euclid(1000))
    }

    /// This instant moved into the future.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This instant moved into the past.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Time from `earlier` to this instant; zero when `earlier` is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2026-11-22T13:04:05.678Z`; the bare number where the calendar does not reach.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let format = time::macros::format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|t| t.format(format).ok())
            .unwrap_or_else(|| self.0.to_string())
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl fmt::Debug for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

impl fmt::Debug for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

/// What a spreadsheet writes for the days of the years 1970 to 2173: days since 1900.
const SPREADSHEET_DAYS: std::ops::Range<i64> = 25_569..100_000;

/// Reads a click time that may be in seconds, milliseconds, microseconds or nanoseconds, by its size.
///
/// Feeds write seconds; some interpreters write milliseconds. A click between 2001 and 5138 is recognised by its magnitude. What
/// reads like a date written in digits (`20261127`, `20261127203336`) is none of them, nor is a spreadsheet's count of days.
#[must_use]
pub fn click_time_from_number(n: i64) -> Option<UnixSeconds> {
    match n {
        ..=0 => None,
        _ if written::is_date_in_digits(n) || SPREADSHEET_DAYS.contains(&n) => None,
        1..100_000_000_000 => Some(UnixSeconds(n)),
        100_000_000_000..100_000_000_000_000 => Some(UnixSeconds(n / 1_000)),
        100_000_000_000_000..100_000_000_000_000_000 => Some(UnixSeconds(n / 1_000_000)),
        _ => Some(UnixSeconds(n / 1_000_000_000)),
    }
}

/// Reads a click time written as text: a number (see [`click_time_from_number`]), or a date and time with its offset from UTC, as
/// ISO 8601, RFC 3339 and RFC 2822 write them. Without an offset the time is in doubt, and is not read: see
/// [`local_time_from_text`].
#[must_use]
pub fn click_time_from_text(text: &str) -> Option<UnixSeconds> {
    let text = text.trim();
    if let Ok(n) = text.parse::<i64>() {
        return click_time_from_number(n);
    }
    if let Ok(f) = text.parse::<f64>() {
        return click_time_from_float(f);
    }
    written::instant(text)
}

/// Reads a date and time without an offset from UTC, as ISO 8601 writes them; whose clock showed it must be known from elsewhere.
#[must_use]
pub fn local_time_from_text(text: &str) -> Option<LocalSeconds> {
    written::local(text.trim())
}

/// Reads a click time that came with a fraction, such as `1763800000.25`.
#[must_use]
pub fn click_time_from_float(f: f64) -> Option<UnixSeconds> {
    // The bounds keep the cast within 64 bits.
    (f.is_finite() && f > 0.0 && f < 9e18).then(|| click_time_from_number(f as i64)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_time_is_read_in_any_unit() {
        for text in [
            "1763800000",
            "1763800000000",
            "1763800000000000",
            "1763800000000000000",
            " 1763800000 ",
            "1763800000.7",
            "1.7638E9",
            "1.7638e18",
        ] {
            assert_eq!(click_time_from_text(text), Some(UnixSeconds(1_763_800_000)), "{text}");
        }
        assert_eq!(click_time_from_text("2025-11-22T08:26:40Z"), Some(UnixSeconds(1_763_800_000)));
        for text in [
            "yesterday",
            "",
            "0",
            "-5",
            "NaN",
            "inf",
            "20261127",
            "202611272033",
            "20261127203336",
            "20261127203336123",
            "46353.85",
            "99999999999999999999",
        ] {
            assert_eq!(click_time_from_text(text), None, "{text}");
        }
    }

    #[test]
    fn instants_print_as_dates() {
        assert_eq!(UnixMillis(1_763_800_000_678).to_string(), "2025-11-22T08:26:40.678Z");
    }
}
