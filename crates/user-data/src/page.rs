//! The page of a conversion: where the visitor was, without what says who it was.

mod personal;

use std::borrow::Cow;

use domain::row::Conversion;
use url::Url;

/// The longest address passed on, in bytes; browsers themselves stop not far beyond.
const LONGEST: usize = 8 * 1024;

/// The row's own address, else its domain's front page, else `default`. What is not an address of the web is passed over:
/// a platform would refuse it, and every event of the request with it.
#[must_use]
pub fn source_url<'a>(conversion: &'a Conversion<'_>, default: Option<&'a str>) -> Option<Cow<'a, str>> {
    let given = conversion.event_source_url.as_deref().and_then(address);
    given.or_else(|| conversion.domain_name.as_deref().and_then(front_page)).or(default.map(Cow::Borrowed))
}

/// An `http` or `https` address, unchanged where it can be sent as it is; without its fragment and what is personal.
fn address(text: &str) -> Option<Cow<'_, str>> {
    let url = Url::parse(text).ok().filter(is_of_the_web)?;
    let plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    let plain = plain && (text.starts_with("https://") || text.starts_with("http://"));
    let text = match personal::without(&url) {
        Some(url) => Cow::Owned(url.into()),
        None if plain => Cow::Borrowed(text),
        None => Cow::Owned(String::from(url)),
    };
    (text.len() <= LONGEST).then_some(text)
}

/// `https://<domain>/`. Feeds write a whole address into the field now and then.
fn front_page(domain: &str) -> Option<Cow<'_, str>> {
    if is_plain_host(domain) {
        return Some(Cow::Owned(["https://", domain, "/"].concat()));
    }
    if domain.contains("://") {
        return address(domain);
    }
    // International names, ports, a path: the parser knows.
    let guess = format!("https://{domain}");
    let url = Url::parse(&guess).ok().filter(is_of_the_web)?;
    Some(Cow::Owned(personal::without(&url).unwrap_or(url).into()))
}

/// A public page: its host has a dot, and the address holds no login.
fn is_of_the_web(url: &Url) -> bool {
    let no_login = url.username().is_empty() && url.password().is_none();
    let known = matches!(url.scheme(), "http" | "https") && no_login;
    known && url.host_str().is_some_and(|host| host.contains('.') || host.starts_with('['))
}

/// Letters, digits and hyphens, parted by dots; the last part is not a number.
fn is_plain_host(text: &str) -> bool {
    let label = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let whole = text.len() <= 253 && text.contains('.') && !text.contains("xn--");
    whole && text.split('.').all(label) && !text.ends_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: Option<&'static str>, domain: Option<&'static str>) -> Option<String> {
        let conversion = Conversion {
            event_source_url: url.map(Into::into),
            domain_name: domain.map(Into::into),
            ..Conversion::default()
        };
        source_url(&conversion, Some("https://default.example/")).map(Cow::into_owned)
    }

    #[test]
    fn the_rows_own_address_goes_first() {
        for (url, domain, expected) in [
            (Some("https://x.example/a?b=1#c"), Some("y.example"), "https://x.example/a?b=1"),
            (Some("https://x.example/a?email=jo@x.com&b=1"), None, "https://x.example/a?b=1"),
            (None, Some("https://auto.example/p?phone=%2B16505551212"), "https://auto.example/p"),
            (None, Some("auto.example/p?b=2#email=jo@x.com"), "https://auto.example/p?b=2"),
            (Some("HTTP://X.example"), None, "http://x.example/"),
            (Some("https://x.example/a b\u{e9}"), None, "https://x.example/a%20b%C3%A9"),
            (None, Some("homes.example"), "https://homes.example/"),
            (None, Some("https://homes.example/lp"), "https://homes.example/lp"),
            (None, Some("homes.example/lp"), "https://homes.example/lp"),
            (None, Some("b\u{fc}cher.example"), "https://xn--bcher-kva.example/"),
            (None, None, "https://default.example/"),
        ] {
            assert_eq!(chosen(url, domain).as_deref(), Some(expected), "{url:?} {domain:?}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_passed_over() {
        for url in [
            "ftp://x.example/",
            "x.example",
            "https://",
            "javascript:alert(1)",
            "https://a b/",
            "https://u:p@x.example/",
            "https://:p@x.example/",
        ] {
            assert_eq!(chosen(Some(url), Some("y.example")).as_deref(), Some("https://y.example/"), "{url}");
        }
        for domain in ["", "a b", "http://", "-", "user@x.example", "<script>", "a..b:x"] {
            assert_eq!(chosen(None, Some(domain)).as_deref(), Some("https://default.example/"), "{domain}");
        }
    }
}
