//! The visitor's data: normalised, hashed where TikTok wants it hashed, left out where it cannot be right.

use std::borrow::Cow;

use domain::Reason;
use domain::row::Conversion;
use user_data::hash::hash;
use user_data::normalise::{client_ip_address, client_user_agent, email_addresses, is_placeholder};
use user_data::object::TextObject;
use user_data::{Field, Hints, Normal};

use crate::fields::{self, normalise};

/// The longest click id passed on, in bytes. Real ones have hundreds of characters.
const LONGEST_CLICK: usize = 2_048;

/// The longest value of the cookie `_ttp` passed on, in bytes. Real ones have 27 characters.
const LONGEST_COOKIE: usize = 128;

/// Writes the `user` object.
///
/// # Errors
/// [`Reason::InsufficientData`] when TikTok could match no one by it.
pub(super) fn write(text: &mut Vec<u8>, conversion: &Conversion<'_>) -> Result<(), Reason> {
    let mut object = TextObject::new(text);
    let mut seen = Matching::default();
    visit(conversion, |name, value| {
        match value {
            Sent::Hashed(value) => object.put_plain(name, hash(&value).as_str()),
            Sent::GivenHash(value) => object.put_plain(name, &value),
            Sent::Plain(value) => object.put(name, &value),
        }
        seen.see(name);
    });
    object.close();
    if seen.is_enough() { Ok(()) } else { Err(Reason::InsufficientData) }
}

/// Whether TikTok can match the visitor.
pub(super) fn is_matchable(conversion: &Conversion<'_>) -> bool {
    // What nearly every conversion has needs no look at the others.
    if conversion.click_id.as_deref().is_some_and(is_click_id) {
        return true;
    }
    let mut seen = Matching::default();
    visit(conversion, |name, _| seen.see(name));
    seen.is_enough()
}

/// A value that is sent.
enum Sent<'v> {
    /// As the hash of this text.
    Hashed(Cow<'v, str>),
    /// It is a hash already.
    GivenHash(Cow<'v, str>),
    /// As it is.
    Plain(Cow<'v, str>),
}

/// Shows every value that the conversion has for a key of `user`, in the order in which they are sent.
fn visit(conversion: &Conversion<'_>, mut show: impl FnMut(&'static str, Sent<'_>)) {
    // Byte for byte: TikTok compares it with what it put into the landing page's address.
    if let Some(click) = conversion.click_id.as_deref().filter(|id| is_click_id(id)) {
        show("ttclid", Sent::Plain(click.into()));
    }
    if let Some(cookie) = conversion.ttp.as_deref().filter(|ttp| is_cookie(ttp)) {
        show("ttp", Sent::Plain(cookie.into()));
    }
    visit_person(conversion, &mut show);
    if let Some(ip) = conversion.ip.as_deref().and_then(|ip| client_ip_address(ip).ok()) {
        show("ip", Sent::Plain(ip));
    }
    if let Some(agent) = conversion.user_agent.as_deref().and_then(|agent| client_user_agent(agent).ok()) {
        show("user_agent", Sent::Plain(agent));
    }
}

fn visit_person(conversion: &Conversion<'_>, show: &mut impl FnMut(&'static str, Sent<'_>)) {
    let hints = Hints { country: conversion.country_code.as_deref(), year: None };
    let mut show = |field, value: &str| {
        let Some(name) = fields::key(field) else { return };
        match normalise(field, value, hints) {
            Normal::Value(text) if fields::is_hashed(field) => show(name, Sent::Hashed(text)),
            Normal::Value(text) => show(name, Sent::Plain(text)),
            Normal::AlreadyHashed(text) => show(name, Sent::GivenHash(text)),
            Normal::Omitted(_) => {}
        }
    };
    // TikTok takes lists of these.
    for value in conversion.email.iter().chain(&conversion.more_emails) {
        for address in email_addresses(value) {
            show(Field::Email, address);
        }
    }
    for value in conversion.phone.iter().chain(&conversion.more_phones) {
        show(Field::Phone, value);
    }
    let values = [
        (Field::ExternalId, conversion.external_id.as_deref()),
        (Field::FirstName, conversion.first_name.as_deref()),
        (Field::LastName, conversion.last_name.as_deref()),
        (Field::Postcode, conversion.postcode.as_deref()),
        (Field::City, conversion.city.as_deref()),
        (Field::State, conversion.region.as_deref()),
        (Field::Country, conversion.country_code.as_deref()),
    ];
    for (field, value) in values {
        if let Some(value) = value {
            show(field, value);
        }
    }
}

/// What can be the value of a parameter of an address. A whole address is not one, and which part of it is meant is not guessed.
fn is_click_id(text: &str) -> bool {
    (1..=LONGEST_CLICK).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains("://")
        && !is_placeholder(text)
}

fn is_cookie(text: &str) -> bool {
    (1..=LONGEST_COOKIE).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !is_placeholder(text)
}

/// By what an event can be matched: a click, a cookie, a person, or the address together with the agent.
#[derive(Debug, Default)]
struct Matching {
    alone: bool,
    ip: bool,
    agent: bool,
}

impl Matching {
    fn see(&mut self, key: &str) {
        match key {
            "ttclid" | "ttp" | "email" | "phone" | "external_id" => self.alone = true,
            "ip" => self.ip = true,
            "user_agent" => self.agent = true,
            _ => {}
        }
    }

    const fn is_enough(&self) -> bool {
        self.alone || self.ip && self.agent
    }
}
