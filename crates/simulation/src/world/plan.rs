//! The plan of a run: files, messages, crashes, clock jumps and outages, and when each happens.

use adapter_embedded::ledger::Damage;

use crate::chance::{Chance, Purpose};
use crate::input::{Input, PIXELS};
use crate::scheduler::Faults;

/// Two filters and two reporters.
pub(super) const WORKERS: usize = 4;

/// The operator's settings of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// `ON_UNKNOWN_OUTCOME=hold`.
    pub(crate) hold: bool,
    /// `RESTATEMENTS=increments`.
    pub(crate) increments: bool,
    /// `ZERO_REVENUE=send`.
    pub(crate) zero_sent: bool,
    /// No clock jumps.
    pub(crate) clocks_agree: bool,
    /// A clock is set back, or time leaps far while a request is on its way: an event that is too old may have looked fresh.
    pub(crate) may_be_late: bool,
}

/// A planned action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// A file is put into the first bucket.
    PutFile(usize),
    /// A message arrives that cannot be processed.
    SendJunk(usize),
    /// The notification of a file arrives again, for the filter or for the reporter.
    Repeat { file: usize, filtered: bool },
    /// A process crashes, and is started again after this time.
    Crash { worker: usize, down_ms: i64 },
    /// A process is asked to stop, and is started again when it has stopped.
    Terminate { worker: usize },
    /// The clock of one worker, or of all, jumps.
    ClockJump { worker: Option<usize>, by_ms: i64 },
    /// A port has an outage for all workers.
    Outage { port: &'static str, time_ms: i64 },
    /// The middle of a pause of days begins or ends.
    Pause(bool),
    /// The platform revokes a pixel's token.
    Revoke { pixel: &'static str },
    /// The pixel gets a new token.
    Renew { pixel: &'static str },
    /// The platform takes nothing of a pixel, whatever the events, and answers with this code and subcode.
    Refuse { pixel: &'static str, code: i64, subcode: Option<i64> },
    /// It takes events of the pixel again.
    Relent { pixel: &'static str },
    /// Retention erases what its time was over for a while ago.
    Retain,
    /// The disk changes what the ledger has of a visitor.
    Damage { visitor: usize, damage: Damage },
}

/// The ports that faults can be aimed at.
const PORTS: [&str; 8] =
    ["trigger", "report", "blob", "subscriptions", "pixels", "ledger", "analytics", "meta"];

/// A run's plan.
pub(crate) struct Plan {
    pub(crate) rules: Rules,
    /// Sorted by time; the next one is last.
    pub(crate) actions: Vec<(i64, Action)>,
    /// When all faults end.
    pub(crate) faults_end_ms: i64,
    /// The probability that a process crashes instead of running its woken tasks.
    pub(crate) crash_share: f64,
    /// When the system has come to rest, all texts are erased and all files come again.
    pub(crate) retains: bool,
}

/// A pause of days in a run: longer than the platform remembers event ids, or nearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// None.
    None,
    /// All processes are down.
    Down(i64),
    /// The platform cannot be reached.
    Unreachable(i64),
    /// The pixels have no working token.
    Revoked(i64),
}

impl Pause {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut chance = Chance::new(seed, Purpose::Pause);
        if !chance.happens(0.15) {
            return Self::None;
        }
        let time_ms = minutes(&mut chance, 40 * 60, 100 * 60);
        match chance.between(0, 2) {
            0 => Self::Down(time_ms),
            1 => Self::Unreachable(time_ms),
            _ => Self::Revoked(time_ms),
        }
    }

    /// How long it lasts.
    pub(crate) const fn ms(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Down(ms) | Self::Unreachable(ms) | Self::Revoked(ms) => ms,
        }
    }

    fn actions(self) -> Vec<Action> {
        match self {
            Self::None => Vec::new(),
            Self::Down(down_ms) => (0..WORKERS).map(|worker| Action::Crash { worker, down_ms }).collect(),
            Self::Unreachable(time_ms) => vec![Action::Outage { port: "meta", time_ms }],
            Self::Revoked(_) => PIXELS.into_iter().map(|pixel| Action::Revoke { pixel }).collect(),
        }
    }
}

impl Plan {
    pub(crate) fn generate(seed: u64, input: &Input, pause: Pause) -> (Self, Faults) {
        let mut chance = Chance::new(seed, Purpose::Plan);
        let faults_end_ms = minutes(&mut chance, 2, 15);
        let mut rules = Rules {
            hold: chance.happens(0.3),
            increments: chance.happens(0.6),
            zero_sent: chance.happens(0.3),
            clocks_agree: true,
            may_be_late: pause != Pause::None,
        };
        let crash_share = chance.pick(&[0.0, 0.0, 0.002, 0.01]);
        let mut actions = inputs(&mut chance, input, faults_end_ms);
        for _ in 0..chance.between(0, 6) {
            let action = disturbance(&mut chance);
            if let Action::ClockJump { worker, by_ms } = action
                && pause == Pause::None
                && chance.happens(0.6)
            {
                // It is taken back after a while.
                let at_ms = time(&mut chance, faults_end_ms);
                actions.push((at_ms, action));
                let back_ms = (at_ms + minutes(&mut chance, 0, 4)).min(faults_end_ms - 1);
                actions.push((back_ms, Action::ClockJump { worker, by_ms: -by_ms }));
                rules.may_be_late = true;
                continue;
            }
            if pause != Pause::None && matches!(action, Action::ClockJump { .. }) {
                continue;
            }
            rules.may_be_late |= matches!(action, Action::ClockJump { by_ms: ..0, .. });
            actions.push((time(&mut chance, faults_end_ms), action));
        }
        for pixel in PIXELS {
            if chance.happens(0.2) {
                let at_ms = time(&mut chance, faults_end_ms);
                actions.push((at_ms, Action::Revoke { pixel }));
                actions.push((time(&mut chance, faults_end_ms).max(at_ms + 1), Action::Renew { pixel }));
            }
        }
        actions.extend(refusals(seed, faults_end_ms));
        rules.clocks_agree = !actions.iter().any(|(_, action)| matches!(action, Action::ClockJump { .. }));
        let faults_end_ms = put_in(&mut actions, pause, faults_end_ms);
        let retains = add_retention(seed, &mut actions);
        add_damage(seed, input, &mut actions);
        // The sort is stable: actions of one moment run in the order of planning.
        actions.sort_by_key(|(at_ms, _)| -at_ms);
        let target = chance.happens(0.4).then(|| chance.pick(&PORTS));
        let faults = Faults::new(Chance::new(seed, Purpose::Faults), target);
        (Self { rules, actions, faults_end_ms, crash_share, retains }, faults)
    }
}

/// What the platform answers when it refuses a pixel: the account's, an address that is not served, and codes that nobody knows.
const PIXEL_REFUSALS: [(i64, Option<i64>); 4] =
    [(2655, None), (2635, None), (31_234, None), (100, Some(2_804_999))];

/// The same with a code that blames an event. An event that such an answer meets alone, among others that are taken, has to be believed
/// to be bad; so the platform begins with it.
const EVENTS_BLAMED: (i64, Option<i64>) = (100, Some(2_804_004));

/// Now and then the platform refuses a pixel for a while.
fn refusals(seed: u64, faults_end_ms: i64) -> Vec<(i64, Action)> {
    let mut chance = Chance::new(seed, Purpose::Refusals);
    let mut actions = Vec::new();
    for pixel in PIXELS {
        if !chance.happens(0.12) {
            continue;
        }
        let from_the_beginning = chance.happens(0.4);
        let (begin_ms, (code, subcode)) = if from_the_beginning {
            (0, EVENTS_BLAMED)
        } else {
            (time(&mut chance, faults_end_ms), chance.pick(&PIXEL_REFUSALS))
        };
        let end_ms = time(&mut chance, faults_end_ms).max(begin_ms + 1);
        actions.push((begin_ms, Action::Refuse { pixel, code, subcode }));
        actions.push((end_ms, Action::Relent { pixel }));
    }
    actions
}

/// Has retention come with some of the actions, in some of the runs; whether in this one. Drawn apart, and at moments at which
/// something happens anyway, so that a run is what it was without it.
fn add_retention(seed: u64, actions: &mut Vec<(i64, Action)>) -> bool {
    let mut chance = Chance::new(seed, Purpose::Retention);
    if actions.is_empty() || !chance.happens(0.3) {
        return false;
    }
    for _ in 0..chance.between(1, 4) {
        let (at_ms, _) = actions[chance.index(actions.len())];
        actions.push((at_ms, Action::Retain));
    }
    true
}

/// Damages some entries in some of the runs, drawn apart likewise.
fn add_damage(seed: u64, input: &Input, actions: &mut Vec<(i64, Action)>) {
    let mut chance = Chance::new(seed, Purpose::Damage);
    if actions.is_empty() || !chance.happens(0.2) {
        return;
    }
    for _ in 0..chance.between(1, 3) {
        let (at_ms, _) = actions[chance.index(actions.len())];
        let (visitor, damage) = (chance.index(input.visitors.len()), chance.pick(&Damage::ALL));
        actions.push((at_ms, Action::Damage { visitor, damage }));
    }
}

/// Puts a pause into the middle of a plan; what comes later is put off. The new end of all faults.
fn put_in(actions: &mut Vec<(i64, Action)>, pause: Pause, faults_end_ms: i64) -> i64 {
    let (begin_ms, end_ms) = (faults_end_ms / 2, faults_end_ms / 2 + pause.ms());
    for (at_ms, _) in actions.iter_mut().filter(|(at_ms, _)| *at_ms > begin_ms) {
        *at_ms += pause.ms();
    }
    actions.extend(pause.actions().into_iter().map(|action| (begin_ms, action)));
    if pause != Pause::None {
        // Its first and last minutes go by as slowly as other times do.
        let edge_ms = 10 * 60 * 1_000;
        actions.extend([(begin_ms + edge_ms, Action::Pause(true)), (end_ms - edge_ms, Action::Pause(false))]);
    }
    if let Pause::Revoked(_) = pause {
        actions.extend(PIXELS.into_iter().map(|pixel| (end_ms, Action::Renew { pixel })));
    }
    faults_end_ms + pause.ms()
}

fn minutes(chance: &mut Chance, low: u64, high: u64) -> i64 {
    i64::try_from(chance.between(low * 60_000, high * 60_000)).unwrap_or(0)
}

fn time(chance: &mut Chance, until_ms: i64) -> i64 {
    i64::try_from(chance.between(0, until_ms.unsigned_abs())).unwrap_or(0)
}

/// The actions that bring files and messages.
fn inputs(chance: &mut Chance, input: &Input, faults_end_ms: i64) -> Vec<(i64, Action)> {
    let mut actions = Vec::new();
    // Files often come together.
    let until_ms = chance.pick(&[1_000, faults_end_ms / 2, faults_end_ms]);
    for file in 0..input.files.len() {
        let at_ms = time(chance, until_ms);
        actions.push((at_ms, Action::PutFile(file)));
        for _ in 0..chance.pick(&[0, 0, 1, 2]) {
            let filtered = chance.happens(0.5);
            actions.push((at_ms + time(chance, faults_end_ms), Action::Repeat { file, filtered }));
        }
    }
    for number in 0..input.junk.len() {
        actions.push((time(chance, faults_end_ms), Action::SendJunk(number)));
    }
    actions
}

/// One action that disturbs the run.
fn disturbance(chance: &mut Chance) -> Action {
    let worker = chance.index(WORKERS);
    match chance.between(0, 5) {
        0 | 1 => Action::Crash { worker, down_ms: minutes(chance, 0, 3) },
        2 => Action::Terminate { worker },
        3 => {
            let forward = chance.happens(0.6);
            let by_ms = match chance.between(0, 2) {
                0 => minutes(chance, 1, 30),
                1 => minutes(chance, 60, 24 * 60),
                _ => minutes(chance, 24 * 60, 10 * 24 * 60),
            };
            let by_ms = if forward { by_ms } else { -by_ms };
            Action::ClockJump { worker: chance.happens(0.5).then_some(worker), by_ms }
        }
        _ => Action::Outage { port: chance.pick(&PORTS), time_ms: minutes(chance, 1, 5) },
    }
}
