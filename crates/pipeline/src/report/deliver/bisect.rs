//! Finds the bad events of a batch with few requests, when the answers do not name them.
//!
//! A refused request proves that it holds a bad event, and no more. Of a group that is known to hold one, the first half is sent. If
//! it is accepted, the bad event is in the second half, which need not be sent whole. If it is refused, the bad event is in
//! it, and nothing is known of the second half, which joins the events that were not sent yet. So one bad event among 1,000
//! costs at most one request that finds the group, ten that halve it, and one that sends the last event alone: no event is
//! rejected that was not refused by itself.

use std::collections::VecDeque;

/// An event's place: conversion and event in it.
pub(super) type EventPlace = (usize, usize);

/// Requests that one bad event may cost beyond those that a batch without any takes.
const REQUESTS_PER_BAD_EVENT: usize = 12;

/// Refused groups in a row after which smaller ones are sent: bad events are not rare here.
const REFUSALS_IN_A_ROW: usize = 2;

/// What the destination answered to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Response<'p> {
    /// It has all events.
    Accepted,
    /// It took none: at least one is bad.
    Refused,
    /// It took none, and named these as bad; the others may be sent again.
    Named(&'p [EventPlace]),
}

/// The events that were not sent yet, and a group that holds a bad event.
#[derive(Debug)]
pub(super) struct Bisection {
    /// Nothing is known of these.
    untested: VecDeque<EventPlace>,
    /// What is left of a group that was refused; empty while there is none.
    refused_group: Vec<EventPlace>,
    /// Whether the request in flight is a part of the refused group.
    halving: bool,
    /// The most events of a request.
    full: usize,
    /// How many untested events are sent at once.
    group: usize,
    /// Groups refused in a row.
    refusals: usize,
    /// Requests that halving the present group has cost.
    spent: usize,
    /// Requests that former bad events cost less than they might; smaller groups are paid from it.
    spare: usize,
}

impl Bisection {
    /// A bisection of these events, sending at most `full` at once.
    pub(super) fn new(places: impl IntoIterator<Item = EventPlace>, full: usize) -> Self {
        let full = full.max(1);
        Self {
            untested: places.into_iter().collect(),
            refused_group: Vec::new(),
            halving: false,
            full,
            group: full,
            refusals: 0,
            spent: 0,
            spare: 0,
        }
    }

    /// The events of the next request; none when nothing is left. Its response must be recorded before the next call.
    pub(super) fn next_request(&mut self) -> Vec<EventPlace> {
        self.halving = !self.refused_group.is_empty();
        if self.halving {
            let half = self.refused_group.len().div_ceil(2);
            self.refused_group.drain(..half).collect()
        } else {
            let group = self.group.min(self.untested.len());
            self.untested.drain(..group).collect()
        }
    }

    /// Records the response to a request; the places that are found to be bad.
    pub(super) fn record(&mut self, sent: Vec<EventPlace>, response: Response<'_>) -> Vec<EventPlace> {
        if self.halving {
            self.spent += 1;
        }
        match response {
            Response::Accepted => {
                self.accepted();
                Vec::new()
            }
            Response::Refused => self.refused(sent),
            Response::Named(bad) => {
                self.forget(sent.into_iter().filter(|p| !bad.contains(p)).collect());
                self.found();
                bad.to_vec()
            }
        }
    }

    /// Excludes the conversions for which `is_excluded` holds: their events are not sent any more.
    pub(super) fn exclude(&mut self, is_excluded: impl Fn(usize) -> bool) {
        self.untested.retain(|(c, _)| !is_excluded(*c));
        if self.refused_group.iter().any(|(c, _)| is_excluded(*c)) {
            // The bad event may have been one of those.
            let mut rest = std::mem::take(&mut self.refused_group);
            rest.retain(|(c, _)| !is_excluded(*c));
            self.put_back(rest);
        }
    }

    /// Whether the request in flight is a part of a group that was refused.
    pub(super) const fn is_halving(&self) -> bool {
        self.halving
    }

    /// Sends so many events from all over the rest next, one at a time. Another `turn` chooses others.
    pub(super) fn spread(&mut self, events: usize, turn: usize) {
        let rest = std::mem::take(&mut self.refused_group);
        self.put_back(rest);
        let step = self.untested.len().div_ceil(events.max(1)).max(1);
        let mut place = turn % step;
        let (chosen, others): (Vec<_>, Vec<_>) = self.untested.drain(..).partition(|_| {
            place += 1;
            place.is_multiple_of(step)
        });
        self.untested = chosen.into_iter().chain(others).collect();
        self.group = 1;
    }

    /// Every event that is neither accepted nor found to be bad, nor in the request in flight.
    pub(super) fn rest(&self) -> impl Iterator<Item = EventPlace> {
        self.refused_group.iter().chain(&self.untested).copied()
    }

    fn accepted(&mut self) {
        if !self.halving {
            self.refusals = 0;
            if self.group < self.full && !self.untested.is_empty() {
                self.spare = self.spare.saturating_sub(1);
                self.group = if self.spare == 0 { self.full } else { (self.group * 2).min(self.full) };
            }
        } else if self.refused_group.is_empty() {
            // The last event of the refused group was accepted after all: the refusal is over.
            self.spent = 0;
        }
    }

    fn refused(&mut self, sent: Vec<EventPlace>) -> Vec<EventPlace> {
        if !self.halving {
            self.spent = 1;
            self.refusals += 1;
        }
        let rest = std::mem::take(&mut self.refused_group);
        self.put_back(rest);
        if sent.len() > 1 {
            self.refused_group = sent;
            return Vec::new();
        }
        self.found();
        sent
    }

    /// A bad event is found.
    fn found(&mut self) {
        self.spare += REQUESTS_PER_BAD_EVENT.saturating_sub(self.spent.max(1));
        self.spent = 0;
        if self.refusals >= REFUSALS_IN_A_ROW && self.spare > 0 {
            self.group = (self.group / 2).max(1);
        }
    }

    /// Nothing is known any more of what was sent and of the group that it came from.
    fn forget(&mut self, sent: Vec<EventPlace>) {
        let rest = std::mem::take(&mut self.refused_group);
        self.put_back(rest);
        self.put_back(sent);
    }

    /// Sends these again, before the others.
    pub(super) fn put_back(&mut self, places: Vec<EventPlace>) {
        places.into_iter().rev().for_each(|p| self.untested.push_front(p));
    }
}

#[cfg(test)]
mod tests;
