//! What happens in a run beside faults of single calls, and when.

use crate::chance::{Chance, Purpose};
use crate::input::{Input, PIXELS};
use crate::stage::Faults;

/// Two filters and two reporters.
pub(super) const WORKERS: usize = 4;

/// The rules of a run that an operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// `ON_UNKNOWN_OUTCOME=hold`.
    pub(crate) hold: bool,
    /// `RESTATEMENTS=increments`.
    pub(crate) increments: bool,
    /// A clock is set back: what is too old may look as if it were not.
    pub(crate) clock_set_back: bool,
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// A file is put into the first bucket.
    Feed(usize),
    /// A message comes that speaks of nothing that can be done.
    Junk(usize),
    /// The message of a file comes again, for the filter or for the reporter.
    Again { file: usize, filtered: bool },
    /// A process ends without warning, and is started again after this time.
    Crash { worker: usize, down_ms: i64 },
    /// A process is asked to stop, and started again when it has.
    Terminate { worker: usize },
    /// The clock of one worker, or of everybody, jumps.
    ClockJump { worker: Option<usize>, by_ms: i64 },
    /// A port is dead for everybody.
    Outage { port: &'static str, time_ms: i64 },
    /// The platform takes a pixel's token away.
    Revoke { pixel: &'static str },
    /// The pixel gets a new token.
    Renew { pixel: &'static str },
}

/// The ports that faults can be aimed at.
const PORTS: [&str; 8] =
    ["trigger", "report", "blob", "subscriptions", "pixels", "ledger", "analytics", "meta"];

/// A run's plan.
pub(crate) struct Plan {
    pub(crate) rules: Rules,
    /// By time; the next one last.
    pub(crate) happenings: Vec<(i64, Happening)>,
    /// When trouble ends.
    pub(crate) trouble_ms: i64,
    /// How often a process crashes when something has just happened.
    pub(crate) crash_share: f64,
}

impl Plan {
    pub(crate) fn of(seed: u64, input: &Input) -> (Self, Faults) {
        let mut chance = Chance::new(seed, Purpose::Plan);
        let trouble_ms = minutes(&mut chance, 2, 15);
        let mut rules =
            Rules { hold: chance.happens(0.3), increments: chance.happens(0.4), clock_set_back: false };
        let crash_share = chance.pick(&[0.0, 0.0, 0.002, 0.01]);
        let mut happenings = brought_in(&mut chance, input, trouble_ms);
        for _ in 0..chance.between(0, 6) {
            let happening = trouble(&mut chance);
            rules.clock_set_back |= matches!(happening, Happening::ClockJump { by_ms: ..0, .. });
            happenings.push((time(&mut chance, trouble_ms), happening));
        }
        for pixel in PIXELS {
            if chance.happens(0.2) {
                let at_ms = time(&mut chance, trouble_ms);
                happenings.push((at_ms, Happening::Revoke { pixel }));
                happenings.push((time(&mut chance, trouble_ms).max(at_ms + 1), Happening::Renew { pixel }));
            }
        }
        // Stable: what is planned for one moment happens in the order of planning.
        happenings.sort_by_key(|(at_ms, _)| -at_ms);
        let target = chance.happens(0.4).then(|| chance.pick(&PORTS));
        let faults = Faults::new(Chance::new(seed, Purpose::Faults), target);
        (Self { rules, happenings, trouble_ms, crash_share }, faults)
    }
}

fn minutes(chance: &mut Chance, low: u64, high: u64) -> i64 {
    i64::try_from(chance.between(low * 60_000, high * 60_000)).unwrap_or(0)
}

fn time(chance: &mut Chance, until_ms: i64) -> i64 {
    i64::try_from(chance.between(0, until_ms.unsigned_abs())).unwrap_or(0)
}

/// Files and messages.
fn brought_in(chance: &mut Chance, input: &Input, trouble_ms: i64) -> Vec<(i64, Happening)> {
    let mut happenings = Vec::new();
    // Files often come together.
    let until_ms = chance.pick(&[1_000, trouble_ms / 2, trouble_ms]);
    for file in 0..input.files.len() {
        let at_ms = time(chance, until_ms);
        happenings.push((at_ms, Happening::Feed(file)));
        for _ in 0..chance.pick(&[0, 0, 1, 2]) {
            let filtered = chance.happens(0.5);
            happenings.push((at_ms + time(chance, trouble_ms), Happening::Again { file, filtered }));
        }
    }
    for number in 0..input.junk.len() {
        happenings.push((time(chance, trouble_ms), Happening::Junk(number)));
    }
    happenings
}

/// One thing that goes wrong.
fn trouble(chance: &mut Chance) -> Happening {
    let worker = chance.place(WORKERS);
    match chance.between(0, 5) {
        0 | 1 => Happening::Crash { worker, down_ms: minutes(chance, 0, 3) },
        2 => Happening::Terminate { worker },
        3 => {
            let forward = chance.happens(0.6);
            let by_ms = if forward { minutes(chance, 1, 30) } else { -minutes(chance, 1, 30) };
            Happening::ClockJump { worker: chance.happens(0.5).then_some(worker), by_ms }
        }
        _ => Happening::Outage { port: chance.pick(&PORTS), time_ms: minutes(chance, 1, 5) },
    }
}
