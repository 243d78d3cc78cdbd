//! One row of a file into a [`Conversion`]: liberal about types, strict about identity.

mod fields;
mod list;
mod names;

use std::borrow::Cow;

pub use fields::{Conversion, LocalClick};
pub use names::{FieldNames, values};

use crate::feed::FeedMap;
use crate::key::ConversionKey;

/// A row text, read.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Identity of the row: of its session and keyword, or of its text where it has none.
    pub key: ConversionKey,
    /// All keys under which a ledger may have the conversion, if there is more than one; see [`ConversionKey::possible`].
    pub possible_keys: Vec<ConversionKey>,
    /// The JSON text exactly as it came; unknown fields live on in it.
    pub raw: &'a str,
    /// The fields that it has, of those that are read; `None` when it is not an object.
    pub fields: Option<FieldNames>,
    /// What the row says; `None` when it is not an object, has no session, or has one of the fields that are read here twice.
    pub conversion: Option<Box<Conversion<'a>>>,
}

impl<'a> Row<'a> {
    /// Reads one JSON text. Never fails: what cannot be read is a row without conversion.
    #[must_use]
    pub fn parse(raw: &'a str) -> Self {
        let object = serde_json::from_str::<Conversion<'a>>(raw).ok();
        // An object in which a field comes twice is not read, and yet is one.
        let fields = object.as_ref().map(|object| object.fields).or_else(|| FieldNames::of(raw));
        let conversion = object.filter(|c| !c.session_id.is_empty()).map(Box::new);
        let (key, possible_keys) = match &conversion {
            Some(c) => {
                let (session, keyword) = (&*c.session_id, c.keyword_clicked.as_deref());
                (ConversionKey::new(session, keyword), ConversionKey::possible(session, keyword))
            }
            None => (ConversionKey::of_malformed(raw.as_bytes()), Vec::new()),
        };
        Self { key, possible_keys, raw, fields, conversion }
    }

    /// The same by what was set for the row's feed: a click time that names no offset from UTC is read in the feed's time zone. The
    /// object's network counts where the row names none. Key and other fields are as [`parse`](Self::parse) reads them.
    #[must_use]
    pub fn of_feed(raw: &'a str, feeds: &FeedMap, object_network: Option<&str>) -> Self {
        let mut row = Self::parse(raw);
        if let Some(conversion) = row.conversion.as_deref_mut().filter(|c| c.local_click.is_some()) {
            let network = conversion.network.as_deref().or(object_network);
            let zone = network.and_then(|network| feeds.get(network)?.time_zone.as_ref());
            if let Some(zone) = zone {
                conversion.read_local_click(zone);
            }
        }
        row
    }

    /// Whether it needs a time zone that was not known when it was read.
    #[must_use]
    pub fn lacks_zone(&self) -> bool {
        let local = self.conversion.as_deref().and_then(|conversion| conversion.local_click);
        matches!(local, Some(LocalClick::WithoutZone(_)))
    }
}

/// The ad platform's campaign, as the filter reads it: of any text of a row that is an object, with or without a session.
#[must_use]
pub fn campaign_id(raw: &str) -> Option<Text<'_>> {
    serde_json::from_str::<Conversion<'_>>(raw).ok()?.campaign_id
}

/// The campaign of a row and its visitor's country, as analytics keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The ad platform's campaign; see [`campaign_id`].
    pub campaign: Option<Text<'a>>,
    /// `country_code`; two letters are capital ones.
    pub country: Option<Text<'a>>,
}

impl<'a> Origin<'a> {
    /// Reads it of any text of a row that is an object, with or without a session.
    #[must_use]
    pub fn of(raw: &'a str) -> Self {
        let Ok(row) = serde_json::from_str::<Conversion<'a>>(raw) else { return Self::default() };
        let is_code = |country: &Text<'a>| country.len() == 2 && country.is_ascii();
        let country = row.country_code.map(|country| match is_code(&country) {
            true => Cow::Owned(country.to_ascii_uppercase()),
            false => country,
        });
        Self { campaign: row.campaign_id, country }
    }
}

/// A count of a row: visits, searches or conversions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Count {
    /// The row does not say.
    #[default]
    Absent,
    /// A whole number, possibly below zero (a correction).
    Number(i64),
    /// There is something, but no whole number.
    Unreadable,
}

impl Count {
    /// The number of events that this count stands for; what is absent stands for none.
    #[must_use]
    pub fn events(self) -> u64 {
        match self {
            Self::Number(n) => u64::try_from(n).unwrap_or(0),
            Self::Absent | Self::Unreadable => 0,
        }
    }
}

/// Borrowed or owned text of a row; never empty.
pub type Text<'a> = Cow<'a, str>;

#[cfg(test)]
mod tests;
