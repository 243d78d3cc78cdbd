//! The form of single values.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{Shape, Table};
use crate::refusal::Refusal;
use sandbox_kit::forms::{HASH_OF_NOTHING, is_currency, is_digits, is_ip, is_sha256, is_web_address};
use sandbox_kit::json::{self, Kind, kind};
use sandbox_kit::money;

type Checked = Result<(), Refusal>;

impl Shape {
    pub(super) fn check(self, raw: &RawValue) -> Checked {
        match self {
            Shape::Any => Ok(()),
            Shape::Text | Shape::TextUpTo(_) | Shape::OneOf(_) | Shape::PartnerAgent => self.check_text(raw),
            Shape::Integer => integer(raw, |_| true, ""),
            Shape::AtLeast(low) => integer(raw, |n| n >= low, "is too small"),
            Shape::IntegerOf(of) => integer(raw, |n| of.contains(&n), "is not one of the known numbers"),
            Shape::Number => number(raw).map(|_| ()),
            Shape::Amount => amount(raw),
            Shape::Bool => match kind(raw) {
                Kind::Bool => Ok(()),
                _ => Err(Refusal::wrong("must be true or false")),
            },
            Shape::Texts => each(raw, |one| text(one).map(|_| ())),
            Shape::ProcessingOptions => processing_options(raw),
            Shape::Hashed => one_or_each(raw, hashed),
            Shape::ExternalId => one_or_each(raw, external_id),
            Shape::Digits(low, high) => digits(raw, low, high),
            Shape::Currency => currency(&text(raw)?),
            Shape::Url | Shape::Ip | Shape::Fbc | Shape::Fbp => self.check_web(&text(raw)?),
            Shape::Object(table) => table.check_raw(raw),
            Shape::Contents(table) => contents(raw, table),
            Shape::Extinfo => extinfo(raw),
        }
    }

    fn check_text(self, raw: &RawValue) -> Checked {
        let text = text(raw)?;
        match self {
            Shape::TextUpTo(limit) => must(text.chars().count() <= limit, "is too long"),
            Shape::OneOf(of) => must(of.contains(&text.as_ref()), "is not one of the known values"),
            Shape::PartnerAgent => {
                let letters = text.chars().filter(|c| c.is_alphabetic()).count();
                must(
                    text.chars().count() < 23 && letters >= 2,
                    "must have under 23 characters and two letters",
                )
            }
            _ => Ok(()),
        }
    }

    fn check_web(self, text: &str) -> Checked {
        match self {
            Shape::Url => must(is_web_address(text), "must be an http or https address"),
            Shape::Ip => must(is_address(text), "must be an IPv4 or IPv6 address"),
            Shape::Fbc => must(is_cookie(text, is_click_id), "must be fb.INDEX.MILLISECONDS.CLICK_ID"),
            _ => must(is_cookie(text, is_digits), "must be fb.INDEX.MILLISECONDS.NUMBER"),
        }
    }
}

fn must(holds: bool, why: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(Refusal::wrong(why)) }
}

fn text(raw: &RawValue) -> Result<Cow<'_, str>, Refusal> {
    match kind(raw) {
        Kind::Text(text) if !text.is_empty() => Ok(text),
        Kind::Text(_) => Err(Refusal::wrong("must not be empty")),
        Kind::BrokenText => Err(Refusal::wrong("is not Unicode")),
        _ => Err(Refusal::wrong("must be a string")),
    }
}

fn number(raw: &RawValue) -> Result<&str, Refusal> {
    match kind(raw) {
        Kind::Number(digits) => Ok(digits),
        _ => Err(Refusal::wrong("must be a number")),
    }
}

fn integer(raw: &RawValue, fits: impl Fn(i64) -> bool, why: &'static str) -> Checked {
    let number = match kind(raw) {
        Kind::Number(digits) => digits.parse::<i64>().ok(),
        _ => None,
    };
    must(fits(number.ok_or_else(|| Refusal::wrong("must be a whole number"))?), why)
}

fn amount(raw: &RawValue) -> Checked {
    let amount = money::parse(number(raw)?).ok_or_else(|| Refusal::wrong("is not an amount of money"))?;
    must(!amount.is_sign_negative() || amount.is_zero(), "must not be negative")
}

