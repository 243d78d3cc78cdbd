//! What an address of the web may say of a person, and must not go out in clear beside hashes: platforms do not accept contact information
//! that is not hashed; Meta says so ([Customer Information Parameters], read 2026-11-29).
//!
//! [Customer Information Parameters]: https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters

use std::borrow::Cow;

use url::{Url, form_urlencoded};

/// Names of parameters, without signs and in lower case, that hold a person's data or a secret.
const NAMES: [&str; 34] = [
    "em",
    "ph",
    "fn",
    "ln",
    "name",
    "mail",
    "tel",
    "cell",
    "fax",
    "dob",
    "db",
    "fname",
    "lname",
    "first",
    "last",
    "user",
    "login",
    "sid",
    "jwt",
    "otp",
    "pin",
    "pwd",
    "pass",
    "auth",
    "sig",
    "ssn",
    "iban",
    "apikey",
    "authkey",
    "accesskey",
    "privatekey",
    "nonce",
    "authorization",
    "bearer",
];

/// The same for parts of names.
const PARTS: [&str; 22] = [
    "email",
    "phone",
    "mobile",
    "firstname",
    "lastname",
    "fullname",
    "surname",
    "givenname",
    "familyname",
    "username",
    "birth",
    "token",
    "passw",
    "secret",
    "sessionid",
    "signature",
    "credential",
    "msisdn",
    "contactname",
    "customername",
    "streetaddress",
    "creditcard",
];

/// How deep addresses within parameters are looked into.
const DEPTH: usize = 2;

/// The address without its fragment and without what is personal; `None` when it has neither.
pub(super) fn without(url: &Url) -> Option<Url> {
    let query = url.query().map(kept);
    let path = kept_path(url.path());
    let is_clean = url.fragment().is_none()
        && query.as_ref().is_none_or(|q| matches!(q, Cow::Borrowed(_)))
        && path.is_none();
    if is_clean {
        return None;
    }
    let mut clean = url.clone();
    clean.set_fragment(None);
    if let Some(query) = query {
        clean.set_query(Some(&*query).filter(|query| !query.is_empty()));
    }
    if let Some(path) = path {
        clean.set_path(&path);
    }
    Some(clean)
}

/// The parameters that may be sent, each as it was written.
fn kept(query: &str) -> Cow<'_, str> {
    if !query.split('&').any(|pair| is_personal_pair(pair, DEPTH)) {
        return Cow::Borrowed(query);
    }
    let pairs: Vec<_> = query.split('&').filter(|pair| !is_personal_pair(pair, DEPTH)).collect();
    Cow::Owned(pairs.join("&"))
}

fn is_personal_pair(pair: &str, depth: usize) -> bool {
    form_urlencoded::parse(pair.as_bytes()).any(|(name, value)| {
        is_personal_name(&name)
            || is_personal_value(&name)
            || is_personal_value(&value)
            || is_personal_inside(&value, depth)
    })
}

/// Another address, or its query, as the value of a parameter.
fn is_personal_inside(value: &str, depth: usize) -> bool {
    let query = value.split_once(['?', '#']).map_or(value, |(_, query)| query);
    depth > 0
        && query.contains('=')
        && query.split(['&', '#', '?']).any(|pair| is_personal_pair(pair, depth - 1))
}

fn is_personal_name(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.contains(&&*plain) || PARTS.iter().any(|part| plain.contains(part))
}

fn is_personal_value(value: &str) -> bool {
    let decoded = if value.contains('%') { decoded(value) } else { Cow::Borrowed(value) };
    decoded.contains('@') || is_phone(&decoded) || is_token(&decoded)
}

/// Percent encoding that was put on twice.
fn decoded(value: &str) -> Cow<'_, str> {
    let plain = value.replace('&', "%26").replace('=', "%3D").replace('+', "%2B");
    form_urlencoded::parse(plain.as_bytes())
        .next()
        .map_or(Cow::Borrowed(value), |(name, _)| Cow::Owned(name.into_owned()))
}

/// A number as people write it, or with `+` or `00` before it. Digits alone may be an id or a time.
fn is_phone(value: &str) -> bool {
    // A plus sign that was not encoded has become a blank.
    let marked = value.starts_with(['+', ' ']) || value.starts_with("00");
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let signs =
        value.trim().bytes().filter(|byte| matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/')).count();
    let shaped = value.bytes().all(|byte| byte.is_ascii_digit() || b"+ -.()/".contains(&byte));
    let is_date = value.split('-').map(str::len).eq([4, 2, 2]);
    shaped
        && !is_date
        && ((marked && (7..=17).contains(&digits)) || (signs >= 2 && (9..=15).contains(&digits)))
}

/// A JSON Web Token, or an access token of Meta.
fn is_token(value: &str) -> bool {
    let is_jwt = value.starts_with("eyJ") && value.matches('.').count() == 2;
    is_jwt || (value.starts_with("EAA") && value.len() >= 32)
}

/// The path up to the first part that is an e-mail address or the name of an account; `None` when there is none.
fn kept_path(path: &str) -> Option<String> {
    let is_address = |part: &str| decoded(part).contains('@');
    let parts: Vec<_> = path.split('/').collect();
    let end = parts.iter().position(|part| is_address(part))?;
    Some(format!("{}/", parts[..end].join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        let url: Url = text.parse().unwrap();
        without(&url).unwrap_or(url).into()
    }

    #[test]
    fn what_is_personal_goes() {
        for (text, expected) in [
            ("https://x.example/p?email=jo@x.com", "https://x.example/p"),
            ("https://x.example/p?a=1&q=jo%40x.com&b=2", "https://x.example/p?a=1&b=2"),
            ("https://x.example/p?q=jo%2540x.com", "https://x.example/p"),
            ("https://x.example/p?jo@x.com", "https://x.example/p"),
            ("https://x.example/p?phone=%2B16505551212", "https://x.example/p"),
            ("https://x.example/p?q=%2B16505551212", "https://x.example/p"),
            ("https://x.example/p?q=+16505551212", "https://x.example/p"),
            ("https://x.example/p?q=(650)+555-1212", "https://x.example/p"),
            ("https://x.example/p?first_name=Jo&lastName=Doe&x=1", "https://x.example/p?x=1"),
            ("https://x.example/p?access_token=abc&apiKey=1&x=1", "https://x.example/p?x=1"),
            ("https://x.example/p?q=eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "https://x.example/p"),
            ("https://x.example/p?next=https%3A%2F%2Fy.example%2F%3Femail%3Djo", "https://x.example/p"),
            ("https://x.example/p#email=jo@x.com", "https://x.example/p"),
            ("https://x.example/u/jo@x.com/off?x=1", "https://x.example/u/?x=1"),
            ("https://x.example/u/jo%40x.com", "https://x.example/u/"),
            ("https://x.example/@jo/post", "https://x.example/"),
        ] {
            assert_eq!(clean(text), expected, "{text}");
        }
    }

    #[test]
    fn all_else_stays_as_it_was_written() {
        for text in [
            "https://x.example/",
            "https://x.example/a?b=1&c=%C3%A9+x&&d",
            "https://x.example/p?fbclid=IwAR1a-B_c&utm_campaign=120210000000100017&campaign_name=x",
            "https://x.example/p?ts=1763700000&ms=1763700000123&date=2026-11-27&v=1.2.3",
            "https://x.example/p?price=1234.50&id=550e8400-e29b-41d4-a716-446655440000",
            "https://x.example/p?q=cheap+dental+implants",
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(without(&url), None, "{text}");
        }
    }
}
