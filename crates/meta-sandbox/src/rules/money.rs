//! `value` and `currency`: which events need them, and that one does not go without the other.

use rust_decimal::Decimal;

use super::Parts;
use crate::refusal::Refusal;
use sandbox_kit::json::{Kind, kind};
use sandbox_kit::money;

/// The value and the currency in upper case, of events whose schema holds.
pub(super) fn check(parts: &Parts<'_>) -> Result<(Option<Decimal>, Option<String>), Refusal> {
    let raw = parts.custom.as_ref().and_then(|custom| custom.get("value"));
    let value = raw.and_then(|raw| match kind(raw) {
        Kind::Number(text) => money::parse(text),
        _ => None,
    });
    let currency = parts.custom_text("currency").map(|code| code.to_ascii_uppercase());
    match (parts.name.as_ref(), value.is_some(), currency.is_some()) {
        ("Purchase", false, _) => Err(refused(2_804_009, "Purchase without value")),
        ("Purchase", true, false) => Err(refused(2_804_010, "Purchase without currency")),
        ("OrderCreated", _, false) => Err(refused(2_804_081, "OrderCreated without currency")),
        (_, true, false) => Err(refused(2_804_023, "Value without currency")),
        _ => Ok((value, currency)),
    }
}

fn refused(subcode: i64, title: &'static str) -> Refusal {
    Refusal::event(subcode, title, "An event lacks its value or its currency.")
}
