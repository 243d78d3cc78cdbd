//! Limited data use for people of the United States ([Data Processing Options for US Users], read 2026-11-23).
//!
//! [Data Processing Options for US Users]: https://developers.facebook.com/docs/marketing-apis/data-processing-options

use std::io::Write;

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
    /// [`NotAPlace`]; a state needs country 1.
    pub fn new(country: u8, state: u16) -> Result<Self, NotAPlace> {
        let fits = country == 1 && (state == 0 || STATES.contains(&state)) || country == 0 && state == 0;
        if fits { Ok(Self { country, state }) } else { Err(NotAPlace) }
    }
}

impl DataProcessing {
    /// Writes the event's keys, a comma before each.
    pub(super) fn write(self, text: &mut Vec<u8>) {
        match self {
            Self::Unsaid => {}
            Self::Unlimited => text.extend_from_slice(br#","data_processing_options":[]"#),
            Self::Limited(Place { country, state }) => write!(
                text,
                r#","data_processing_options":["LDU"],"data_processing_options_country":{country},"data_processing_options_state":{state}"#
            )
            .expect("writing to memory never fails"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
