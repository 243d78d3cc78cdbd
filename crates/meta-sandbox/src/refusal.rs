//! Why a request is refused, as Meta words it: code, subcode, HTTP status and, for the schema, a JSON path.

use std::borrow::Cow;

/// The subcode of a closed schema broken: the only one that names the event.
const SCHEMA: i64 = 2_804_019;

/// What is wrong at the place a schema refusal points at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Breach {
    Unexpected(String),
    Missing,
    Wrong(&'static str),
}

/// A refused request. It holds key names and places, never a value of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: i64,
    pub(crate) subcode: Option<i64>,
    pub(crate) transient: bool,
    pub(crate) message: Cow<'static, str>,
    pub(crate) title: Option<&'static str>,
    note: Option<&'static str>,
    place: Option<Box<(String, Breach)>>,
}

impl Refusal {
    /// A refusal with no subcode and nothing for the user.
    pub(crate) fn plain(status: u16, code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { status, code, subcode: None, transient: false, message, title: None, note: None, place: None }
    }

    pub(crate) fn with_subcode(self, subcode: impl Into<Option<i64>>) -> Self {
        Self { subcode: subcode.into(), ..self }
    }

    pub(crate) fn with_transient(self, transient: bool) -> Self {
        Self { transient, ..self }
    }

    /// A bad event that the answer does not name: code 100 with one of the 28040xx subcodes.
    pub(crate) fn event(subcode: i64, title: &'static str, note: &'static str) -> Self {
        Self {
            title: Some(title),
            note: Some(note),
            ..Self::plain(400, 100, "Invalid parameter").with_subcode(subcode)
        }
    }

    /// The key is not part of the closed schema; points at the object that holds it.
    pub(crate) fn unexpected(key: &str) -> Self {
        Self::schema(Breach::Unexpected(key.to_owned()))
    }

    /// The required `key` is missing; points at where it should be.
    pub(crate) fn missing(key: &str) -> Self {
        Self::schema(Breach::Missing).under(key)
    }

    /// The value here breaks the schema; `why` completes "The value at PLACE ...".
    pub(crate) fn wrong(why: &'static str) -> Self {
        Self::schema(Breach::Wrong(why))
    }

    fn schema(breach: Breach) -> Self {
        Self {
            title: Some("Event parameters do not fit the schema"),
            place: Some(Box::new((String::new(), breach))),
            ..Self::plain(400, 100, "Invalid parameter").with_subcode(SCHEMA)
        }
    }

    /// Says that the refused value sits under `key`. Refusals without a place stay as they are.
    pub(crate) fn under(self, key: &str) -> Self {
        self.inside(&format!("['{key}']"))
    }

    /// Says that the refused value is member `index` of a list.
    pub(crate) fn at(self, index: usize) -> Self {
        self.inside(&format!("[{index}]"))
    }

    fn inside(mut self, step: &str) -> Self {
        if let Some(place) = &mut self.place {
            place.0.insert_str(0, step);
        }
        self
    }

    /// The text for `error_user_msg`.
    pub(crate) fn user_message(&self) -> Option<String> {
        let Some((path, breach)) = self.place.as_deref() else {
            return self.note.map(str::to_owned);
        };
        Some(match breach {
            Breach::Unexpected(key) => format!("Unexpected key \"{key}\" on param \"${path}\"."),
            Breach::Missing => format!("The required parameter \"${path}\" is missing."),
            Breach::Wrong(why) => format!("The value at \"${path}\" {why}."),
        })
    }

    /// `code` or `code/subcode`, the form used in the statistics.
    pub(crate) fn label(&self) -> String {
        let code = self.code;
        self.subcode.map_or_else(|| code.to_string(), |subcode| format!("{code}/{subcode}"))
    }
}
