//! What becomes of a call to a port.

use crate::chance::Chance;

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It works.
    Works,
    /// It is refused before anything happens.
    Refused,
    /// It never arrives, and nobody says so.
    Lost,
    /// It works, and its answer never comes.
    AnswerLost,
    /// It is made twice, as a client does that tries again by itself; the second answer comes back.
    Twice,
}

/// Kinds of faults that a run can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Refuse,
    Lose,
    LoseAnswer,
    Twice,
    Slow,
    Stuck,
    Redeliver,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Refuse, Self::Lose, Self::LoseAnswer, Self::Twice, Self::Slow, Self::Stuck, Self::Redeliver];
}

/// The faults of a run: how often each kind happens. Not all happen in every run, because they hide each other.
pub(crate) struct Faults {
    chance: Chance,
    shares: [f64; 7],
    /// Calls of which port meet faults several times as often.
    target: Option<&'static str>,
    /// The port that is dead, and until when.
    pub(crate) outage: Option<(&'static str, i64)>,
    on: bool,
}

/// How much more often the target meets faults.
const ON_TARGET: f64 = 5.0;

impl Faults {
    pub(crate) fn new(mut chance: Chance, target: Option<&'static str>) -> Self {
        let shares = Kind::ALL.map(|kind| {
            let highest = match kind {
                Kind::Slow => 0.5,
                Kind::Stuck => 0.03,
                _ => 0.12,
            };
            let is_there = chance.happens(0.5);
            if is_there { highest * chance.between(1, 100) as f64 / 100.0 } else { 0.0 }
        });
        Self { chance, shares, target, outage: None, on: true }
    }

    /// From now on everything works.
    pub(crate) fn end(&mut self) {
        (self.on, self.outage) = (false, None);
    }

    /// Whether faults still happen.
    pub(crate) const fn are_on(&self) -> bool {
        self.on
    }

    /// Whether a fault happens to something of this port now.
    pub(crate) fn happens(&mut self, kind: Kind, operation: &str) -> bool {
        let on_target = self.target.is_some_and(|port| operation.starts_with(port));
        let share = self.shares[kind as usize] * if on_target { ON_TARGET } else { 1.0 };
        self.on && self.chance.happens(share.min(0.7))
    }

    /// A number from `low` to `high`, both possible.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.chance.between(low, high)
    }

    /// What becomes of a call.
    pub(crate) fn fate(&mut self, operation: &str, elapsed_ms: i64) -> Fate {
        if self.outage.is_some_and(|(port, until_ms)| operation.starts_with(port) && elapsed_ms < until_ms) {
            return if self.chance.happens(0.2) { Fate::Lost } else { Fate::Refused };
        }
        for (kind, fate) in [
            (Kind::Refuse, Fate::Refused),
            (Kind::Lose, Fate::Lost),
            (Kind::LoseAnswer, Fate::AnswerLost),
            (Kind::Twice, Fate::Twice),
        ] {
            if self.happens(kind, operation) {
                return fate;
            }
        }
        Fate::Works
    }

    /// How long a request or an answer is under way.
    pub(crate) fn delay_ms(&mut self, operation: &str) -> i64 {
        let (low, high) = if self.happens(Kind::Stuck, operation) {
            (30_000, 400_000)
        } else if self.happens(Kind::Slow, operation) {
            (50, 5_000)
        } else {
            (0, 3)
        };
        i64::try_from(self.chance.between(low, high)).unwrap_or(0)
    }
}
