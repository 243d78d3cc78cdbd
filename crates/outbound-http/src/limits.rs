//! How platforms state limits in headers. What is missing or not understood says nothing.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use serde_json::Value;

/// The longest wait taken from a header: an hour. Platforms count requests by the hour, so a request an hour later finds out more than
/// waiting does; a slip of the platform, or of something before it, must not silence a pixel for a day.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// `Retry-After`: seconds, or a date that is compared with the answer's own `Date`.
///
/// ```
/// use std::time::Duration;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("retry-after", "Tue, 24 Nov 2026 10:01:30 GMT".parse()?);
/// headers.insert("date", "Tue, 24 Nov 2026 10:00:00 GMT".parse()?);
/// assert_eq!(outbound_http::limits::retry_after(&headers), Some(Duration::from_secs(90)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?.trim()).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

/// The longest of several waits, at most [`LONGEST_WAIT`]; `None` when none is stated.
#[must_use]
pub fn longest(waits: impl IntoIterator<Item = Option<Duration>>) -> Option<Duration> {
    waits.into_iter().flatten().max().map(|wait| wait.min(LONGEST_WAIT))
}

/// A header that holds JSON; `null` when it is missing or is not JSON.
#[must_use]
pub fn json(headers: &HeaderMap, name: &str) -> Value {
    headers.get(name).and_then(|value| serde_json::from_slice(value.as_bytes()).ok()).unwrap_or_default()
}

/// A finite amount. Numbers come as numbers or as text.
#[must_use]
pub fn amount(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|amount| amount.is_finite())
}

/// A wait in units of so many seconds; `None` for no wait, and for what cannot be one.
#[must_use]
pub fn wait(value: &Value, unit_seconds: f64) -> Option<Duration> {
    let seconds = amount(value)? * unit_seconds;
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(headers: &[(&'static str, &str)]) -> Option<Duration> {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        retry_after(&headers)
    }

    #[test]
    fn dates_are_compared_with_the_answers_own() {
        let until = ("retry-after", "Tue, 24 Nov 2026 10:01:30 GMT");
        let wait = after(&[until, ("date", "Tue, 24 Nov 2026 10:00:00 GMT")]);
        assert_eq!(wait, Some(Duration::from_secs(90)));
        assert_eq!(after(&[until]), None);
        let past = after(&[until, ("date", "Wed, 25 Nov 2026 10:00:00 GMT")]);
        assert_eq!(past, Some(Duration::ZERO));
    }

    #[test]
    fn junk_says_nothing_and_waits_are_bounded() {
        for value in ["", "junk", "06 Nov 1994", "-5", "1.5"] {
            assert_eq!(after(&[("retry-after", value), ("date", value)]), None, "{value}");
        }
        let endless = after(&[("retry-after", "99999999999")]);
        assert_eq!(longest([None, endless]), Some(Duration::from_secs(3600)));
        assert_eq!(longest([None, None]), None);
    }

    #[test]
    fn amounts_are_numbers_or_texts() {
        let read = |text: &str| wait(&serde_json::from_str(text).unwrap(), 60.0);
        assert_eq!(read("2"), Some(Duration::from_secs(120)));
        assert_eq!(read("\" 0.5 \""), Some(Duration::from_secs(30)));
        for text in ["0", "-5", "1e300", "null", "[]", "\"inf\""] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
