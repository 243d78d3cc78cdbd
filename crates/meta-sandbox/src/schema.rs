//! The closed schema of a request: which keys each object may and must hold, and the form of every value.

mod lists;
mod shapes;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use lists::MESSAGING_NAMES;
pub(crate) use tables::{BODY, EVENT};

use serde_json::value::RawValue;

use crate::refusal::Refusal;
use sandbox_kit::json::Object;

/// One key of an object.
#[derive(Debug)]
pub(crate) struct Key {
    name: &'static str,
    shape: Shape,
    required: bool,
}

/// The keys of one kind of object.
#[derive(Debug)]
pub(crate) struct Table {
    keys: &'static [Key],
    /// Whether keys outside the table are allowed (`custom_data` only).
    open: bool,
}

/// The form of one value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Anything at all.
    Any,
    /// A string that is not empty.
    Text,
    /// A string of 1 to this many characters.
    TextUpTo(usize),
    /// A whole number.
    Integer,
    /// A whole number of at least this.
    AtLeast(i64),
    /// A whole number out of these.
    IntegerOf(&'static [i64]),
    /// A number.
    Number,
    /// A number of zero or more that decimal arithmetic can hold.
    Amount,
    /// `true` or `false`.
    Bool,
    /// A string out of these.
    OneOf(&'static [&'static str]),
    /// A list of strings, none of them empty.
    Texts,
    /// `["LDU"]` or `[]`.
    ProcessingOptions,
    /// SHA-256 in lower-case hex, one or a list.
    Hashed,
    /// An id or a list of ids, hashed or not.
    ExternalId,
    /// Digits, as a number or a string; the length is within these bounds.
    Digits(usize, usize),
    /// An address of the web.
    Url,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A click id as the `_fbc` cookie holds it.
    Fbc,
    /// A browser id as the `_fbp` cookie holds it.
    Fbp,
    /// Three letters that name a currency Meta takes.
    Currency,
    /// The sending platform's name: under 23 characters, at least two letters.
    PartnerAgent,
    /// An object of its own.
    Object(&'static Table),
    /// The list of goods, which has an error of its own when it is not a list.
    Contents(&'static Table),
    /// An app's device description, 16 strings.
    Extinfo,
}

impl Table {
    /// Checks every key and value of `object`, places of refusals counted from that object.
    pub(crate) fn check(&self, object: &Object<'_>) -> Result<(), Refusal> {
        if let Some(key) = object.twice() {
            return Err(Refusal::wrong("is written twice").under(key));
        }
        for (name, value) in object.fields() {
            match self.keys.iter().find(|key| key.name == name) {
                Some(key) => key.shape.check(value).map_err(|refusal| refusal.under(name))?,
                None if self.open => {}
                None => return Err(Refusal::unexpected(name)),
            }
        }
        match self.keys.iter().find(|key| key.required && !object.has(key.name)) {
            Some(key) => Err(Refusal::missing(key.name)),
            None => Ok(()),
        }
    }

    fn check_raw(&self, raw: &RawValue) -> Result<(), Refusal> {
        let object = Object::read(raw).ok_or_else(|| Refusal::wrong("must be an object"))?;
        self.check(&object)
    }
}
