//! An event that passed every check of its sandbox.

use std::borrow::Cow;

use rust_decimal::Decimal;

/// What the books know of an event.
#[derive(Debug)]
pub struct CheckedEvent<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its id.
    pub id: Option<Cow<'a, str>>,
    /// Unix seconds.
    pub time: i64,
    /// What it is worth.
    pub value: Option<Decimal>,
    /// Upper case.
    pub currency: Option<String>,
    /// The event as it was sent.
    pub json: &'a str,
}
