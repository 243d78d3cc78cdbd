//! What would be sent of a conversion's visitor, and what not: for people who look for a lost match.

use std::fmt;

use domain::validate::Valid;
use user_data::Reason;
use user_data::hash::hash;

use super::visitor::{Fate, visit};

/// A value of a row and what becomes of it. It holds a person's data, so `Debug` shows the key alone.
#[derive(Clone, PartialEq, Eq)]
pub struct UserField {
    /// The key in `user_data`.
    pub name: &'static str,
    /// The value as the row has it.
    pub before: String,
    /// What is sent, or why nothing is.
    pub after: Result<Sent, Reason>,
}

/// A value on its way.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// In Meta's form, before any hashing; a hash that was given is its own.
    pub normalised: String,
    /// As it stands in the event.
    pub value: String,
}

impl fmt::Debug for UserField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserField").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sent(..)")
    }
}

/// Every value that the conversion has for a key of `user_data`, in the order in which they are sent.
#[must_use]
pub fn user_fields(valid: &Valid<'_, '_>) -> Vec<UserField> {
    let mut fields = Vec::new();
    visit(valid.conversion(), valid.click_time(), |name, before, fate| {
        let after = match fate {
            Fate::Hashed(text) => {
                Ok(Sent { value: hash(&text).as_str().to_owned(), normalised: text.into_owned() })
            }
            Fate::GivenHash(text) | Fate::Plain(text) => {
                Ok(Sent { normalised: text.clone().into_owned(), value: text.into_owned() })
            }
            Fate::Omitted(reason) => Err(reason),
        };
        fields.push(UserField { name, before: before.to_owned(), after });
    });
    fields
}
