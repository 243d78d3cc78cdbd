//! What goes wrong in real deployments, found by those who know it: each adapter examines its own backend.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::UnixMillis;
use serde::Serialize;

use crate::clock::TOLERANCE;
use crate::{Error, ErrorKind};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CheckState {
    /// It is as it should be.
    Ok,
    /// Something is to be done.
    Finding,
    /// There is nothing to check here.
    NotApplicable,
    /// It could not be found out.
    CouldNotCheck,
}

impl CheckState {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One check: what was looked at, what was seen, and what to do. Holds no token, no password and nothing about a visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: `queue report-queue: redrive policy`.
    pub name: String,
    /// What came of it.
    pub state: CheckState,
    /// What was seen.
    pub saw: String,
    /// What to do; empty when there is nothing.
    pub remedy: String,
    /// Whether the backend did not answer at all.
    #[serde(skip)]
    pub unreachable: bool,
}

impl Check {
    fn new(name: impl Into<String>, state: CheckState, saw: impl Into<String>, remedy: String) -> Self {
        Self { name: name.into(), state, saw: saw.into(), remedy, unreachable: false }
    }

    /// It is as it should be.
    #[must_use]
    pub fn ok(name: impl Into<String>, saw: impl Into<String>) -> Self {
        Self::new(name, CheckState::Ok, saw, String::new())
    }

    /// Something is to be done.
    #[must_use]
    pub fn finding(name: impl Into<String>, saw: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, CheckState::Finding, saw, remedy.into())
    }

    /// A finding unless `fits`.
    #[must_use]
    pub fn that(
        fits: bool,
        name: impl Into<String>,
        saw: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        if fits { Self::ok(name, saw) } else { Self::finding(name, saw, remedy) }
    }

    /// There is nothing to check here.
    #[must_use]
    pub fn not_applicable(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(name, CheckState::NotApplicable, why, String::new())
    }

    /// It cannot be found out by a program; what a person can do.
    #[must_use]
    pub fn unknowable(name: impl Into<String>, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, CheckState::CouldNotCheck, why, remedy.into())
    }

    /// It could not be found out because a call failed. What does not exist, or is refused for good, is a finding.
    #[must_use]
    pub fn failed(name: impl Into<String>, error: &Error) -> Self {
        let name = name.into();
        match error.kind() {
            ErrorKind::Missing
            | ErrorKind::Corrupt
            | ErrorKind::Full
            | ErrorKind::Invalid
            | ErrorKind::TooLarge => {
                Self::finding(name, error.to_string(), "what it names is to be made or put right")
            }
            ErrorKind::Denied => Self::unknowable(name, error.to_string(), "allow it, or look by yourself"),
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Throttled => Self {
                unreachable: error.kind() != ErrorKind::Throttled,
                ..Self::unknowable(name, error.to_string(), "check its address, the network and that it runs")
            },
        }
    }

    /// Compares this machine's clock with another's, which showed `theirs` in an answer that took from `before` to `after`.
    #[must_use]
    pub fn clock(whose: &str, theirs: UnixMillis, before: UnixMillis, after: UnixMillis) -> Self {
        let name = format!("clock: {whose}");
        let round_trip = after.since(before);
        // Dates of HTTP have whole seconds.
        let doubt = round_trip + Duration::from_secs(1);
        let middle = before.plus(round_trip / 2);
        let apart = Duration::from_millis(middle.0.abs_diff(theirs.0));
        let way = if middle.0 < theirs.0 { "behind" } else { "ahead of" };
        if apart <= doubt {
            return Self::ok(name, "this machine's clock agrees with it");
        }
        let saw = format!("this machine's clock is {} s {way} it", apart.as_secs());
        Self::that(
            apart <= TOLERANCE,
            name,
            saw,
            "put the clock right (NTP): while clocks differ by more than 90 s nothing is sent and nothing expires",
        )
    }
}

/// Examines something that Efflux works with, changes nothing there, and says what to do.
#[async_trait]
pub trait Diagnose: fmt::Debug + Send + Sync {
    /// All checks, also those that found nothing.
    async fn findings(&self) -> Vec<Check>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_90_seconds_apart_are_a_finding() {
        let at = |seconds: i64| UnixMillis(1_763_800_000_000 + seconds * 1_000);
        let state = |apart| Check::clock("x", at(apart), at(0), at(0)).state;
        assert_eq!([state(0), state(1), state(-90), state(90)], [CheckState::Ok; 4]);
        assert_eq!([state(92), state(-7_200)], [CheckState::Finding; 2]);
        let slow = Check::clock("x", at(-10), at(0), at(20));
        assert_eq!(slow.state, CheckState::Ok, "the answer took long");
        let saw = Check::clock("x", at(7_200), at(0), at(0)).saw;
        assert_eq!(saw, "this machine's clock is 7200 s behind it");
    }

    #[test]
    fn what_does_not_answer_is_unreachable_and_what_is_missing_a_finding() {
        let check = |kind| Check::failed("x", &Error::new(kind, "queue.check"));
        assert!(check(ErrorKind::Timeout).unreachable && !check(ErrorKind::Denied).unreachable);
        assert_eq!(check(ErrorKind::Missing).state, CheckState::Finding);
        assert_eq!(check(ErrorKind::Denied).state, CheckState::CouldNotCheck);
    }
}
