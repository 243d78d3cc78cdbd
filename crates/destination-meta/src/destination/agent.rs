//! `partner_agent`: who sends ([End-to-End Implementation], read 2026-11-23).
//!
//! [End-to-End Implementation]: https://developers.facebook.com/docs/marketing-api/conversions-api/guides/end-to-end-implementation

/// The sender's name: 2 to 22 letters, digits, `_`, `-` and `.`, at least two of them letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerAgent(String);

/// Meta would not take the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a partner agent has 2 to 22 letters, digits, `_`, `-` or `.`, at least two of them letters")]
pub struct NotAPartnerAgent;

impl PartnerAgent {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NotAPartnerAgent`]
    pub fn new(name: impl Into<String>) -> Result<Self, NotAPartnerAgent> {
        let name = name.into();
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let letters = name.bytes().filter(u8::is_ascii_alphabetic).count();
        if name.len() <= 22 && letters >= 2 && name.bytes().all(known) {
            Ok(Self(name))
        } else {
            Err(NotAPartnerAgent)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for PartnerAgent {
    /// Ours.
    fn default() -> Self {
        Self("efflux_1_0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["efflux_1_0", "ab", "a-b.c", "abcdefghijklmnopqrstuv"] {
            assert_eq!(PartnerAgent::new(name).unwrap().as_str(), name);
        }
        for name in ["", "a", "a1", "12", "abcdefghijklmnopqrstuvw", "a b", "\u{e4}b", "a\"b"] {
            assert_eq!(PartnerAgent::new(name), Err(NotAPartnerAgent), "{name}");
        }
        assert!(PartnerAgent::new(PartnerAgent::default().as_str()).is_ok());
    }
}
