//! Dates and times as people and programs write them, where they leave no doubt about the instant.

use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

use super::{LocalSeconds, UnixSeconds};

/// The longest text that is looked at.
const LONGEST: usize = 64;

/// The instant of a date and time that names its offset from UTC.
pub(super) fn instant(text: &str) -> Option<UnixSeconds> {
    if !text.is_ascii() || text.len() > LONGEST {
        return None;
    }
    let (clock, offset) = split_offset(text)?;
    let parsed = match iso(clock) {
        Some(date_time) => OffsetDateTime::parse(&format!("{date_time}{offset}"), &Rfc3339),
        // Its parser knows the names of American zones and military letters, which leave doubt: only offsets come here.
        None => OffsetDateTime::parse(&format!("{clock} {}", offset.replace(':', "")), &Rfc2822),
    };
    parsed.ok().map(|time| UnixSeconds(time.unix_timestamp()))
}

/// What a clock shows by a date and time that names no offset.
pub(super) fn local(text: &str) -> Option<LocalSeconds> {
    if !text.is_ascii() || text.len() > LONGEST {
        return None;
    }
    let shown = OffsetDateTime::parse(&format!("{}Z", iso(text)?), &Rfc3339).ok()?;
    Some(LocalSeconds(shown.unix_timestamp()))
}

/// Splits off `Z`, `UTC`, `GMT`, `+00`, `+0000` or `+00:00`; the offset as `+00:00`.
fn split_offset(text: &str) -> Option<(&str, String)> {
    for zone in ["UTC", "GMT", "Z"] {
        let at = text.len().saturating_sub(zone.len());
        if text.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(zone)) {
            let clock = text[..at].trim_end();
            // `UTC+02:00` says two things.
            return Some((clock, "+00:00".to_owned()));
        }
    }
    let at = text.rfind(['+', '-'])?;
    let (clock, offset) = text.split_at(at);
    let digits = offset[1..].replace(':', "");
    let is_offset = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    // The last part of `2026-11-27` looks like one.
    if !is_offset || !clock.contains(':') && !clock.contains(['T', 't']) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let minutes = if minutes.is_empty() { "00" } else { minutes };
    Some((clock.trim_end(), format!("{}{hours}:{minutes}", &offset[..1])))
}

/// `2026-11-27T20:33:36.5` of what ISO 8601 writes: a blank or `T` between date and time, with or without `-` and `:`, a point or
/// a comma before the fraction, seconds or none. `None` if it is another form.
fn iso(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let date = in_parts(date, '-', &[4, 2, 2])?;
    let time = time.trim_start().replace(',', ".");
    let (whole, fraction) = time.split_once('.').map_or((&*time, ""), |(whole, fraction)| (whole, fraction));
    let whole = match in_parts(whole, ':', &[2, 2, 2]) {
        Some(whole) => whole,
        None if fraction.is_empty() => format!("{}:00", in_parts(whole, ':', &[2, 2])?),
        None => return None,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{date}T{whole}{point}{fraction}"))
}

/// Digits in parts of these lengths, with the separator between all of them or none; with it in the answer.
fn in_parts(text: &str, separator: char, lengths: &[usize]) -> Option<String> {
    let total: usize = lengths.iter().sum();
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() == total && all_digits(text) {
        let mut rest = text;
        let parts: Vec<_> = lengths
            .iter()
            .map(|length| {
                let (part, after) = rest.split_at(*length);
                rest = after;
                part
            })
            .collect();
        return Some(parts.join(&separator.to_string()));
    }
    let parts: Vec<_> = text.split(separator).collect();
    let fit = parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, length)| part.len() == *length && all_digits(part));
    fit.then(|| text.to_owned())
}

/// `YYYYMMDD`, with hours and minutes, seconds, or milliseconds behind it.
pub(super) fn is_date_in_digits(n: i64) -> bool {
    let date = match n {
        10_000_000..100_000_000 => n,
        100_000_000_000..1_000_000_000_000 => n / 10_000,
        10_000_000_000_000..100_000_000_000_000 => n / 1_000_000,
        10_000_000_000_000_000..100_000_000_000_000_000 => n / 1_000_000_000,
        _ => return false,
    };
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    (1_970..2_200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_leaves_no_doubt_is_read() {
        for text in [
            "2025-11-22T08:26:40Z",
            "2025-11-22t08:26:40z",
            "2025-11-22 08:26:40Z",
            "2025-11-22T08:26:40.123+0000",
            "2025-11-22T08:26:40,123+00:00",
            "2025-11-22T10:26:40+02",
            "2025-11-22T03:26:40-05:00",
            "2025-11-22 03:26:40 -0500",
            "2025-11-22 08:26:40 UTC",
            "2025-11-22 08:26:40 GMT",
            "2025-11-22 08:26:40.000 UTC",
            "20251122T082640Z",
            "20251122T082640.5+0000",
            "20251122T032640-0500",
            "Sat, 22 Nov 2025 08:26:40 +0000",
            "Sat, 22 Nov 2025 08:26:40 GMT",
            "22 Nov 2025 03:26:40 -0500",
        ] {
            assert_eq!(instant(text), Some(UnixSeconds(1_763_800_000)), "{text}");
        }
        assert_eq!(instant("2025-11-22T08:26Z"), Some(UnixSeconds(1_763_799_960)));
    }

    #[test]
    fn a_time_in_doubt_is_not_read() {
        for text in [
            "2025-11-22T08:26:40",
            "2025-11-22 08:26:40",
            "2025-11-22",
            "2025-11-22Z",
            "22.11.2025 08:26:40",
            "11/22/2025 08:26:40 UTC",
            "Sat, 22 Nov 2025 08:26:40",
            "Sat, 22 Nov 2025 08:26:40 EST",
            "2025-11-22T08:26:40 CET",
            "2025-11-22T08:26:40 Europe/Berlin",
            "2025-11-22T25:26:40Z",
            "2025-13-22T08:26:40Z",
            "20251122T08:26:40",
            "UTC",
            "Z",
            "+0000",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_clock_shows_is_read_only_without_an_offset() {
        for text in [
            "2025-11-22T08:26:40",
            "2025-11-22t08:26:40",
            "2025-11-22 08:26:40",
            "2025-11-22 08:26:40.999",
            "2025-11-22T08:26:40,5",
            "20251122T082640",
        ] {
            assert_eq!(local(text), Some(LocalSeconds(1_763_800_000)), "{text}");
        }
        for text in [
            "2025-11-22T08:26:40Z",
            "2025-11-22T08:26:40+01:00",
            "2025-11-22T08:26:40-99:00",
            "2025-11-22 08:26:40 CET",
            "2025-11-22T08:26:40 Europe/Berlin",
            "2025-11-22",
            "22.11.2025 08:26:40",
            "11/22/2025 08:26:40",
            "2025-13-22 08:26:40",
            "2025-11-31 08:26:40",
            "2025-11-22 24:00:00",
            "2025-11-22 08:60:00",
            "2025-11-22 8:26:40",
            "20251122082640",
            "08:26:40",
            "",
        ] {
            assert_eq!(local(text), None, "{text}");
        }
    }

    #[test]
    fn dates_in_digits_are_not_times() {
        for n in [20_261_127, 202_611_272_033, 20_261_127_203_336, 20_261_127_203_336_123] {
            assert!(is_date_in_digits(n), "{n}");
        }
        for n in [1_763_800_000, 1_763_800_000_000, 1_763_800_000_000_000, 1_763_800_000_000_000_000] {
            assert!(!is_date_in_digits(n), "{n}");
        }
    }
}
