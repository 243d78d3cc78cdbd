//! The closed schema of a request: which keys each object may and must hold, and the form of every value.

mod shapes;
mod tables;

pub(crate) use tables::{BODY, EVENT};

use sandbox_kit::json::Object;
use serde_json::value::RawValue;

use crate::refusal::Refusal;

/// One key of an object.
#[derive(Debug)]
pub(crate) struct Key {
    name: &'static str,
    shape: Shape,
    required: bool,
}

/// The keys of one kind of object. There are no others.
#[derive(Debug)]
pub(crate) struct Table(&'static [Key]);

/// The form of one value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Anything; looked at elsewhere.
    Any,
    /// A string that is not empty.
    Text,
    /// The same, of at most this many characters.
    TextUpTo(usize),
    /// The same, without white space.
    Word,
    /// Upper-case letters and digits.
    Code,
    /// A whole number.
    Integer,
    /// A number of zero or more that decimal arithmetic can hold.
    Amount,
    /// `true` or `false`.
    Bool,
    /// A string out of these.
    OneOf(&'static [&'static str]),
    /// A list of strings, none of them empty.
    Texts,
    /// SHA-256 in lower-case hex.
    Hashed,
    /// The same, or a list of them.
    HashedOrList,
    /// A place in plain text, without capitals.
    Place,
    /// An address of the web.
    Url,
    /// An IPv4 or IPv6 address.
    Ip,
    /// ISO 4217, upper case.
    Currency,
    /// An object of its own.
    Object(&'static Table),
    /// A list of such objects.
    Objects(&'static Table),
    /// An object whose keys the sandbox does not know.
    OpenObject,
}

impl Table {
    /// Checks every key and value of `object`, places of refusals counted from that object.
    pub(crate) fn check(&self, object: &Object<'_>) -> Result<(), Refusal> {
        if let Some(key) = object.twice() {
            return Err(Refusal::wrong("Written twice.").under(key));
        }
        for (name, value) in object.fields() {
            let key = self.0.iter().find(|key| key.name == name).ok_or_else(|| Refusal::unexpected(name))?;
            key.shape.check(value).map_err(|refusal| refusal.under(name))?;
        }
        match self.0.iter().find(|key| key.required && !object.has(key.name)) {
            Some(key) => Err(Refusal::missing(key.name)),
            None => Ok(()),
        }
    }

    fn check_raw(&self, raw: &RawValue) -> Result<(), Refusal> {
        let object = Object::read(raw).ok_or_else(|| Refusal::wrong("Not a valid object."))?;
        self.check(&object)
    }
}
