//! Which reports of states are notices.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::UnixMillis;

use super::{Notice, State, Subject};

/// The most things that are remembered. When there are more, the one that was spoken of longest ago is forgotten.
const MOST: usize = 4_096;

/// In this time the operator is notified of one thing at most [`IN_A_WHILE`] times; then only of where it has come to.
const WHILE: Duration = Duration::from_secs(600);

/// A thing that breaks and works again is two notices.
const IN_A_WHILE: usize = 2;

/// How long a backend or a destination must be unavailable: one lost answer is not an outage.
const OUTAGE: Duration = Duration::from_secs(20);

/// How long money must be about to expire: a late click is open for a moment while it is sent.
const MONEY: Duration = Duration::from_secs(150);

/// What is known of each thing, and what the operator knows of it.
#[derive(Debug, Default)]
pub struct Board(BTreeMap<Subject, Known>);

#[derive(Debug)]
struct Known {
    /// What the operator was notified of last.
    announced: State,
    state: State,
    reason: String,
    since: UnixMillis,
    noted: UnixMillis,
    /// Whether the operator does not know it yet.
    is_news: bool,
    /// When the latest notices were.
    notices: Vec<UnixMillis>,
}

impl Known {
    const fn new(now: UnixMillis) -> Self {
        Self {
            announced: State::Well,
            state: State::Well,
            reason: String::new(),
            since: now,
            noted: now,
            is_news: false,
            notices: Vec::new(),
        }
    }

    /// Whether the operator is to be notified now.
    fn is_due(&mut self, now: UnixMillis) -> bool {
        // The clock may have been put right since: a time to come is forgotten.
        self.since = self.since.min(now);
        self.notices.retain(|at| *at <= now && now.since(*at) < WHILE);
        self.is_news && now.since(self.since) >= patience(self.state) && self.notices.len() < IN_A_WHILE
    }

    /// Whether there is nothing to remember.
    fn is_forgettable(&self, now: UnixMillis) -> bool {
        let well = self.state == State::Well && self.announced == State::Well;
        well && self.notices.iter().all(|at| now.since(*at) >= WHILE)
    }
}

/// How long a state must last before it is a notice.
const fn patience(state: State) -> Duration {
    match state {
        State::Unavailable => OUTAGE,
        State::Expiring => MONEY,
        _ => Duration::ZERO,
    }
}

impl Board {
    /// Something is so now; the notice that this is, if it is one at once.
    pub fn note(&mut self, subject: &Subject, state: State, reason: &str, now: UnixMillis) -> Option<Notice> {
        if state == State::Well && !subject.is_event() && !self.0.contains_key(subject) {
            return None;
        }
        let is_event = subject.is_event();
        let known = self.0.entry(subject.clone()).or_insert_with(|| Known::new(now));
        known.noted = now;
        if known.state != state || is_event {
            known.state = state;
            known.since = now;
            reason.clone_into(&mut known.reason);
        }
        known.is_news = is_event || known.state != known.announced;
        let notice = announce(subject, known, now);
        self.forget(now);
        notice
    }

    /// The notices that have become due since: states that have lasted, and where things have come to that change too often.
    pub fn due(&mut self, now: UnixMillis) -> Vec<Notice> {
        let due = self.0.iter_mut().filter_map(|(subject, known)| announce(subject, known, now)).collect();
        self.0.retain(|_, known| !known.is_forgettable(now));
        due
    }

    fn forget(&mut self, now: UnixMillis) {
        if self.0.len() <= MOST {
            return;
        }
        self.0.retain(|_, known| !known.is_forgettable(now));
        if self.0.len() > MOST {
            let oldest =
                self.0.iter().min_by_key(|(_, known)| known.noted).map(|(subject, _)| subject.clone());
            oldest.map(|subject| self.0.remove(&subject));
        }
    }
}

