//! What an operator may configure of Meta's requests.

use strum::{EnumString, VariantNames};

/// The spelling of event names (`META_EVENT_NAMES`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum EventNames {
    /// Meta's standard names: optimised for, and deduplicated against the pixel's own events.
    #[default]
    Standard,
    /// The legacy system's "Page View" and "View content", for ad sets that were trained on them.
    Legacy,
}

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
    /// [`NotAPartnerAgent`] when it is too long or too short or holds other characters: take another name.
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

/// The states that Meta knows by number: 1000 is California.
const STATES: std::ops::RangeInclusive<u16> = 1000..=1013;

/// What Meta may do with the data, said with every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataProcessing {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// No limit, explicitly: `[]`.
    Unlimited,
    /// Limited data use: `["LDU"]`. Country and state are always sent, because Meta refuses an event without a state when
    /// the country is given or the visitor's address is not.
    Limited(Place),
}

/// Where the limit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    country: u8,
    state: u16,
}

/// Meta does not know the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "country is 0 (Meta finds out) or 1 (United States), state is 0 (Meta finds out) or 1000 to 1013, and a state needs country 1"
)]
pub struct NotAPlace;

impl Place {
    /// A country (0: Meta finds out, 1: the United States) and a state (0: Meta finds out, 1000 to 1013).
    ///
    /// # Errors
    /// [`NotAPlace`] for other numbers, and for a state without country 1.
    pub fn new(country: u8, state: u16) -> Result<Self, NotAPlace> {
        let fits = country == 1 && (state == 0 || STATES.contains(&state)) || country == 0 && state == 0;
        if fits { Ok(Self { country, state }) } else { Err(NotAPlace) }
    }

    /// Meta's number of the country.
    #[must_use]
    pub const fn country(self) -> u8 {
        self.country
    }

    /// Meta's number of the state.
    #[must_use]
    pub const fn state(self) -> u16 {
        self.state
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

    #[test]
    fn places() {
        for (country, state) in [(0, 0), (1, 0), (1, 1000), (1, 1013)] {
            assert!(Place::new(country, state).is_ok());
        }
        for (country, state) in [(0, 1000), (1, 999), (1, 1014), (2, 0), (1, 1)] {
            assert_eq!(Place::new(country, state), Err(NotAPlace));
        }
    }
}
