//! External ids: the advertiser's own id of a person.

use std::borrow::Cow;

use super::Reason;

/// Leaves the id as it is, case and all. It must have the same form on every channel, and only its owner knows that
/// form. Line breaks and tabs inside an id mean that two fields ran together.
pub(super) fn external_id(input: &str) -> Result<Cow<'_, str>, Reason> {
    if input.contains(|c: char| c.is_control()) { Err(Reason::Damaged) } else { Ok(Cow::Borrowed(input)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert_eq!(external_id("Ab-12_3").as_deref(), Ok("Ab-12_3"));
        assert_eq!(external_id("a\tb"), Err(Reason::Damaged));
    }
}
