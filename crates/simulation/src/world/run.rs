//! Plays a seed from beginning to end.

use std::sync::Arc;

use domain::Outcome;
use ports::ledger::{Selection, WaitReason};
use ports::{Blob, BlobStore, EventQueue, LedgerAdmin};

use super::plan::WORKERS;
use super::services::Site;
use super::{Backends, Happening, Plan};
use crate::chance::{Chance, Purpose};
use crate::input::{FileKind, IN_BUCKET, Input};
use crate::oracle::verdict;
use crate::stage::{BEGIN_MS, Stage};
use crate::worker::{Process, at_once};

/// How long everything may take to come to rest after trouble has ended: longer than the longest wait between two attempts.
const REST_MS: i64 = 12 * 3_600 * 1_000;

/// Turns that a run may take. One that needs more is going round in circles.
const MOST_TURNS: u32 = 400_000;

/// A process that is asked to stop and has not after this time is killed.
const STOP_MS: i64 = 25_000;

/// How a run is played.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Shows every step on standard error.
    pub trace: bool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// A digest of all that happened: the same for each run of a seed.
    pub hash: u64,
    /// How many steps the record has.
    pub steps: u64,
    /// Virtual time that passed, in milliseconds.
    pub virtual_ms: i64,
    /// The first rule that did not hold.
    pub broken: Option<String>,
}

/// Plays a seed.
///
/// # Panics
/// When the simulation itself is wrong: an embedded store in memory fails or waits.
#[must_use]
pub fn run(seed: u64, options: Options) -> Report {
    let mut world = World::new(seed, options);
    let broken = world.play();
    let core = world.stage.core();
    Report { seed, hash: core.trace.hash(), steps: core.trace.lines(), virtual_ms: core.elapsed_ms, broken }
}

/// A worker, up or down.
#[derive(Default)]
struct Place {
    process: Option<Process>,
    /// When it is started, if it is down; when it is killed, if it was asked to stop.
    at_ms: Option<i64>,
}

struct World {
    seed: u64,
    stage: Stage,
    input: Arc<Input>,
    backends: Backends,
    plan: Plan,
    crashes: Chance,
    places: Vec<Place>,
    /// Processes started so far.
    started: u32,
}

impl World {
    fn new(seed: u64, options: Options) -> Self {
        let input = Arc::new(Input::of(seed, BEGIN_MS / 1_000));
        let (plan, faults) = Plan::of(seed, &input);
        let stage = Stage::new(seed, WORKERS, faults, options.trace);
        let backends =
            Backends::new(&stage, &input).expect("databases in memory take what they are made for");
        let places = (0..WORKERS).map(|_| Place { process: None, at_ms: Some(0) }).collect();
        let crashes = Chance::new(seed, Purpose::Crashes);
        Self { seed, stage, input, backends, plan, crashes, places, started: 0 }
    }

    /// Plays until everything has come to rest, or a rule is broken.
    fn play(&mut self) -> Option<String> {
        self.stage.trace(format_args!("rules: {:?}", self.plan.rules));
        let mut looked_ms = 0;
        for _ in 0..MOST_TURNS {
            let now_ms = self.stage.elapsed_ms();
            self.happen(now_ms);
            self.staff(now_ms);
            if self.stage.next() {
                self.work();
                if let Some(broken) = &self.backends.witness.see().broken {
                    return Some(broken.clone());
                }
                continue;
            }
            let in_trouble = now_ms < self.plan.trouble_ms;
            if !in_trouble && now_ms > looked_ms + 20_000 {
                looked_ms = now_ms;
                if self.is_at_rest() {
                    return verdict(&self.backends.witness.see(), &self.backends.remains(self.plan.rules))
                        .err();
                }
            }
            if now_ms > self.plan.trouble_ms + REST_MS {
                break;
            }
            self.stage.advance(self.next_ms().unwrap_or(i64::MAX));
        }
        let never = verdict(&self.backends.witness.see(), &self.backends.remains(self.plan.rules));
        Some(never.err().unwrap_or_else(|| "it never came to rest".to_owned()))
    }

    /// The next moment at which the plan has something.
    fn next_ms(&self) -> Option<i64> {
        let now_ms = self.stage.elapsed_ms();
        let planned = self.plan.happenings.last().map(|(at_ms, _)| *at_ms);
        let end = (now_ms < self.plan.trouble_ms).then_some(self.plan.trouble_ms);
        let places = self.places.iter().filter_map(|p| p.at_ms);
        planned.into_iter().chain(end).chain(places).min()
    }

    /// Lets happen what is planned.
    fn happen(&mut self, now_ms: i64) {
        while let Some((at_ms, happening)) = self.plan.happenings.last().copied() {
            if at_ms > now_ms {
                break;
            }
            self.plan.happenings.pop();
            self.stage.trace(format_args!("{happening:?}"));
            self.stage.stir();
            self.one(happening, now_ms).expect("an embedded store in memory takes what it is given");
        }
        if now_ms >= self.plan.trouble_ms && self.stage.core().faults.are_on() {
            self.calm();
        }
    }

