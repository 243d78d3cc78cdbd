//! The visitor's data: normalised, hashed where Meta wants it hashed, left out where it cannot be right.

use std::borrow::Cow;

use domain::row::Conversion;
use domain::{Reason, UnixSeconds};
use user_data::hash::hash;
use user_data::normalise::{self, Field, Hints, Normal, client_ip_address, client_user_agent, normalise};

use super::put_text;
use super::sufficient::Sufficiency;
use crate::fbc::{ClickId, check_fbc, check_fbp, fbc};
use crate::fields;

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
    let mut object = Object { text, first: true };
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
    // The session stands for the visitor where a row names no person.
    let id = conversion.external_id.as_deref().unwrap_or(&conversion.session_id);
    let values = [
        (Field::Email, conversion.email.as_deref()),
        (Field::Phone, conversion.phone.as_deref()),
        (Field::FirstName, conversion.first_name.as_deref()),
        (Field::LastName, conversion.last_name.as_deref()),
        (Field::DateOfBirth, conversion.date_of_birth.as_deref()),
        (Field::Gender, conversion.gender.as_deref()),
        (Field::City, conversion.city.as_deref()),
        (Field::State, conversion.region.as_deref()),
        (Field::Postcode, conversion.postcode.as_deref()),
        (Field::Country, conversion.country_code.as_deref()),
        (Field::ExternalId, Some(id)),
    ];
    for (field, value) in values {
        let Some(value) = value else { continue };
        let fate = match normalise(field, value, hints) {
            Normal::Value(text) => Fate::Hashed(text),
            Normal::AlreadyHashed(text) => Fate::GivenHash(text),
            Normal::Omitted(reason) => Fate::Omitted(reason),
        };
        show(fields::key(field), value, fate);
    }
}

/// The cookie's `fbc` first; else one made of the click id, which some feeds give as a whole `fbc` too.
fn visit_click(
    conversion: &Conversion<'_>,
    click_time: UnixSeconds,
    show: &mut impl FnMut(&'static str, &str, Fate<'_>),
) {
    // A click before 1970 would have been found too old.
    let click_ms = u64::try_from(click_time.millis().0).unwrap_or(0);
    let given = conversion.fbc.as_deref().map(|value| (value, check_fbc(value, click_ms)));
    if let Some((value, checked)) = given {
        let sent = checked.is_ok();
        show("fbc", value, plain(checked.map(Cow::Borrowed)));
        if sent {
            return;
        }
    }
    if let Some(id) = conversion.click_id.as_deref() {
        let made = match check_fbc(id, click_ms) {
            Ok(ready) => Ok(Cow::Borrowed(ready)),
            Err(normalise::Reason::Stale) => Err(normalise::Reason::Stale),
            Err(_) => ClickId::parse(id).map(|id| Cow::Owned(fbc(click_ms, id))),
        };
        show("fbc", id, plain(made));
    }
}

fn plain(checked: Result<Cow<'_, str>, normalise::Reason>) -> Fate<'_> {
    checked.map_or_else(Fate::Omitted, Fate::Plain)
}

/// A JSON object of texts, written as it grows.
struct Object<'t> {
    text: &'t mut Vec<u8>,
    first: bool,
}

impl Object<'_> {
    fn put(&mut self, name: &str, value: &str) {
        self.put_name(name);
        put_text(self.text, value);
    }

    /// For values that need no escapes: hexadecimal digits and URL-safe letters.
    fn put_plain(&mut self, name: &str, value: &str) {
        self.put_name(name);
        self.text.push(b'"');
        self.text.extend_from_slice(value.as_bytes());
        self.text.push(b'"');
    }

    fn put_name(&mut self, name: &str) {
        self.text.extend_from_slice(if self.first { b"{\"" } else { b",\"" });
        self.first = false;
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
    }

    fn close(self) {
        self.text.extend_from_slice(if self.first { b"{}" } else { b"}" });
    }
}