fn announce(subject: &Subject, known: &mut Known, now: UnixMillis) -> Option<Notice> {
    if !known.is_due(now) {
        return None;
    }
    let was = std::mem::replace(&mut known.announced, known.state);
    known.is_news = false;
    known.notices.push(now);
    Some(Notice {
        subject: subject.clone(),
        was,
        state: known.state,
        reason: known.reason.clone(),
        since: known.since,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixMillis {
        UnixMillis(1_763_800_000_000).plus(Duration::from_secs(seconds))
    }

    fn pixel() -> Subject {
        Subject::Pixel("meta:1".parse().unwrap())
    }

    fn ledger() -> Subject {
        Subject::Backend("ledger".to_owned())
    }

    fn states(notices: &[Notice]) -> Vec<&'static str> {
        notices.iter().map(|notice| notice.state.as_str()).collect()
    }

    #[test]
    fn a_change_is_one_notice_and_a_state_that_stays_none() {
        let mut board = Board::default();
        assert_eq!(board.note(&pixel(), State::Well, "", at(0)), None, "it was never otherwise");
        let refused = board.note(&pixel(), State::CredentialsRefused, "expired", at(1)).unwrap();
        assert_eq!(
            (refused.was, refused.state, refused.since),
            (State::Well, State::CredentialsRefused, at(1))
        );
        for second in 2..1_000 {
            assert_eq!(board.note(&pixel(), State::CredentialsRefused, "expired", at(second)), None);
            assert!(board.due(at(second)).is_empty());
        }
        let works = board.note(&pixel(), State::Well, "", at(1_000)).unwrap();
        assert_eq!((works.was, works.state), (State::CredentialsRefused, State::Well));
    }

    #[test]
    fn what_changes_back_and_forth_is_damped_and_its_last_state_is_announced() {
        let mut board = Board::default();
        let mut announced = Vec::new();
        for second in 0..301 {
            let state = if second % 2 == 0 { State::CredentialsRefused } else { State::Well };
            announced.extend(board.note(&pixel(), state, "", at(second)));
            announced.extend(board.due(at(second)));
        }
        assert_eq!(states(&announced), ["credentials_refused", "well"]);
        assert!(board.due(at(599)).is_empty());
        let last = board.due(at(600));
        assert_eq!(states(&last), ["credentials_refused"]);
        assert_eq!(last[0].since, at(300));
        assert!(board.due(at(10_000)).is_empty());
    }

    #[test]
    fn one_lost_answer_is_no_outage() {
        let mut board = Board::default();
        assert_eq!(board.note(&ledger(), State::Unavailable, "no answer", at(0)), None);
        assert_eq!(board.note(&ledger(), State::Well, "", at(5)), None);
        assert!(board.due(at(100)).is_empty());
        assert_eq!(board.note(&ledger(), State::Unavailable, "no answer", at(200)), None);
        assert_eq!(board.note(&ledger(), State::Unavailable, "still none", at(210)), None);
        assert!(board.due(at(219)).is_empty());
        assert_eq!(states(&board.due(at(220))), ["unavailable"]);
        assert_eq!(board.note(&ledger(), State::Well, "", at(230)).unwrap().state, State::Well);
    }

    #[test]
    fn a_message_that_becomes_a_dead_letter_again_is_a_notice_again() {
        let mut board = Board::default();
        let letter = || Subject::DeadLetter { queue: "report-queue", message: "m".to_owned() };
        for second in [0, 1_000] {
            assert!(board.note(&letter(), State::DeadLetter, "no rows", at(second)).is_some());
        }
    }

    #[test]
    fn a_clock_that_was_ahead_holds_nothing_back() {
        let mut board = Board::default();
        board.note(&ledger(), State::Unavailable, "", at(1_000_000));
        assert!(board.due(at(0)).is_empty());
        assert_eq!(states(&board.due(at(20))), ["unavailable"]);
    }

    #[test]
    fn it_remembers_a_bounded_number_of_things() {
        let mut board = Board::default();
        for number in 0..MOST as u64 + 10 {
            let file = Subject::File(format!("bucket/{number}"));
            assert!(board.note(&file, State::Refused, "", at(number)).is_some());
        }
        assert_eq!(board.0.len(), MOST);
        assert!(!board.0.contains_key(&Subject::File("bucket/0".to_owned())));
    }
}