fn each(raw: &RawValue, check: impl Fn(&RawValue) -> Checked) -> Checked {
    let members = json::list(raw).ok_or_else(|| Refusal::wrong("must be a list"))?;
    must(!members.is_empty(), "must not be an empty list")?;
    members.iter().enumerate().try_for_each(|(index, one)| check(one).map_err(|refusal| refusal.at(index)))
}

fn one_or_each(raw: &RawValue, check: fn(&str) -> Checked) -> Checked {
    match kind(raw) {
        Kind::List => each(raw, |one| check(&text(one)?)),
        _ => check(&text(raw)?),
    }
}

fn hashed(text: &str) -> Checked {
    let (hash, suffix) = text.split_at_checked(64).unwrap_or((text, ""));
    let is_hash = is_sha256(hash);
    let is_suffix = suffix.is_empty() || suffix.strip_prefix('.').is_some_and(is_builder_suffix);
    must(is_hash && is_suffix, "must be SHA-256 in lower-case hex")?;
    not_hash_of_nothing(hash)
}

fn external_id(text: &str) -> Checked {
    not_hash_of_nothing(text.get(..64).unwrap_or(text))
}

fn not_hash_of_nothing(hash: &str) -> Checked {
    must(hash != HASH_OF_NOTHING, "is the SHA-256 of an empty string: leave the key out")
}

/// What Meta's Parameter Builder appends after a dot: 8 characters, once 2.
fn is_builder_suffix(text: &str) -> bool {
    matches!(text.len(), 2 | 8) && is_click_id(text)
}

fn digits(raw: &RawValue, low: usize, high: usize) -> Checked {
    let digits = match kind(raw) {
        Kind::Number(digits) => Cow::Borrowed(digits),
        Kind::Text(text) => text,
        _ => Cow::Borrowed(""),
    };
    must(is_digits(&digits) && (low..=high).contains(&digits.len()), "must be an id made of digits")
}

fn processing_options(raw: &RawValue) -> Checked {
    let members = json::list(raw).ok_or_else(|| Refusal::wrong("must be a list"))?;
    let known = match members.as_slice() {
        [] => true,
        [one] => one.get() == "\"LDU\"",
        _ => false,
    };
    must(known, "must be [\"LDU\"] or []")
}

fn currency(code: &str) -> Checked {
    let upper = code.to_ascii_uppercase();
    // Known to be refused.
    if is_currency(&upper) && upper != "MRU" {
        return Ok(());
    }
    Err(Refusal::event(2_804_011, "Currency not accepted", "The currency of an event is not one Meta takes."))
}

fn contents(raw: &RawValue, table: &Table) -> Checked {
    let no_list = || {
        let note = "The contents of an event must be a list of objects.";
        Refusal::event(2_804_008, "Contents are not a list of objects", note)
    };
    let members = json::list(raw).ok_or_else(no_list)?;
    for (index, one) in members.iter().enumerate() {
        if !matches!(kind(one), Kind::Object) {
            return Err(no_list());
        }
        table.check_raw(one).map_err(|refusal| refusal.at(index))?;
    }
    Ok(())
}

/// 16 strings, of which the platform (0) and the system's version (4) may not be blank.
fn extinfo(raw: &RawValue) -> Checked {
    let strings: Option<Vec<String>> = serde_json::from_str(raw.get()).ok();
    let holds = strings.is_some_and(|all| {
        all.len() == 16 && matches!(all[0].as_str(), "a2" | "i2") && !all[4].trim().is_empty()
    });
    if holds {
        return Ok(());
    }
    Err(Refusal::event(2_804_043, "Invalid extinfo", "The extinfo of an app event is incomplete."))
}

fn is_address(text: &str) -> bool {
    if is_ip(text) {
        return true;
    }
    // The Parameter Builder adds its suffix here too; two more digits are a mistake, not a suffix.
    text.rsplit_once('.')
        .is_some_and(|(ip, suffix)| is_builder_suffix(suffix) && !is_digits(suffix) && is_ip(ip))
}

fn is_cookie(text: &str, is_payload: fn(&str) -> bool) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let (head, suffix) = parts.split_at_checked(4).unwrap_or((&[], &[]));
    let [version, index, created, payload] = head else {
        return false;
    };
    let tail = matches!(suffix, []) || matches!(suffix, [one] if is_builder_suffix(one));
    let stamp = is_digits(index) && index.len() <= 2 && is_digits(created) && created.len() == 13;
    *version == "fb" && stamp && is_payload(payload) && tail
}

fn is_click_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
