//! E-mail addresses: trimmed and lower-case.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::Reason;
use super::given::looks_like_md5;
use super::screen::is_invisible;

/// The most addresses of one text.
const MOST_ADDRESSES: usize = 10;

/// The longest address that mail can be sent to, in bytes (RFC 5321).
const LONGEST: usize = 254;

/// Characters that are not part of an address but of what is written around one (`John <john@x.com>`, lists, URLs).
const AROUND: &[char] = &['<', '>', '(', ')', '[', ']', '{', '}', ',', ';', ':', '"', '\\', '|'];

/// Lower-cases and checks the shape. Dots and `+tag` stay: Meta hashes the address as the person writes it.
pub(super) fn email(input: &str) -> Result<Cow<'_, str>, Reason> {
    if looks_like_md5(input) {
        return Err(Reason::Md5);
    }
    let address = lower_case(input);
    if address.len() > LONGEST {
        return Err(Reason::TooLong);
    }
    if is_address(&address) { Ok(address) } else { Err(Reason::Malformed) }
}

fn lower_case(input: &str) -> Cow<'_, str> {
    if !input.is_ascii() {
        let composed: String = input.chars().filter(|c| !is_invisible(*c)).nfc().collect();
        return Cow::Owned(composed.to_lowercase().nfc().collect());
    }
    if input.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(input.to_ascii_lowercase());
    }
    Cow::Borrowed(input)
}

fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let outside = |c: char| c.is_whitespace() || c.is_control() || AROUND.contains(&c);
    !local.is_empty() && !domain.contains('@') && !address.contains(outside) && is_domain(domain)
}

/// Two or more labels, none empty, none beginning or ending with a hyphen; the last is not a number.
fn is_domain(domain: &str) -> bool {
    let label = |part: &str| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-');
    let Some((_, top)) = domain.rsplit_once('.') else { return false };
    domain.split('.').all(label) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

/// The addresses of a text that has several, as some feeds write lists; else the text.
pub fn email_addresses(text: &str) -> impl Iterator<Item = &str> {
    let is_list = text.matches('@').count() > 1;
    let parts = text.split(move |c: char| is_list && (matches!(c, ',' | ';' | '|') || c.is_whitespace()));
    parts.filter(move |part| !is_list || !part.is_empty()).take(MOST_ADDRESSES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(email("USER@Example.COM").as_deref(), Ok("user@example.com"));
        assert_eq!(email("a.b+tag@gmail.com").as_deref(), Ok("a.b+tag@gmail.com"));
        assert_eq!(email("Mu\u{308}ller@example.de").as_deref(), Ok("müller@example.de"));
        assert!(matches!(email("a@b.co"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn not_addresses() {
        for input in
            ["foo@bar", "plainaddress", "John Doe <john@x.com>", "a@b@c.de", "@b.de", "a@.de", "a@b.de."]
        {
            assert_eq!(email(input), Err(Reason::Malformed), "{input}");
        }
        for input in ["a b@c.de", "mailto:a@b.de", "a@10.0.0.1", "a@b.de,c@d.ef", "a@-b.de"] {
            assert_eq!(email(input), Err(Reason::Malformed), "{input}");
        }
        assert_eq!(email("d41d8cd98f00b204e9800998ecf8427e"), Err(Reason::Md5));
        assert_eq!(email(&format!("{}@b.de", "a".repeat(250))), Err(Reason::TooLong));
    }
}
