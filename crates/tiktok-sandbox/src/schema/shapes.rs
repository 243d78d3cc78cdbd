//! The form of single values.

use std::borrow::Cow;

use sandbox_kit::forms::{HASH_OF_NOTHING, is_currency, is_ip, is_sha256, is_web_address};
use sandbox_kit::json::{self, Kind, kind};
use sandbox_kit::money;
use serde_json::value::RawValue;

use super::Shape;
use crate::refusal::Refusal;

type Checked = Result<(), Refusal>;

impl Shape {
    pub(super) fn check(self, raw: &RawValue) -> Checked {
        match self {
            Self::Any => Ok(()),
            Self::Integer => match kind(raw) {
                Kind::Number(digits) => must(digits.parse::<i64>().is_ok(), "Not a valid integer."),
                _ => Err(Refusal::wrong("Not a valid integer.")),
            },
            Self::Amount => amount(raw),
            Self::Bool => must(matches!(kind(raw), Kind::Bool), "Not a valid boolean."),
            Self::Texts => each(raw, |one| text(one).map(drop)),
            Self::HashedOrList => match kind(raw) {
                Kind::List => each(raw, |one| hashed(&text(one)?)),
                _ => hashed(&text(raw)?),
            },
            Self::Object(table) => table.check_raw(raw),
            Self::Objects(table) => each(raw, |one| table.check_raw(one)),
            Self::OpenObject => must(matches!(kind(raw), Kind::Object), "Not a valid object."),
            _ => self.check_text(&text(raw)?),
        }
    }

    fn check_text(self, text: &str) -> Checked {
        match self {
            Self::TextUpTo(limit) => must(text.chars().count() <= limit, "Too long."),
            Self::Word => must(!text.contains(char::is_whitespace), "White space is not allowed."),
            Self::Code => {
                let known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
                must(text.bytes().all(known), "Not an event source's id.")
            }
            Self::OneOf(of) => must(of.contains(&text), "Not a valid choice."),
            Self::Hashed => hashed(text),
            Self::Place => {
                must(!is_sha256(text), "Must not be hashed.")?;
                must(!text.contains(char::is_uppercase) && text.trim() == text, "Must be normalised.")
            }
            Self::Url => must(is_web_address(text), "Not a valid URL."),
            Self::Ip => must(is_ip(text), "Not a valid address."),
            Self::Currency => must(is_currency(text), "Not a valid currency."),
            _ => Ok(()),
        }
    }
}

fn must(holds: bool, why: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(Refusal::wrong(why)) }
}

fn text(raw: &RawValue) -> Result<Cow<'_, str>, Refusal> {
    match kind(raw) {
        Kind::Text(text) if !text.is_empty() => Ok(text),
        Kind::Text(_) => Err(Refusal::wrong("Must not be empty.")),
        _ => Err(Refusal::wrong("Not a valid string.")),
    }
}

fn amount(raw: &RawValue) -> Checked {
    let amount = match kind(raw) {
        Kind::Number(digits) => money::parse(digits),
        _ => None,
    };
    let amount = amount.ok_or_else(|| Refusal::wrong("Not a valid number."))?;
    must(!amount.is_sign_negative() || amount.is_zero(), "Must not be negative.")
}

fn each(raw: &RawValue, check: impl Fn(&RawValue) -> Checked) -> Checked {
    let members = json::list(raw).ok_or_else(|| Refusal::wrong("Not a valid list."))?;
    must(!members.is_empty(), "Must not be an empty list.")?;
    members.into_iter().try_for_each(check)
}

fn hashed(text: &str) -> Checked {
    must(is_sha256(text), "Must be SHA-256 in lower-case hex.")?;
    must(text != HASH_OF_NOTHING, "The SHA-256 of an empty string.")
}
