//! Finds the bad events of a batch with few requests, when the answers do not name them.
//!
//! A refused request proves that it holds a bad event, and no more. Of a group that is known to hold one, the first half is asked:
//! accepted, the bad event is in the second half, which need not be asked whole; refused, it is in the first, and nothing
//! is known of the second, which joins the events that were not asked for yet. So one bad event among 1,000 costs at most one
//! request that finds the group, ten that halve it, and one that asks for the last event alone: nothing is given up
//! that was not refused by itself.

use std::collections::VecDeque;

/// An event's place: conversion and event in it.
pub(super) type Place = (usize, usize);

/// Requests that one bad event may cost beyond those that a batch without any takes.
const REQUESTS_PER_BAD_EVENT: usize = 12;

/// Refused groups in a row after which smaller ones are asked for: bad events are not rare here.
const REFUSALS_IN_A_ROW: usize = 2;

/// What a request said about the events that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said<'p> {
    /// All are taken.
    Accepted,
    /// One at least is bad.
    OneIsBad,
    /// These are bad; the others may be sent again.
    TheseAreBad(&'p [Place]),
}

/// The search: what was not asked for yet, and a group that holds a bad event.
#[derive(Debug)]
pub(super) struct Search {
    /// Nothing is known of these.
    untested: VecDeque<Place>,
    /// What is left of a group that holds a bad event; empty while none is known.
    suspects: Vec<Place>,
    /// Whether what is asked for now is a part of a group that holds a bad event.
    narrowing: bool,
    /// The most events of a request.
    full: usize,
    /// How many untested events are asked for at once.
    group: usize,
    /// Groups refused in a row.
    refusals: usize,
    /// Requests that narrowing down the present group has cost.
    spent: usize,
    /// Requests that former bad events cost less than they might; smaller groups are paid from it.
    spare: usize,
}

impl Search {
    /// A search in these events, asking for at most `full` at once.
    pub(super) fn new(places: impl IntoIterator<Item = Place>, full: usize) -> Self {
        let full = full.max(1);
        Self {
            untested: places.into_iter().collect(),
            suspects: Vec::new(),
            narrowing: false,
            full,
            group: full,
            refusals: 0,
            spent: 0,
            spare: 0,
        }
    }

    /// What to ask for next; none when nothing is left. The answer must be given before the next call.
    pub(super) fn ask(&mut self) -> Vec<Place> {
        self.narrowing = !self.suspects.is_empty();
        if self.narrowing {
            let half = self.suspects.len().div_ceil(2);
            self.suspects.drain(..half).collect()
        } else {
            let group = self.group.min(self.untested.len());
            self.untested.drain(..group).collect()
        }
    }

    /// Takes the answer to what was asked for; the places that are found to be bad.
    pub(super) fn answer(&mut self, asked: Vec<Place>, said: Said<'_>) -> Vec<Place> {
        if self.narrowing {
            self.spent += 1;
        }
        match said {
            Said::Accepted => {
                self.accepted();
                Vec::new()
            }
            Said::OneIsBad => self.refused(asked),
            Said::TheseAreBad(bad) => {
                self.untest(asked.into_iter().filter(|p| !bad.contains(p)).collect());
                self.found();
                bad.to_vec()
            }
        }
    }

    /// Leaves out the conversions for which `out` holds.
    pub(super) fn leave_out(&mut self, out: impl Fn(usize) -> bool) {
        self.untested.retain(|(c, _)| !out(*c));
        if self.suspects.iter().any(|(c, _)| out(*c)) {
            // The bad event may have been one of those.
            let mut rest = std::mem::take(&mut self.suspects);
            rest.retain(|(c, _)| !out(*c));
            self.put_back(rest);
        }
    }

    /// Everything that is not known to be taken or bad.
    pub(super) fn left(&self) -> impl Iterator<Item = Place> {
        self.suspects.iter().chain(&self.untested).copied()
    }

    fn accepted(&mut self) {
        if !self.narrowing {
            self.refusals = 0;
            if self.group < self.full && !self.untested.is_empty() {
                self.spare = self.spare.saturating_sub(1);
                self.group = if self.spare == 0 { self.full } else { (self.group * 2).min(self.full) };
            }
        } else if self.suspects.is_empty() {
            // The last suspect was taken after all: the refusal is over.
            self.spent = 0;
        }
    }

    fn refused(&mut self, asked: Vec<Place>) -> Vec<Place> {
        if !self.narrowing {
            self.spent = 1;
            self.refusals += 1;
        }
        let rest = std::mem::take(&mut self.suspects);
        self.put_back(rest);
        if asked.len() > 1 {
            self.suspects = asked;
            return Vec::new();
        }
        self.found();
        asked
    }

    /// A bad event is found.
    fn found(&mut self) {
        self.spare += REQUESTS_PER_BAD_EVENT.saturating_sub(self.spent.max(1));
        self.spent = 0;
        if self.refusals >= REFUSALS_IN_A_ROW && self.spare > 0 {
            self.group = (self.group / 2).max(1);
        }
    }

    /// Nothing is known any more of what was asked for and of the group that it came from.
    fn untest(&mut self, asked: Vec<Place>) {
        let rest = std::mem::take(&mut self.suspects);
        self.put_back(rest);
        self.put_back(asked);
    }

    fn put_back(&mut self, places: Vec<Place>) {
        places.into_iter().rev().for_each(|p| self.untested.push_front(p));
    }
}

#[cfg(test)]
mod tests;
