//! The body of `POST /open_api/v1.3/event/track/`.

use std::borrow::Cow;

use sandbox_kit::CheckedEvent;
use sandbox_kit::json::{self, Object};

use crate::refusal::Refusal;
use crate::rules;
use crate::schema::BODY;

/// The most events one request may hold.
const MOST: usize = 1000;

/// A body whose outer object keeps the schema.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    object: Object<'a>,
    source: Cow<'a, str>,
    /// The pixel, as far as it is the web.
    pub(crate) pixel: Cow<'a, str>,
}

impl<'a> Body<'a> {
    /// Reads the outer object.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(bytes).ok();
        let object =
            text.and_then(Object::parse).ok_or_else(|| Refusal::wrong("The body must be a JSON object."))?;
        BODY.check(&object)?;
        let text = |key| object.text(key).ok_or_else(|| Refusal::missing(key));
        let (source, pixel) = (text("event_source")?, text("event_source_id")?);
        Ok(Self { object, source, pixel })
    }

    /// Whether its events are shown as a test and do not count.
    pub(crate) fn is_test(&self) -> bool {
        self.object.has("test_event_code")
    }

    /// Checks every event; the first thing that does not hold refuses them all.
    pub(crate) fn check(&self, now: i64) -> Result<Vec<CheckedEvent<'a>>, Refusal> {
        let in_data = |why| Refusal::wrong(why).under("data");
        let data = self.object.get("data").ok_or_else(|| Refusal::missing("data"))?;
        let events = json::list(data).ok_or_else(|| in_data("Not a valid list."))?;
        if events.is_empty() || events.len() > MOST {
            return Err(in_data("Length must be between 1 and 1000."));
        }
        events.into_iter().map(|raw| rules::check(raw, &self.source, now)).collect()
    }
}