    fn one(&mut self, happening: Happening, now_ms: i64) -> ports::Result<()> {
        let backends = &self.backends;
        match happening {
            Happening::Feed(file) => {
                let file = &self.input.files[file];
                if file.kind == FileKind::Missing {
                    return at_once(backends.trigger.send(&file.message()));
                }
                let object = domain::ObjectRef::new(IN_BUCKET, &file.key);
                at_once(backends.blobs.put(&object, Blob::from_bytes(file.bytes())))?;
            }
            Happening::Junk(number) => at_once(backends.trigger.send(&self.input.junk[number]))?,
            Happening::Again { file, filtered } => {
                let file = &self.input.files[file];
                let object = domain::ObjectRef::new(crate::input::OUT_BUCKET, file.out_key());
                if !filtered {
                    at_once(backends.trigger.send(&file.message()))?;
                } else if at_once(backends.blobs.get(&object, u64::MAX))?.is_some() {
                    at_once(backends.report.send(&file.out_message()))?;
                }
            }
            Happening::Crash { worker, down_ms } => self.crash(worker, now_ms + down_ms),
            Happening::Terminate { worker } => {
                if let Some(process) = &self.places[worker].process {
                    process.terminate();
                    self.places[worker].at_ms = Some(now_ms + STOP_MS);
                    self.work();
                }
            }
            Happening::ClockJump { worker: Some(worker), by_ms } => {
                self.stage.core().skew_ms[worker] += by_ms;
            }
            Happening::ClockJump { worker: None, by_ms } => self.stage.core().clock_offset_ms += by_ms,
            Happening::Outage { port, time_ms } => {
                self.stage.core().faults.outage = Some((port, now_ms + time_ms));
            }
            Happening::Revoke { pixel } => backends.revoke(pixel),
            Happening::Renew { pixel } => backends.renew(pixel, self.started)?,
        }
        Ok(())
    }

    /// Trouble ends: nothing fails any more, everybody is there, clocks are right.
    fn calm(&mut self) {
        self.stage.trace(format_args!("trouble ends"));
        let mut core = self.stage.core();
        core.faults.end();
        core.clock_offset_ms = 0;
        core.skew_ms.fill(0);
        drop(core);
        let now_ms = self.stage.elapsed_ms();
        for place in self.places.iter_mut().filter(|p| p.process.is_none()) {
            place.at_ms = Some(now_ms);
        }
        self.stage.stir();
    }

    /// Starts whoever is to be there, and ends whoever takes too long to stop.
    fn staff(&mut self, now_ms: i64) {
        for worker in 0..WORKERS {
            let place = &mut self.places[worker];
            let ended = place.process.as_ref().is_some_and(Process::has_ended);
            let is_time = place.at_ms.is_some_and(|at_ms| at_ms <= now_ms);
            if ended || (is_time && place.process.is_some()) {
                let how = if ended { "has stopped" } else { "is killed while it stops" };
                self.stage.trace(format_args!("w{worker} {how}"));
                (place.process, place.at_ms) = (None, Some(now_ms));
            }
            if self.places[worker].process.is_none()
                && self.places[worker].at_ms.is_some_and(|at| at <= now_ms)
            {
                self.start(worker);
            }
        }
    }

    fn start(&mut self, worker: usize) {
        self.started += 1;
        self.stage.trace(format_args!("w{worker} starts, process {}", self.started));
        let site = Site {
            stage: &self.stage,
            backends: &self.backends,
            rules: self.plan.rules,
            seed: self.seed,
            worker,
            number: self.started,
        };
        let process = Process::start(|stop| site.main(stop));
        process.run();
        self.places[worker] = Place { process: Some(process), at_ms: None };
        self.work();
    }

    fn crash(&mut self, worker: usize, again_ms: i64) {
        self.stage.trace(format_args!("w{worker} crashes"));
        self.places[worker] = Place { process: None, at_ms: Some(again_ms) };
        self.work();
    }

    /// Runs whoever can go on until nobody can; now and then somebody crashes instead.
    fn work(&mut self) {
        while let Some(worker) =
            (0..WORKERS).find(|w| self.places[*w].process.as_ref().is_some_and(Process::is_called))
        {
            let in_trouble = self.stage.core().faults.are_on();
            if in_trouble && self.crashes.happens(self.plan.crash_share) {
                let again_ms = self.stage.elapsed_ms() + 1_000;
                self.stage.trace(format_args!("w{worker} crashes in the middle"));
                self.places[worker] = Place { process: None, at_ms: Some(again_ms) };
            } else if let Some(process) = &self.places[worker].process {
                process.run();
            }
        }
    }

    /// Whether nothing is left to do: no message, nothing open but what waits for a person, all exported.
    fn is_at_rest(&self) -> bool {
        let queues = [&self.backends.trigger, &self.backends.report];
        let waits = queues
            .into_iter()
            .any(|queue| at_once(queue.depth()).is_ok_and(|depth| depth.visible + depth.hidden > 0));
        let Ok(stats) = at_once(self.backends.ledger.stats()) else { return false };
        let is_open = stats.states.iter().any(|s| {
            s.entries > 0
                && !s.outcome.is_end()
                && !(s.outcome == Outcome::Parked && self.waits_for_a_person())
        });
        !waits && !is_open && stats.unexported == 0
    }

    /// Whether everything that is parked waits for a person.
    fn waits_for_a_person(&self) -> bool {
        let parked = Selection { outcome: Outcome::Parked, reason: None, pixel: None, since: None };
        let parked = at_once(self.backends.ledger.select(&parked, None, 1_000)).unwrap_or_default();
        self.plan.rules.hold
            && parked.iter().all(|entry| entry.wait_reason() == Some(WaitReason::UnknownOutcome))
    }
}
