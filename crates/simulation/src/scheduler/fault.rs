//! Fault injection: whether a call to a port works, and what goes wrong when it does not.

use crate::chance::Chance;

/// The fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call works.
    None,
    /// The call is refused before anything happens.
    Refused,
    /// The request never arrives; the caller times out.
    Lost,
    /// The call is applied, and its answer is lost; the caller times out.
    AnswerLost,
    /// The call is applied twice, as by a client that retries by itself; the second answer comes back.
    Twice,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "works",
            Self::Refused => "refused",
            Self::Lost => "request lost",
            Self::AnswerLost => "answer lost",
            Self::Twice => "applied twice",
        })
    }
}

/// Kinds of faults that a run can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Refuse,
    Lose,
    LoseAnswer,
    Twice,
    Slow,
    Stuck,
    Redeliver,
}

impl FaultKind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Refuse, Self::Lose, Self::LoseAnswer, Self::Twice, Self::Slow, Self::Stuck, Self::Redeliver];
}

/// The faults of a run: how often each kind happens. A run has only some kinds, because they hide each other.
pub(crate) struct Faults {
    chance: Chance,
    shares: [f64; 7],
    /// The port whose calls meet faults several times as often.
    target: Option<&'static str>,
    /// The port with an outage, and when the outage ends.
    pub(crate) outage: Option<(&'static str, i64)>,
    on: bool,
}

/// How much more often the target meets faults.
const ON_TARGET: f64 = 5.0;

impl Faults {
    pub(crate) fn new(mut chance: Chance, target: Option<&'static str>) -> Self {
        let shares = FaultKind::ALL.map(|kind| {
            let highest = match kind {
                FaultKind::Slow => 0.5,
                FaultKind::Stuck => 0.03,
                _ => 0.12,
            };
            let is_there = chance.happens(0.5);
            if is_there { highest * chance.between(1, 100) as f64 / 100.0 } else { 0.0 }
        });
        Self { chance, shares, target, outage: None, on: true }
    }

    /// Ends all faults: from now on every call works.
    pub(crate) fn end(&mut self) {
        (self.on, self.outage) = (false, None);
    }

    /// Whether faults still happen.
    pub(crate) const fn are_on(&self) -> bool {
        self.on
    }

    /// Whether a fault of this kind happens to a call of this port now.
    pub(crate) fn happens(&mut self, kind: FaultKind, operation: &str) -> bool {
        let on_target = self.target.is_some_and(|port| operation.starts_with(port));
        let share = self.shares[kind as usize] * if on_target { ON_TARGET } else { 1.0 };
        self.on && self.chance.happens(share.min(0.7))
    }

    /// A number from `low` to `high`, both possible.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.chance.between(low, high)
    }

    /// Draws the fault of a call.
    pub(crate) fn draw(&mut self, operation: &str, elapsed_ms: i64) -> Fault {
        if self.outage.is_some_and(|(port, until_ms)| operation.starts_with(port) && elapsed_ms < until_ms) {
            return if self.chance.happens(0.2) { Fault::Lost } else { Fault::Refused };
        }
        for (kind, fault) in [
            (FaultKind::Refuse, Fault::Refused),
            (FaultKind::Lose, Fault::Lost),
            (FaultKind::LoseAnswer, Fault::AnswerLost),
            (FaultKind::Twice, Fault::Twice),
        ] {
            if self.happens(kind, operation) {
                return fault;
            }
        }
        Fault::None
    }

    /// How long a request or an answer takes to arrive.
    pub(crate) fn delay_ms(&mut self, operation: &str) -> i64 {
        let (low, high) = if self.happens(FaultKind::Stuck, operation) {
            (30_000, 400_000)
        } else if self.happens(FaultKind::Slow, operation) {
            (50, 5_000)
        } else {
            (0, 3)
        };
        i64::try_from(self.chance.between(low, high)).unwrap_or(0)
    }
}
