//! An event without its click: what is left to try when Meta refuses the click's form.
//!
//! 100/2804001 means that `fbc` is ill-formed ([adsmurai-facebook-conversions-api-client, issue 6], a recorded answer, read 2026-11-29;
//! Meta's pages do not list it). The event is worth more without its click than not at all.
//!
//! [adsmurai-facebook-conversions-api-client, issue 6]: https://github.com/Adsmurai/adsmurai-facebook-conversions-api-client/issues/6

use std::collections::BTreeMap;

use ports::destination::{Answer, PreparedEvent};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::map::is_enough;

/// Code and subcode of an ill-formed `fbc`.
const ILL_FORMED_FBC: (Option<i64>, Option<i64>) = (Some(100), Some(2_804_001));

/// How the key stands in an event that was written here: never first, and its value needs no escapes. Inside a text its quotes would
/// have backslashes before them.
const KEY: &[u8] = br#","fbc":""#;

#[derive(Deserialize)]
struct Keys<'e> {
    #[serde(borrow)]
    user_data: BTreeMap<&'e str, IgnoredAny>,
}

/// The event without `fbc`, when that is what was refused and Meta can take the rest.
#[must_use]
pub fn without_fbc(event: &PreparedEvent, answer: &Answer) -> Option<PreparedEvent> {
    if (answer.code, answer.subcode) != ILL_FORMED_FBC {
        return None;
    }
    let text: &[u8] = &event.payload;
    let start = text.windows(KEY.len()).position(|window| window == KEY)?;
    let value = start + KEY.len();
    let end = value + text[value..].iter().position(|byte| *byte == b'"')? + 1;
    let rest = [&text[..start], &text[end..]].concat();
    let keys: Keys<'_> = serde_json::from_slice(&rest).ok()?;
    is_enough(keys.user_data.keys().copied()).then(|| PreparedEvent { payload: rest.into(), ..event.clone() })
}

#[cfg(test)]
mod tests {
    use domain::{ConversionKey, EventId, EventKind};

    use super::*;

    fn event(payload: &str) -> PreparedEvent {
        let key = ConversionKey::new("s", None);
        let id = EventId::new(&key, EventKind::PageView, 0);
        PreparedEvent { position: 0, id, value: None, payload: payload.to_owned().into() }
    }

    fn tried(payload: &str, subcode: i64) -> Option<String> {
        let answer = Answer { code: Some(100), subcode: Some(subcode), ..Answer::default() };
        let changed = without_fbc(&event(payload), &answer)?;
        Some(String::from_utf8(changed.payload.to_vec()).unwrap())
    }

    #[test]
    fn the_click_goes_and_nothing_else() {
        let with = r#"{"x":"\",\"fbc\":\"","user_data":{"external_id":"1","client_user_agent":"U","fbc":"fb.1.2.I","fbp":"f"},"c":0.10}"#;
        let without = r#"{"x":"\",\"fbc\":\"","user_data":{"external_id":"1","client_user_agent":"U","fbp":"f"},"c":0.10}"#;
        assert_eq!(tried(with, 2_804_001).as_deref(), Some(without));
        assert_eq!(tried(with, 2_804_003), None, "that is not what was refused");
        assert_eq!(tried(without, 2_804_001), None, "nothing is left to try");
    }

    #[test]
    fn an_event_that_says_too_little_without_its_click_is_not_sent_again() {
        let only = r#"{"user_data":{"client_user_agent":"U","fbc":"fb.1.2.I"}}"#;
        assert_eq!(tried(only, 2_804_001), None);
    }
}
