//! External ids: the advertiser's own id of a person.

use std::borrow::Cow;

use super::Reason;

/// Leaves the id as it is, case and all. It must have the same form on every channel, and only its owner knows that
/// form. Line breaks and tabs inside an id mean that two fields ran together.
pub(super) fn external_id(input: &str) -> Result<Cow<'_, str>, Reason> {
    if input.contains(|c: char| c.is_control()) {
        return Err(Reason::Damaged);
    }
    if is_nobodys(input) { Err(Reason::Placeholder) } else { Ok(Cow::Borrowed(input)) }
}

/// What systems write for nobody: `0`, `-1`, the GUID of zeros, `NaN`. All visitors without an id would be one.
fn is_nobodys(input: &str) -> bool {
    const WORDS: [&str; 10] = ["nan", "nil", "na", "-1", "false", "anonymous", "guest", "[]", "{}", "()"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(input))
        || input.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'.' | b'{' | b'}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert_eq!(external_id("Ab-12_3").as_deref(), Ok("Ab-12_3"));
        assert_eq!(external_id("a\tb"), Err(Reason::Damaged));
        for input in ["0", "000", "-1", "-", "0.0", "NaN", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(external_id(input), Err(Reason::Placeholder), "{input}");
        }
        assert_eq!(external_id("10").as_deref(), Ok("10"));
    }
}
