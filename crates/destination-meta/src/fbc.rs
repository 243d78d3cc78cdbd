//! `fbc` and `fbp`: the click and the browser, never hashed, passed on byte for byte.
//!
//! Both are `fb.<subdomain index>.<creation time in ms>.<id>`, newer ones with a fifth part
//! ([ClickID and the fbp and fbc Parameters], read 2026-11-23).
//!
//! [ClickID and the fbp and fbc Parameters]: https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/fbp-and-fbc

use std::borrow::Cow;

use user_data::normalise::{Reason, is_placeholder, is_suffix};

/// How long Meta can use a click, in milliseconds: 90 days.
pub const CLICK_LIFE_MS: u64 = 90 * DAY_MS;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The longest click id taken for one, in bytes. Real ones have about 60 to 250.
const LONGEST: usize = 512;

/// Words that stand where a click id should be.
const STAND_INS: [&str; 8] = ["fbclid", "click_id", "clickid", "nan", "nil", "na", "-", "0"];

/// A click id (`fbclid`) as it stood in the URL: letters, digits, `-` and `_` as Meta makes them, not a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClickId<'a>(&'a str);

impl<'a> ClickId<'a> {
    /// Checks without changing: not even blanks are trimmed, and case is kept.
    ///
    /// # Errors
    ///
    /// Says why the text is not a click id. A whole `fbc` value is `Malformed` here; see [`check_fbc`].
    pub fn parse(text: &'a str) -> Result<Self, Reason> {
        match text.len() {
            0 => return Err(Reason::Empty),
            1..=LONGEST => {}
            _ => return Err(Reason::TooLong),
        }
        if is_placeholder(text)
            || STAND_INS.iter().any(|word| word.eq_ignore_ascii_case(text))
            || has_braces(text)
        {
            return Err(Reason::Placeholder);
        }
        if text.bytes().all(is_id_byte) { Ok(Self(text)) } else { Err(Reason::Malformed) }
    }

    /// The id.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// `fb.1.<click_ms>.<click id>`. The index is 1, as the documentation asks of servers that have no cookie.
#[must_use]
pub fn fbc(click_ms: u64, click_id: ClickId<'_>) -> String {
    format!("fb.1.{click_ms}.{}", click_id.0)
}

/// Checks a ready `fbc` value, which then passes unchanged, but for a creation time in seconds. `now_ms` is Unix time in milliseconds.
///
/// # Errors
///
/// `Malformed` when it has another shape or comes from the future (by more than a day), `Stale` when its click is older
/// than [`CLICK_LIFE_MS`].
pub fn check_fbc(text: &str, now_ms: u64) -> Result<Cow<'_, str>, Reason> {
    let Parts { created_ms, id, in_seconds, .. } = parts(text).ok_or(Reason::Malformed)?;
    ClickId::parse(without_suffix(id))?;
    if created_ms > now_ms.saturating_add(DAY_MS) {
        return Err(Reason::Malformed);
    }
    if now_ms.saturating_sub(created_ms) > CLICK_LIFE_MS {
        return Err(Reason::Stale);
    }
    Ok(if in_seconds { Cow::Owned(in_milliseconds(text, created_ms, id)) } else { Cow::Borrowed(text) })
}

/// Checks a ready `fbp` value, which then passes unchanged.
///
/// # Errors
///
/// `Malformed` when it has another shape.
pub fn check_fbp(text: &str) -> Result<&str, Reason> {
    let Parts { id, .. } = parts(text).filter(|parts| !parts.in_seconds).ok_or(Reason::Malformed)?;
    let random = without_suffix(id);
    let digits = !random.is_empty() && random.bytes().all(|byte| byte.is_ascii_digit());
    if digits && id.len() <= LONGEST { Ok(text) } else { Err(Reason::Malformed) }
}

/// The click id of a ready `fbc`, which was found good.
pub(crate) fn id_of(text: &str) -> &str {
    parts(text).map_or("", |parts| without_suffix(parts.id))
}

/// The id before the fifth part that Meta's Parameter Builder appends.
fn without_suffix(id: &str) -> &str {
    match id.rfind('.') {
        Some(dot) if is_suffix(&id[dot..]) => &id[..dot],
        _ => id,
    }
}

/// The parts of a cookie's value after `fb`.
struct Parts<'a> {
    created_ms: u64,
    /// The creation time is written in seconds.
    in_seconds: bool,
    /// All that follows the creation time.
    id: &'a str,
}

