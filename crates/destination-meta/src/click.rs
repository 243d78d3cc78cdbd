//! The click of a row: from a cookie's `fbc`, a click id, or what feeds write in their place.

use std::borrow::Cow;

use url::form_urlencoded;
use user_data::normalise::Reason;

use crate::fbc::{ClickId, check_fbc, fbc, id_of};

/// The longest text that is searched for a click id, in bytes: as long as addresses get.
const LONGEST: usize = 8 * 1024;

/// How often a text may be percent-encoded.
const ENCODINGS: usize = 2;

/// A click that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click<'a> {
    /// The click id, without what surrounded it and without a fifth part.
    pub id: Cow<'a, str>,
    /// The whole `fbc`.
    pub fbc: Cow<'a, str>,
}

/// Reads a text that should be a click id or an `fbc`. A click id that stands plainly in an address, in `fbclid=...` or in
/// percent-encoded form is taken out. `click_ms` is when the click happened, in Unix milliseconds; an `fbc` that is made has that time.
///
/// # Errors
///
/// Why there is no click to be read.
pub fn read_click(text: &str, click_ms: u64) -> Result<Click<'_>, Reason> {
    if text.len() > LONGEST {
        return Err(Reason::TooLong);
    }
    read(Cow::Borrowed(text), click_ms, ENCODINGS)
}

fn read(text: Cow<'_, str>, click_ms: u64, encodings: usize) -> Result<Click<'_>, Reason> {
    if text.starts_with("fb.") {
        return of_cookie(text, click_ms);
    }
    match ClickId::parse(&text).err() {
        None => return Ok(made(text, click_ms)),
        Some(Reason::Malformed | Reason::TooLong) => {}
        Some(reason) => return Err(reason),
    }
    if let Some(value) = in_query(&text) {
        return read(Cow::Owned(value), click_ms, 0).map(owned);
    }
    if encodings > 0 && text.contains('%') {
        return read(Cow::Owned(decoded(&text)), click_ms, encodings - 1).map(owned);
    }
    // Meta's ids need no padding; what encodes them for the way may add some.
    let bare = text.trim_end_matches('=');
    if bare.len() < text.len() && ClickId::parse(bare).is_ok() {
        return Ok(owned(made(Cow::Borrowed(bare), click_ms)));
    }
    Err(ClickId::parse(&text).err().unwrap_or(Reason::Malformed))
}

fn of_cookie(text: Cow<'_, str>, click_ms: u64) -> Result<Click<'_>, Reason> {
    match text {
        Cow::Borrowed(text) => {
            let fbc = check_fbc(text, click_ms)?;
            Ok(Click { id: Cow::Borrowed(id_of(text)), fbc })
        }
        Cow::Owned(text) => {
            let fbc = check_fbc(&text, click_ms)?.into_owned();
            Ok(Click { id: Cow::Owned(id_of(&text).to_owned()), fbc: Cow::Owned(fbc) })
        }
    }
}

/// `id` was found to be one.
fn made(id: Cow<'_, str>, click_ms: u64) -> Click<'_> {
    let fbc = ClickId::parse(&id).map(|id| fbc(click_ms, id)).unwrap_or_default();
    Click { id, fbc: Cow::Owned(fbc) }
}

fn owned(click: Click<'_>) -> Click<'static> {
    Click { id: Cow::Owned(click.id.into_owned()), fbc: Cow::Owned(click.fbc.into_owned()) }
}

/// The value of `fbclid`, or of the cookie, in a query: alone or in an address.
fn in_query(text: &str) -> Option<String> {
    let without_fragment = text.split('#').next().unwrap_or_default();
    let query = without_fragment.split_once('?').map_or(without_fragment, |(_, query)| query);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| matches!(name.as_ref(), "fbclid" | "_fbc" | "fbc"))
        .map(|(_, value)| value.into_owned())
}

/// The text without its percent encoding. A plus sign stays.
fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B").replace('&', "%26");
    form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| {
            if value.is_empty() && !text.contains('=') {
                name.into_owned()
            } else {
                format!("{name}={value}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLICK: u64 = 1_795_000_000_000;

    fn fbc_of(text: &str) -> Result<String, Reason> {
        read_click(text, CLICK).map(|click| click.fbc.into_owned())
    }

    #[test]
    fn a_click_id_that_is_plain_to_see_is_taken_out() {
        for (text, expected) in [
            ("IwAR1a-B_c", "fb.1.1795000000000.IwAR1a-B_c"),
            ("fbclid=IwAR1aBc", "fb.1.1795000000000.IwAR1aBc"),
            ("?utm=x&fbclid=IwAR1aBc&y=1", "fb.1.1795000000000.IwAR1aBc"),
            ("https://auto.example/p?a=b&fbclid=IwAR1aBc#top", "fb.1.1795000000000.IwAR1aBc"),
            ("https%3A%2F%2Fauto.example%2Fp%3Ffbclid%3DIwAR1aBc", "fb.1.1795000000000.IwAR1aBc"),
            ("IwAR1a%2DB_c%3D", "fb.1.1795000000000.IwAR1a-B_c"),
            ("IwAR1a%252DB_c", "fb.1.1795000000000.IwAR1a-B_c"),
            ("fbclid%3DIwAR1aBc", "fb.1.1795000000000.IwAR1aBc"),
            ("fb.1.1794000000000.IwAR1a-B_c", "fb.1.1794000000000.IwAR1a-B_c"),
            ("fb.1.1794000000000.IwAR1a-B_c.AQECAQMB", "fb.1.1794000000000.IwAR1a-B_c.AQECAQMB"),
            ("fb.1.1794000000.IwAR1aBc", "fb.1.1794000000000.IwAR1aBc"),
            ("fb%2E1%2E1794000000000%2EIwAR1aBc", "fb.1.1794000000000.IwAR1aBc"),
            ("_fbc=fb.1.1794000000000.IwAR1aBc", "fb.1.1794000000000.IwAR1aBc"),
        ] {
            assert_eq!(fbc_of(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "a b",
            "https://auto.example/p?gclid=x",
            "https://auto.example/",
            "%",
            "%E9",
            "fb.1.x.Iw",
            "=",
            "a=b",
        ] {
            assert_eq!(fbc_of(text), Err(Reason::Malformed), "{text}");
        }
        for text in
            ["{fbclid}", "fbclid={fbclid}", "%7Bfbclid%7D", "https://x.example/?fbclid=__CLICK_ID__", "null"]
        {
            assert_eq!(fbc_of(text), Err(Reason::Placeholder), "{text}");
        }
        assert_eq!(fbc_of("fbclid="), Err(Reason::Empty));
        assert_eq!(fbc_of("fb.1.1700000000000.IwAR"), Err(Reason::Stale));
        assert_eq!(fbc_of(&"a".repeat(9_000)), Err(Reason::TooLong));
        assert_eq!(fbc_of(&"a".repeat(600)), Err(Reason::TooLong));
    }

    #[test]
    fn an_id_is_without_its_fifth_part() {
        let click = read_click("fb.1.1794000000000.IwAR1a-B_c.AQECAQMB", CLICK).unwrap();
        assert_eq!(click.id, "IwAR1a-B_c");
    }
}
