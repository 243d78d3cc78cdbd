//! The faults in force, and how often each has met a request.

use crate::faults::fault::{Action, Fault, within};

/// The moment of a request at which an action has its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before the request is looked at.
    Before,
    /// When the events passed every check.
    Checked,
    /// When the events are stored.
    Stored,
}

/// What a matcher may look at.
#[derive(Debug)]
pub(crate) struct Glance<'a> {
    pub(crate) pixel: &'a str,
    /// Id and JSON of each event.
    pub(crate) events: &'a [(Option<&'a str>, &'a str)],
}

#[derive(Debug)]
struct Row {
    fault: Fault,
    seen: u64,
    fired: u64,
}

/// Every fault in force, in order.
#[derive(Debug, Default)]
pub(crate) struct FaultBook(Vec<Row>);

impl FaultBook {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(Row { fault, seen: 0, fired: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.0.iter().map(|row| row.fault.clone()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The actions that meet this request at this stage. Nothing follows an action that ends the request, so
    /// that a fault with a limit is only used up where it had its effect.
    pub(crate) fn draw(&mut self, stage: Stage, glance: &Glance<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        for row in self.0.iter_mut().filter(|row| row.fault.action.stage() == stage) {
            if !row.meets(glance) {
                continue;
            }
            actions.push(row.fault.action.clone());
            if row.fault.action.ends_the_request() {
                break;
            }
        }
        actions
    }
}

impl Row {
    fn meets(&mut self, glance: &Glance<'_>) -> bool {
        let matcher = &self.fault.matcher;
        let has = |wanted: &dyn Fn(&str, &str) -> bool| {
            glance.events.iter().any(|(id, json)| id.is_some_and(|id| wanted(id, json)))
        };
        let right_pixel = matcher.pixel.as_deref().is_none_or(|pixel| pixel == glance.pixel);
        let ids = &matcher.event_ids;
        let right_events = ids.is_empty() || has(&|id, _| ids.iter().any(|wanted| wanted == id));
        let has_bad = match &self.fault.action {
            Action::BadEvent(bad) => has(&|id, json| bad.is_bad(id, json)),
            _ => true,
        };
        if !(right_pixel && right_events && has_bad) || matcher.times.is_some_and(|times| self.fired >= times)
        {
            return false;
        }
        let number = self.seen;
        self.seen += 1;
        let fires = within(matcher.share, matcher.seed, &number.to_be_bytes());
        self.fired += u64::from(fires);
        fires
    }
}

impl Action {
    fn stage(&self) -> Stage {
        match self {
            Self::LatencyMs(_)
            | Self::Error(_)
            | Self::HtmlBody { .. }
            | Self::RevokeToken
            | Self::ResetBeforeAccepting => Stage::Before,
            Self::BadEvent(_) => Stage::Checked,
            Self::ResetAfterAccepting
            | Self::LateAnswerMs(_)
            | Self::RevokeTokenAfterAccepting
            | Self::ShortReceived(_)
            | Self::Messages(_)
            | Self::Headers(_) => Stage::Stored,
        }
    }

    fn ends_the_request(&self) -> bool {
        use Action::{BadEvent, Error, HtmlBody, ResetAfterAccepting, ResetBeforeAccepting, RevokeToken};
        let refuses = matches!(self, Error(_) | HtmlBody { .. } | BadEvent(_) | RevokeToken);
        refuses || matches!(self, ResetBeforeAccepting | ResetAfterAccepting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::fault::{ErrorAnswer, Matcher};

    fn draw(book: &mut FaultBook, pixel: &str, ids: &[Option<&str>]) -> usize {
        let events: Vec<_> = ids.iter().map(|id| (*id, "{}")).collect();
        book.draw(Stage::Before, &Glance { pixel, events: &events }).len()
    }

    #[test]
    fn a_limited_fault_is_used_up_only_where_it_had_its_effect() {
        let mut book = FaultBook::default();
        book.add(Action::ResetBeforeAccepting.times(1));
        book.add(Action::Error(ErrorAnswer::default()).times(1));
        let drawn: Vec<_> = (0..3).map(|_| draw(&mut book, "1", &[])).collect();
        assert_eq!(drawn, [1, 1, 0]);
    }

    #[test]
    fn conditions_all_have_to_hold() {
        let mut book = FaultBook::default();
        let matcher = Matcher { pixel: Some("1".into()), event_ids: vec!["a".into()], ..Matcher::default() };
        book.add(Fault { matcher, action: Action::LatencyMs(1) });
        assert_eq!(draw(&mut book, "1", &[None, Some("a")]), 1);
        assert_eq!(draw(&mut book, "2", &[Some("a")]), 0);
        assert_eq!(draw(&mut book, "1", &[Some("b")]), 0);
    }

    #[test]
    fn the_same_seed_meets_the_same_requests() {
        let run = |seed| {
            let mut book = FaultBook::default();
            let matcher = Matcher { share: 0.3, seed, ..Matcher::default() };
            book.add(Fault { matcher, action: Action::LatencyMs(1) });
            (0..100).map(|_| draw(&mut book, "1", &[])).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
