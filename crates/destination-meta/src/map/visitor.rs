//! The visitor's data: normalised, hashed where Meta wants it hashed, left out where it cannot be right.

use std::borrow::Cow;

use domain::row::Conversion;
use domain::{Reason, UnixSeconds};
use user_data::hash::hash;
use user_data::normalise::{self, Field, Hints, Normal, client_ip_address, client_user_agent, normalise};

use super::put_text;
use super::sufficient::Sufficiency;
use crate::click::read_click;
use crate::fbc::check_fbp;
use crate::fields;

/// The most addresses of one text.
const MOST_ADDRESSES: usize = 10;

/// What becomes of one value of a row.
#[derive(Debug)]
pub(super) enum Fate<'v> {
    /// Sent as the hash of this text.
    Hashed(Cow<'v, str>),
    /// Sent as it is, because it is a hash already.
    GivenHash(Cow<'v, str>),
    /// Sent as it is: a key that Meta does not want hashed.
    Plain(Cow<'v, str>),
    /// Left out.
    Omitted(normalise::Reason),
}

/// Writes the `user_data` object.
///
/// # Errors
/// [`Reason::InsufficientData`] when there is no user agent, which Meta requires of website events, or nothing but keys that
/// Meta does not count (subcode 2804050).
pub(super) fn write(
    text: &mut Vec<u8>,
    conversion: &Conversion<'_>,
    click_time: UnixSeconds,
) -> Result<(), Reason> {
    let mut object = Object { text, last: None };
    let mut seen = Sufficiency::new();
    let mut has_agent = false;
    visit(conversion, click_time, |name, _, fate| {
        match fate {
            Fate::Hashed(value) => object.put_plain(name, hash(&value).as_str()),
            Fate::GivenHash(value) => object.put_plain(name, &value),
            Fate::Plain(value) => object.put(name, &value),
            Fate::Omitted(_) => return,
        }
        has_agent |= name == "client_user_agent";
        seen.see(name);
    });
    object.close();
    if has_agent && seen.is_enough() { Ok(()) } else { Err(Reason::InsufficientData) }
}

/// Shows every value that the row has for a key of `user_data`: the key, the value, and what becomes of it.
pub(super) fn visit(
    conversion: &Conversion<'_>,
    click_time: UnixSeconds,
    mut show: impl FnMut(&'static str, &str, Fate<'_>),
) {
    visit_hashed(conversion, click_time, &mut show);
    if let Some(ip) = conversion.ip.as_deref() {
        show("client_ip_address", ip, plain(client_ip_address(ip)));
    }
    if let Some(agent) = conversion.user_agent.as_deref() {
        show("client_user_agent", agent, plain(client_user_agent(agent)));
    }
    visit_click(conversion, click_time, &mut show);
    if let Some(value) = conversion.fbp.as_deref() {
        show("fbp", value, plain(check_fbp(value).map(Cow::Borrowed)));
    }
}

fn visit_hashed(
    conversion: &Conversion<'_>,
    click_time: UnixSeconds,
    show: &mut impl FnMut(&'static str, &str, Fate<'_>),
) {
    let year = || time::OffsetDateTime::from_unix_timestamp(click_time.0).ok()?.year().try_into().ok();
    let hints = Hints {
        country: conversion.country_code.as_deref(),
        year: conversion.date_of_birth.as_ref().and_then(|_| year()),
    };
    let mut show = |field, value: &str| {
        let fate = match normalise(field, value, hints) {
            Normal::Value(text) => Fate::Hashed(text),
            Normal::AlreadyHashed(text) => Fate::GivenHash(text),
            Normal::Omitted(reason) => Fate::Omitted(reason),
        };
        let is_sent = !matches!(fate, Fate::Omitted(_));
        show(fields::key(field), value, fate);
        is_sent
    };
    // Meta takes lists of these.
    for value in conversion.email.iter().chain(&conversion.more_emails) {
        for address in addresses(value) {
            show(Field::Email, address);
        }
    }
    for value in conversion.phone.iter().chain(&conversion.more_phones) {
        show(Field::Phone, value);
    }
    let values = [
        (Field::FirstName, conversion.first_name.as_deref()),
        (Field::LastName, conversion.last_name.as_deref()),
        (Field::DateOfBirth, conversion.date_of_birth.as_deref()),
        (Field::Gender, conversion.gender.as_deref()),
        (Field::City, conversion.city.as_deref()),
        (Field::State, conversion.region.as_deref()),
        (Field::Postcode, conversion.postcode.as_deref()),
        (Field::Country, conversion.country_code.as_deref()),
    ];
    for (field, value) in values {
        if let Some(value) = value {
            show(field, value);
        }
    }
    // The session stands for the visitor where a row names no person.
    let named = conversion.external_id.as_deref().is_some_and(|id| show(Field::ExternalId, id));
    if !named {
        show(Field::ExternalId, &conversion.session_id);
    }
}

/// The addresses of a text that has several, as some feeds write lists; else the text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let is_list = text.matches('@').count() > 1;
    let parts = text.split(move |c: char| is_list && (matches!(c, ',' | ';' | '|') || c.is_whitespace()));
    parts.filter(move |part| !is_list || !part.is_empty()).take(MOST_ADDRESSES)
}

/// The cookie's `fbc`, unless the row's click id is another: then the cookie is of an earlier click, or was changed on its way, and the
/// click id replaces it ([ClickID and the fbp and fbc Parameters], read 2026-11-23).
///
/// [ClickID and the fbp and fbc Parameters]: https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/fbp-and-fbc
fn visit_click(
    conversion: &Conversion<'_>,
    click_time: UnixSeconds,
    show: &mut impl FnMut(&'static str, &str, Fate<'_>),
) {
    // A click before 1970 would have been found too old.
    let click_ms = u64::try_from(click_time.millis().0).unwrap_or(0);
    let cookie = conversion.fbc.as_deref().map(|text| read_click(text, click_ms));
    let click = conversion.click_id.as_deref().map(|text| read_click(text, click_ms));
    let is_replaced = match (&cookie, &click) {
        (Some(Ok(cookie)), Some(Ok(click))) => cookie.id != click.id,
        _ => false,
    };
    let is_enough = !is_replaced && matches!(cookie, Some(Ok(_)));
    if let (Some(value), Some(cookie)) = (conversion.fbc.as_deref(), cookie) {
        let cookie =
            cookie.and_then(|cookie| if is_replaced { Err(normalise::Reason::Replaced) } else { Ok(cookie) });
        show("fbc", value, plain(cookie.map(|cookie| cookie.fbc)));
    }
    if let (Some(value), Some(click), false) = (conversion.click_id.as_deref(), click, is_enough) {
        show("fbc", value, plain(click.map(|click| click.fbc)));
    }
}

fn plain(checked: Result<Cow<'_, str>, normalise::Reason>) -> Fate<'_> {
    checked.map_or_else(Fate::Omitted, Fate::Plain)
}

/// A JSON object of texts, written as it grows. Several values of one name, one after the other, become a list without repetitions.
struct Object<'t> {
    text: &'t mut Vec<u8>,
    last: Option<Last>,
}

/// The name that was written last.
struct Last {
    name: &'static str,
    /// Where its value begins.
    start: usize,
    is_list: bool,
}

impl Object<'_> {
    fn put(&mut self, name: &'static str, value: &str) {
        self.put_with(name, |text| put_text(text, value));
    }

    /// For values that need no escapes: hexadecimal digits and URL-safe letters.
    fn put_plain(&mut self, name: &'static str, value: &str) {
        self.put_with(name, |text| {
            text.push(b'"');
            text.extend_from_slice(value.as_bytes());
            text.push(b'"');
        });
    }

    fn put_with(&mut self, name: &'static str, value: impl Fn(&mut Vec<u8>)) {
        match &mut self.last {
            Some(last) if last.name == name => {
                let mut next = Vec::new();
                value(&mut next);
                if self.text[last.start..].windows(next.len()).any(|before| before == next) {
                    return;
                }
                if !last.is_list {
                    self.text.insert(last.start, b'[');
                    last.is_list = true;
                }
                self.text.push(b',');
                self.text.extend_from_slice(&next);
            }
            _ => {
                self.end_list();
                self.text.extend_from_slice(if self.last.is_none() { b"{\"" } else { b",\"" });
                self.text.extend_from_slice(name.as_bytes());
                self.text.extend_from_slice(b"\":");
                self.last = Some(Last { name, start: self.text.len(), is_list: false });
                value(self.text);
            }
        }
    }

    fn end_list(&mut self) {
        if self.last.as_ref().is_some_and(|last| last.is_list) {
            self.text.push(b']');
        }
    }

    fn close(mut self) {
        self.end_list();
        self.text.extend_from_slice(if self.last.is_none() { b"{}" } else { b"}" });
    }
}
