//! Addresses below a base.

use http::Uri;
use url::Url;

/// `<base>/<segment>/<segment>...`, or `None` when one of them is not a single path segment. An empty last segment leaves a
/// slash at the end, as some platforms want it.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Option<Uri> {
    let (last, others) = segments.split_last()?;
    if !(others.iter().all(|segment| is_segment(segment)) && (last.is_empty() || is_segment(last))) {
        return None;
    }
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
    url.as_str().parse().ok()
}

/// Versions (`v26.0`), names and ids need no more than this; anything else is a slip in a setting.
fn is_segment(text: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !text.is_empty() && text.bytes().all(byte) && !text.bytes().all(|byte| byte == b'.')
}

/// Whether the address can be the beginning of endpoints.
pub(crate) fn is_base(url: &Url) -> bool {
    is_endpoint(url) && url.query().is_none()
}

/// Whether requests can be made to the address as it is.
pub(crate) fn is_endpoint(url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none();
    let scheme = matches!(url.scheme(), "http" | "https");
    bare && scheme && url.has_host() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base: &str, version: &str, pixel: &str) -> Option<String> {
        below(&base.parse().unwrap(), &[version, pixel, "events"]).map(|uri| uri.to_string())
    }

    #[test]
    fn joins_without_double_slashes() {
        for (base, expected) in [
            ("https://graph.facebook.com", "https://graph.facebook.com/v26.0/123/events"),
            ("https://graph.facebook.com/", "https://graph.facebook.com/v26.0/123/events"),
            ("http://127.0.0.1:9/meta", "http://127.0.0.1:9/meta/v26.0/123/events"),
            ("http://127.0.0.1:9/a/b/", "http://127.0.0.1:9/a/b/v26.0/123/events"),
        ] {
            assert_eq!(at(base, "v26.0", "123").as_deref(), Some(expected));
        }
    }

    #[test]
    fn refuses_what_would_lead_elsewhere() {
        for (version, pixel) in
            [("", "1"), ("v26.0", ""), ("..", "1"), ("v26.0", "1/2"), ("v26.0", "1?x=y"), ("v 1", "1")]
        {
            assert_eq!(at("https://graph.facebook.com", version, pixel), None);
        }
    }

    #[test]
    fn an_empty_last_segment_is_a_slash_at_the_end() {
        let uri = below(&"https://x/open_api".parse().unwrap(), &["v1.3", "track", ""]).unwrap();
        assert_eq!(uri, "https://x/open_api/v1.3/track/");
        assert_eq!(below(&"https://x".parse().unwrap(), &[]), None);
    }

    #[test]
    fn endpoints() {
        for (address, fits) in [
            ("https://hooks.example.com/services/T0/B0/secret", true),
            ("http://127.0.0.1:9/?code=secret", true),
            ("https://u:p@x/y", false),
            ("https://x/y#z", false),
        ] {
            assert_eq!(is_endpoint(&address.parse().unwrap()), fits, "{address}");
        }
    }

    #[test]
    fn bases() {
        for base in ["https://graph.facebook.com", "http://localhost:1/x/"] {
            assert!(is_base(&base.parse().unwrap()), "{base}");
        }
        for base in ["ftp://x", "https://u:p@x", "https://x?y", "https://x#y", "mailto:a@b.de"] {
            assert!(!is_base(&base.parse().unwrap()), "{base}");
        }
    }
}