/// The creation time has the 13 digits of milliseconds in our age, or by mistake the 10 digits of seconds.
fn parts(text: &str) -> Option<Parts<'_>> {
    let (index, rest) = text.strip_prefix("fb.")?.split_once('.')?;
    let (created, id) = rest.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = index.len() == 1 && digits(index) && digits(created) && !id.is_empty();
    let unit = match created.len() {
        13 => 1,
        10 => 1_000,
        _ => return None,
    };
    let created: u64 = created.parse().ok().filter(|_| shaped)?;
    Some(Parts { created_ms: created * unit, in_seconds: unit > 1, id })
}

/// The same value with the creation time in milliseconds.
fn in_milliseconds(text: &str, created_ms: u64, id: &str) -> String {
    let index = text.split('.').nth(1).unwrap_or("1");
    format!("fb.{index}.{created_ms}.{id}")
}

/// What Meta's ids are made of. Anything else has come from elsewhere, or was changed on its way; an event that carries it
/// could be refused, and its whole request with it.
fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Braces, plain or encoded, are what is left of a macro.
fn has_braces(text: &str) -> bool {
    text.contains(['{', '}']) || text.contains("%7B") || text.contains("%7b")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_764_000_000_000;
    const ID: &str = "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk";

    #[test]
    fn a_click_becomes_fbc_byte_for_byte() {
        let click = ClickId::parse(ID).unwrap();
        assert_eq!(fbc(1_763_000_000_123, click), format!("fb.1.1763000000123.{ID}"));
        assert_eq!(check_fbc(&fbc(NOW, click), NOW).as_deref(), Ok(fbc(NOW, click).as_str()));
    }

    #[test]
    fn no_click_ids() {
        for text in
            ["null", "{fbclid}", "{{fbclid}}", "x{{y}}", "%7Bfbclid%7D", "FBCLID", "__CLICK_ID__", "-"]
        {
            assert_eq!(ClickId::parse(text), Err(Reason::Placeholder), "{text}");
        }
        for text in ["a b", " IwAR", "\"IwAR\"", "Iw\u{e4}R", "Iw\nR", "fb.1.1763000000123.IwAR"] {
            assert_eq!(ClickId::parse(text), Err(Reason::Malformed), "{text:?}");
        }
        assert_eq!(ClickId::parse(""), Err(Reason::Empty));
        assert_eq!(ClickId::parse(&"a".repeat(513)), Err(Reason::TooLong));
        assert!(ClickId::parse(&"a".repeat(512)).is_ok());
    }

    #[test]
    fn ready_values_pass_unchanged() {
        for text in
            ["fb.1.1763000000123.IwAR", "fb.2.1763000000123.IwAR.AQIAAgAB", "fb.0.1763000000123.IwAR.Bg"]
        {
            assert_eq!(check_fbc(text, NOW).as_deref(), Ok(text));
        }
        for (seconds, text) in [
            ("fb.1.1763000000.IwAR", "fb.1.1763000000000.IwAR"),
            ("fb.2.1763000000.IwAR.AQIAAgAB", "fb.2.1763000000000.IwAR.AQIAAgAB"),
        ] {
            assert_eq!(check_fbc(seconds, NOW).as_deref(), Ok(text));
        }
        for text in ["fb.1.1596403881668.1116446470", "fb.1.1596403881668.1116446470.AQIAAgAB"] {
            assert_eq!(check_fbp(text), Ok(text));
        }
    }

    #[test]
    fn damaged_and_old_values_do_not() {
        for text in
            ["", "IwAR", "fb.1.17630000001.IwAR", "FB.1.1763000000123.IwAR", "fb.x.1763000000123.IwAR"]
        {
            assert_eq!(check_fbc(text, NOW), Err(Reason::Malformed), "{text}");
        }
        assert_eq!(check_fbc("fb.1.1763000000123.", NOW), Err(Reason::Malformed));
        assert_eq!(check_fbc("fb.1.1763000000123.{fbclid}", NOW), Err(Reason::Placeholder));
        assert_eq!(check_fbc("fb.1.1865000000000.IwAR", NOW), Err(Reason::Malformed));
        let aged = |ms: u64| check_fbc(&format!("fb.1.{ms}.IwAR"), NOW).map(|text| text.len());
        assert!(aged(NOW - CLICK_LIFE_MS).is_ok());
        assert_eq!(aged(NOW - CLICK_LIFE_MS - 1), Err(Reason::Stale));
        for text in [
            "fb.1.1596403881668.",
            "fb.1.1596403881668.abc",
            "fb.1.1596403881668.1 2",
            "null",
            "fb.1.1596403881.7",
        ] {
            assert_eq!(check_fbp(text), Err(Reason::Malformed), "{text}");
        }
    }
}
