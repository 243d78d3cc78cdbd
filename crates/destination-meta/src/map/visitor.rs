//! The visitor's data: normalised, hashed where Meta wants it hashed, left out where it cannot be right.

use std::borrow::Cow;

use domain::row::Conversion;
use domain::{Reason, UnixSeconds};
use user_data::hash::hash;
use user_data::normalise::{
    self, Field, Hints, Normal, client_ip_address, client_user_agent, email_addresses, normalise,
};
use user_data::object::TextObject;

use super::sufficient::Sufficiency;
use crate::click::read_click;
use crate::fbc::check_fbp;
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
    let mut object = TextObject::new(text);
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
        for address in email_addresses(value) {
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
