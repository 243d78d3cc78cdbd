//! Text for terminals. Feeds, queues and platforms decide what some of it says, and must not steer the operator's terminal with it.

use std::borrow::Cow;
use std::fmt::Write;

/// How many characters a line of the terminal has that standard output is; `None` where it is not one, or does not say.
#[must_use]
pub fn columns() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(size.ws_col).filter(|columns| *columns > 0)
}

/// The text with everything escaped that would steer a terminal or turn the direction of writing: `ESC` becomes `\u001b`, which is also
/// how JSON writes it. Line ends and tabs stay.
///
/// ```
/// use runtime::terminal::harmless;
///
/// assert_eq!(harmless("a\tb\n"), "a\tb\n");
/// assert_eq!(harmless("\u{1b}]0;owned\u{7}"), r"\u001b]0;owned\u0007");
/// ```
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, |c| steers(c) && !matches!(c, '\n' | '\t'))
}

/// The same for a value that must not end its line or its column.
///
/// ```
/// use runtime::terminal::one_line;
///
/// assert_eq!(one_line("a\nSession b"), r"a\u000aSession b");
/// ```
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, steers)
}

/// Control characters, and those without a sign that begin a line or turn the direction of writing. All have four digits.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_escaped(c) {
            write!(safe, "\\u{:04x}", u32::from(c)).expect("writing to a String never fails");
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_stays() {
        let controls = (0..=0x9f).filter_map(char::from_u32).filter(|c| c.is_control());
        let bidi = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\u{2028}\u{2029}".chars();
        for c in controls.chain(bidi) {
            let code = format!("\\u{:04x}", u32::from(c));
            assert_eq!(one_line(&format!("a{c}b")), format!("a{code}b"));
            let kept = matches!(c, '\n' | '\t');
            assert_eq!(harmless(&c.to_string()) == code, !kept);
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({"session": "\u{1b}[2J\u{9b}2J\u{202e}\u{7f}\n", "name": "Zoë 日本"});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = harmless(&text);
        assert!(shown.chars().all(|c| c == '\n' || !steers(c)), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn other_text_is_not_touched() {
        for text in ["", "Zoë – 日本 🙂 {}\\u", "a\tb\n"] {
            assert!(matches!(harmless(text), Cow::Borrowed(same) if same == text));
        }
    }
}
