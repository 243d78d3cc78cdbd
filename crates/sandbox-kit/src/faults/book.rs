//! The faults in force, and how often each has met a request.

use super::fault::{Fault, FaultAction, within};
use super::glance::{Glance, Stage};

#[derive(Debug)]
struct Row<A> {
    fault: Fault<A>,
    seen: u64,
    fired: u64,
}

/// Every fault in force, in order.
#[derive(Debug)]
pub struct FaultBook<A>(Vec<Row<A>>);

impl<A> Default for FaultBook<A> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<A: FaultAction> FaultBook<A> {
    /// Adds a fault behind the others.
    pub fn add(&mut self, fault: Fault<A>) {
        self.0.push(Row { fault, seen: 0, fired: 0 });
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// All of them.
    #[must_use]
    pub fn list(&self) -> Vec<Fault<A>> {
        self.0.iter().map(|row| row.fault.clone()).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The actions that meet this request at this stage. Nothing follows an action that ends the request, so
    /// that a fault with a limit is only used up where it had its effect.
    pub fn draw(&mut self, stage: Stage, glance: &Glance<'_>) -> Vec<A> {
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

impl<A: FaultAction> Row<A> {
    fn meets(&mut self, glance: &Glance<'_>) -> bool {
        let matcher = &self.fault.matcher;
        let right_pixel = matcher.pixel.as_deref().is_none_or(|pixel| pixel == glance.pixel);
        let ids = &matcher.event_ids;
        let right_events = ids.is_empty() || glance.has(|id, _| ids.iter().any(|wanted| wanted == id));
        let concerns = self.fault.action.concerns(glance);
        if !(right_pixel && right_events && concerns)
            || matcher.times.is_some_and(|times| self.fired >= times)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::fault::Matcher;

    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    enum Trial {
        Wait,
        Cut,
    }

    impl FaultAction for Trial {
        fn stage(&self) -> Stage {
            Stage::Before
        }
        fn ends_the_request(&self) -> bool {
            matches!(self, Self::Cut)
        }
    }

    fn draw(book: &mut FaultBook<Trial>, pixel: &str, ids: &[Option<&str>]) -> usize {
        let events: Vec<_> = ids.iter().map(|id| (*id, "{}")).collect();
        book.draw(Stage::Before, &Glance { pixel, events: &events }).len()
    }

    #[test]
    fn a_limited_fault_is_used_up_only_where_it_had_its_effect() {
        let mut book = FaultBook::default();
        book.add(Trial::Cut.times(1));
        book.add(Trial::Cut.times(1));
        let drawn: Vec<_> = (0..3).map(|_| draw(&mut book, "1", &[])).collect();
        assert_eq!(drawn, [1, 1, 0]);
    }

    #[test]
    fn conditions_all_have_to_hold() {
        let mut book = FaultBook::default();
        let matcher = Matcher { pixel: Some("1".into()), event_ids: vec!["a".into()], ..Matcher::default() };
        book.add(Fault { matcher, action: Trial::Wait });
        assert_eq!(draw(&mut book, "1", &[None, Some("a")]), 1);
        assert_eq!(draw(&mut book, "2", &[Some("a")]), 0);
        assert_eq!(draw(&mut book, "1", &[Some("b")]), 0);
    }

    #[test]
    fn the_same_seed_meets_the_same_requests() {
        let run = |seed| {
            let mut book = FaultBook::default();
            let matcher = Matcher { share: 0.3, seed, ..Matcher::default() };
            book.add(Fault { matcher, action: Trial::Wait });
            (0..100).map(|_| draw(&mut book, "1", &[])).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
