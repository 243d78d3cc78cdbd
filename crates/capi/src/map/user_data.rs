//! The visitor's data: normalised, hashed where Meta wants it hashed, left out where it cannot be right.

use domain::row::Conversion;
use domain::{Reason, UnixSeconds};

use super::put_text;
use crate::normalise::{
    ClickId, Field, Hints, check_fbc, check_fbp, client_ip_address, client_user_agent, customer_key, fbc,
};

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
    write_hashed(&mut object, conversion);
    let mut told_apart = write_plain(&mut object, conversion, click_time)?;
    told_apart |= !conversion.session_id.is_empty();
    object.close();
    if told_apart { Ok(()) } else { Err(Reason::InsufficientData) }
}

fn write_hashed(object: &mut Object<'_>, conversion: &Conversion<'_>) {
    let hints = Hints::from(conversion.country_code.as_deref());
    let values = [
        (Field::Email, &conversion.email),
        (Field::Phone, &conversion.phone),
        (Field::FirstName, &conversion.first_name),
        (Field::LastName, &conversion.last_name),
        (Field::DateOfBirth, &conversion.date_of_birth),
        (Field::Gender, &conversion.gender),
        (Field::City, &conversion.city),
        (Field::State, &conversion.region),
        (Field::Postcode, &conversion.postcode),
        (Field::Country, &conversion.country_code),
    ];
    for (field, value) in values {
        if let Some(key) = value.as_deref().and_then(|v| customer_key(field, v, hints).ok()) {
            object.put_plain(field.name(), key.as_str());
        }
    }
    if let Ok(key) = customer_key(Field::ExternalId, &conversion.session_id, hints) {
        object.put_plain(Field::ExternalId.name(), key.as_str());
    }
}

/// Writes the keys that are not hashed; whether one of them tells a visitor apart by itself.
fn write_plain(
    object: &mut Object<'_>,
    conversion: &Conversion<'_>,
    click_time: UnixSeconds,
) -> Result<bool, Reason> {
    let mut told_apart = false;
    if let Some(ip) = conversion.ip.as_deref().and_then(|ip| client_ip_address(ip).ok()) {
        object.put("client_ip_address", &ip);
        told_apart = true;
    }
    let agent = conversion.user_agent.as_deref().and_then(|agent| client_user_agent(agent).ok());
    object.put("client_user_agent", &agent.ok_or(Reason::InsufficientData)?);

    // A click before 1970 would have been found too old.
    let click_ms = u64::try_from(click_time.millis().0).unwrap_or(0);
    let given = conversion.fbc.as_deref().and_then(|value| check_fbc(value, click_ms).ok());
    let built =
        || conversion.click_id.as_deref().and_then(|id| ClickId::parse(id).ok()).map(|id| fbc(click_ms, id));
    if let Some(value) = given.map(str::to_owned).or_else(built) {
        object.put("fbc", &value);
        told_apart = true;
    }
    if let Some(value) = conversion.fbp.as_deref().and_then(|value| check_fbp(value).ok()) {
        object.put("fbp", value);
        told_apart = true;
    }
    Ok(told_apart)
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
