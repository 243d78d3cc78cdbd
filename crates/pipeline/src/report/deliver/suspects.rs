//! Events that were refused for themselves, and whether that is believed.
//!
//! A platform that takes nothing of a pixel may say so with an answer that blames an event: then each event would be blamed in
//! turn. So such an answer is believed only where the platform took another event of the same group, or takes one afterwards. An
//! event that was found by bisection is then sent alone once more: what refused it may have passed. Where nothing is taken,
//! none is rejected and all of them wait.

use super::bisect::EventPlace;
use crate::report::mutations;

/// Suspects without any success since, after which events from all over the rest are tried.
const MOST_IN_ONE_PLACE: usize = 2;

/// Suspects without any success since, after which the events are hardly to blame.
const MOST_WITHOUT_SUCCESS: usize = 8;

/// How many events are tried one by one before a delivery is given up.
pub(super) const SPREAD: usize = MOST_WITHOUT_SUCCESS - MOST_IN_ONE_PLACE;

/// How an event came under suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// The answer names it.
    Named,
    /// It was refused alone, for a reason that is an event's own.
    Alone,
    /// It was refused alone, and the destination does not know the reason.
    Unexplained,
}

/// What follows from a suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The platform will never take it.
    Rejected,
    /// It waits: the reason is not known.
    Held,
}

/// The suspects of one delivery on which there is no judgement yet.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    open: Vec<(EventPlace, Suspicion)>,
    /// To be sent alone once more.
    retests: Vec<EventPlace>,
    /// The event that is being sent once more.
    in_retest: Option<EventPlace>,
    /// Whether the platform has taken any event since it refused a group of many.
    success_in_group: bool,
    /// Whether events from all over the rest are being tried.
    spread: bool,
}

impl Suspects {
    /// The platform refused a group of many.
    pub(super) const fn group_refused(&mut self) {
        self.success_in_group = false;
    }

    /// An event comes under suspicion; the judgement, where there is enough to judge by.
    pub(super) fn add(&mut self, place: EventPlace, suspicion: Suspicion) -> Option<Judgement> {
        let confirmed = self.in_retest.take() == Some(place);
        if confirmed || self.success_in_group || mutations::believes_blame() {
            return Some(judgement(suspicion));
        }
        self.open.push((place, suspicion));
        None
    }

    /// The platform took events: whom that proves to be bad. Some are sent once more first.
    pub(super) fn success(&mut self) -> Vec<(EventPlace, Judgement)> {
        (self.success_in_group, self.spread, self.in_retest) = (true, false, None);
        let open = std::mem::take(&mut self.open);
        let (again, proven): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(_, suspicion)| *suspicion == Suspicion::Alone);
        self.retests.extend(again.into_iter().map(|(place, _)| place));
        proven.into_iter().map(|(place, suspicion)| (place, judgement(suspicion))).collect()
    }

    /// The next event that is sent alone once more.
    pub(super) fn next_retest(&mut self) -> Option<EventPlace> {
        self.in_retest = self.retests.pop();
        self.in_retest
    }

    /// Whether a request that is in flight sends an event once more.
    pub(super) const fn is_retest(&self) -> bool {
        self.in_retest.is_some()
    }

    /// Whether events from all over the rest are to be tried now. Asked for once after each success.
    pub(super) const fn wants_spread(&mut self) -> bool {
        let wants = !self.spread && self.open.len() >= MOST_IN_ONE_PLACE;
        self.spread |= wants;
        wants
    }

    /// Whether more suspects would say no more.
    pub(super) const fn are_too_many(&self) -> bool {
        self.open.len() >= MOST_WITHOUT_SUCCESS
    }

    /// All on which there is no judgement.
    pub(super) fn unjudged(&self) -> impl Iterator<Item = EventPlace> {
        self.open.iter().map(|(place, _)| *place).chain(self.retests.iter().copied()).chain(self.in_retest)
    }
}

const fn judgement(suspicion: Suspicion) -> Judgement {
    match suspicion {
        Suspicion::Named | Suspicion::Alone => Judgement::Rejected,
        Suspicion::Unexplained => Judgement::Held,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_judged_while_nothing_is_taken() {
        let mut suspects = Suspects::default();
        suspects.group_refused();
        for event in 0..MOST_WITHOUT_SUCCESS {
            assert!(!suspects.are_too_many());
            assert_eq!(suspects.add((event, 0), Suspicion::Alone), None);
            assert_eq!(suspects.wants_spread(), event + 1 == MOST_IN_ONE_PLACE);
        }
        assert!(suspects.are_too_many());
        assert_eq!(suspects.unjudged().count(), MOST_WITHOUT_SUCCESS);
    }

    #[test]
    fn a_success_judges_and_who_was_found_alone_is_tried_once_more() {
        let mut suspects = Suspects::default();
        suspects.group_refused();
        for (event, suspicion) in
            [Suspicion::Named, Suspicion::Alone, Suspicion::Unexplained].iter().enumerate()
        {
            assert_eq!(suspects.add((event, 0), *suspicion), None);
        }
        let judged = suspects.success();
        assert_eq!(judged, [((0, 0), Judgement::Rejected), ((2, 0), Judgement::Held)]);
        assert_eq!(suspects.next_retest(), Some((1, 0)));
        assert_eq!(suspects.add((1, 0), Suspicion::Alone), Some(Judgement::Rejected));
        assert_eq!((suspects.next_retest(), suspects.unjudged().count()), (None, 0));
        assert_eq!(
            suspects.add((9, 0), Suspicion::Alone),
            Some(Judgement::Rejected),
            "a part of the group was taken"
        );
        suspects.group_refused();
        assert_eq!(suspects.add((9, 0), Suspicion::Alone), None, "of this group nothing was");
    }

    #[test]
    fn what_is_taken_when_it_is_tried_once_more_is_no_suspect() {
        let mut suspects = Suspects::default();
        suspects.add((0, 0), Suspicion::Alone);
        suspects.success();
        suspects.next_retest();
        assert!(suspects.is_retest() && suspects.success().is_empty());
        assert!(!suspects.is_retest() && suspects.unjudged().count() == 0);
    }
}
