//! Sessions that many visitors share: a landing script that did not fill its macro in gives all of them the same one. No list knows
//! all such values, but one session has one click.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use domain::Conversion;

/// More click ids than this in one session are the alarm.
const CLICK_IDS: usize = 4;

/// So many sessions are watched at once.
const SESSIONS: usize = 8_192;

/// Watches the sessions of a process's files, in bounded memory: hashes of the latest sessions, and of a few click ids of each.
#[derive(Debug, Default)]
pub(super) struct SessionWatch(Mutex<HashMap<u64, Clicks>>);

/// The click ids of a session.
#[derive(Debug, Default)]
struct Clicks {
    seen: Vec<u64>,
    alarmed: bool,
}

impl SessionWatch {
    /// Notes a row; whether it shows that its session is one of many visitors. True once for each session.
    pub(super) fn note(&self, conversion: &Conversion<'_>) -> bool {
        let Some(click_id) = conversion.click_id.as_deref() else { return false };
        // The map is whole after each operation.
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= SESSIONS {
            make_room(&mut sessions);
        }
        let clicks = sessions.entry(hash(&conversion.session_id)).or_default();
        let click = hash(click_id);
        if clicks.alarmed || clicks.seen.contains(&click) {
            return false;
        }
        clicks.seen.push(click);
        clicks.alarmed = clicks.seen.len() > CLICK_IDS;
        clicks.alarmed
    }
}

/// Forgets the sessions with one click id, which are nearly all; all of them if that is not enough.
fn make_room(sessions: &mut HashMap<u64, Clicks>) {
    sessions.retain(|_, clicks| clicks.seen.len() > 1);
    if sessions.len() > SESSIONS / 2 {
        sessions.clear();
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use domain::Row;

    use super::*;

    fn note(watch: &SessionWatch, session: &str, click: u32) -> bool {
        let raw = format!(r#"{{"session_id":"{session}","ts_click_id":"click-{click}"}}"#);
        watch.note(&Row::parse(&raw).conversion.unwrap())
    }

    #[test]
    fn a_session_of_many_visitors_is_noticed_once() {
        let watch = SessionWatch::default();
        let alarms: Vec<_> = (0..20).filter(|click| note(&watch, "same-for-all", *click)).collect();
        assert_eq!(alarms, [4]);
        assert!((0..20).all(|_| !note(&watch, "one-visitor", 1)));
    }

    #[test]
    fn it_is_noticed_among_any_number_of_others_and_memory_is_bounded() {
        let watch = SessionWatch::default();
        let mut alarms = 0;
        for n in 0..50_000 {
            assert!(!note(&watch, &format!("visitor-{n}"), n));
            alarms += u32::from(n % 100 == 0 && note(&watch, "same-for-all", n));
        }
        assert_eq!(alarms, 1);
        assert!(watch.0.lock().unwrap().len() <= SESSIONS);
    }
}
