//! The body of `POST /{version}/{pixel}/events`.

use std::borrow::Cow;

use crate::refusal::Refusal;
use crate::rules;
use crate::schema::BODY;
use sandbox_kit::CheckedEvent;
use sandbox_kit::json::{self, Kind, Object, kind};

/// The most events one request may hold.
const MOST: usize = 1000;

/// A body that is a JSON object, not yet checked.
#[derive(Debug)]
pub(crate) struct Body<'a>(Object<'a>);

impl<'a> Body<'a> {
    /// Reads the outer object.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(bytes).ok();
        let object = text.and_then(Object::parse);
        object.map(Self).ok_or_else(|| Refusal::plain(400, 100, "(#100) The body must be a JSON object"))
    }

    /// The token, when it travels in the body.
    pub(crate) fn token(&self) -> Option<Cow<'a, str>> {
        self.0.text("access_token")
    }

    /// The proof of the app's secret and its time, where they travel in the body.
    pub(crate) fn proof(&self) -> (Option<Cow<'a, str>>, Option<i64>) {
        let time = || self.0.text("appsecret_time")?.parse().ok();
        (self.0.text("appsecret_proof"), self.0.integer("appsecret_time").or_else(time))
    }

    /// Checks the body and every event; the first thing that does not hold refuses them all.
    pub(crate) fn check(&self, now: i64) -> Result<Vec<CheckedEvent<'a>>, Refusal> {
        BODY.check(&self.0)?;
        let data = self.0.get("data").ok_or_else(|| invalid("The parameter data is required"))?;
        let Kind::List = kind(data) else {
            return Err(invalid("Param data must be an array"));
        };
        let events = json::list(data).ok_or_else(|| invalid("Param data must be an array"))?;
        if events.is_empty() {
            return Err(invalid("Param data must be a non-empty array"));
        }
        if events.len() > MOST {
            return Err(invalid("Param data must have at most 1000 elements"));
        }
        let check = |(index, raw)| rules::check(raw, now).map_err(|refusal| refusal.at(index).under("data"));
        events.into_iter().enumerate().map(check).collect()
    }
}

fn invalid(what: &str) -> Refusal {
    Refusal::plain(400, 100, format!("(#100) {what}"))
}
