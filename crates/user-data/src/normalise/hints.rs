//! What is known besides the value itself.

/// Facts of the same row that help to read a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints<'a> {
    /// The row's country, in any form that the `country` field is understood in.
    pub country: Option<&'a str>,
    /// The present year, the last in which a visitor can have been born; without it no date is too late.
    pub year: Option<u16>,
}

impl<'a> From<Option<&'a str>> for Hints<'a> {
    fn from(country: Option<&'a str>) -> Self {
        Self { country, year: None }
    }
}
