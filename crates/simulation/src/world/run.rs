//! Plays a seed from beginning to end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::{Outcome, UnixMillis};
use ports::ledger::{Selection, WaitReason};
use ports::{Blob, BlobStore, EventQueue, LedgerAdmin};

use super::plan::{Pause, WORKERS};
use super::services::ProcessSetup;
use super::{Action, Backends, Plan};
use crate::chance::{Chance, Purpose};
use crate::input::{FileKind, IN_BUCKET, Input};
use crate::oracle::final_check;
use crate::scheduler::{BEGIN_MS, Scheduler, VirtualClock};
use crate::worker::{Process, at_once};

/// How long the system may take to come to rest after the faults have ended: longer than the longest wait between two
/// attempts.
const REST_MS: i64 = 12 * 3_600 * 1_000;

/// The most turns of a run. One that needs more is in a loop.
const MOST_TURNS: u32 = 400_000;

/// A process that is asked to stop and has not after this time is killed.
const STOP_MS: i64 = 25_000;

/// How long retention keeps a text in a run.
const RETAINED: Duration = Duration::from_secs(60);

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
    /// A digest of the trace: the same for each run of a seed.
    pub hash: u64,
    /// How many steps the trace has.
    pub steps: u64,
    /// Virtual time that passed, in milliseconds.
    pub virtual_ms: i64,
    /// The first rule that did not hold.
    pub violation: Option<String>,
}

/// Plays a seed.
///
/// # Panics
/// When the simulation itself is wrong: an embedded store in memory fails or waits.
#[must_use]
pub fn run(seed: u64, options: Options) -> Report {
    let mut world = World::new(seed, options);
    let violation = world.play();
    let core = world.scheduler.core();
    Report {
        seed,
        hash: core.trace.hash(),
        steps: core.trace.lines(),
        virtual_ms: core.elapsed_ms,
        violation,
    }
}

/// A worker, up or down.
#[derive(Default)]
struct WorkerSlot {
    process: Option<Process>,
    /// When to start the process, if it is down; when to kill it, if it was asked to stop.
    at_ms: Option<i64>,
}

struct World {
    seed: u64,
    scheduler: Scheduler,
    input: Arc<Input>,
    backends: Backends,
    plan: Plan,
    crashes: Chance,
    slots: Vec<WorkerSlot>,
    /// Processes started so far.
    started: u32,
}

impl World {
    fn new(seed: u64, options: Options) -> Self {
        let pause = Pause::draw(seed);
        let input = Arc::new(Input::generate(seed, BEGIN_MS / 1_000, pause.ms() / 1_000));
        let (plan, faults) = Plan::generate(seed, &input, pause);
        let scheduler = Scheduler::new(seed, WORKERS, faults, options.trace);
        let backends = Backends::new(&scheduler, &input, plan.rules)
            .expect("databases in memory take what they are made for");
        let slots = (0..WORKERS).map(|_| WorkerSlot { process: None, at_ms: Some(0) }).collect();
        let crashes = Chance::new(seed, Purpose::Crashes);
        Self { seed, scheduler, input, backends, plan, crashes, slots, started: 0 }
    }

    /// Plays until the system has come to rest or a rule is broken.
    fn play(&mut self) -> Option<String> {
        self.scheduler.trace(format_args!("rules: {:?}", self.plan.rules));
        let mut looked_ms = 0;
        for _ in 0..MOST_TURNS {
            let now_ms = self.scheduler.elapsed_ms();
            self.run_actions(now_ms);
            self.start_and_stop_workers(now_ms);
            if self.scheduler.wake_next() {
                self.run_workers();
                if let Some(violation) = &self.backends.checker.lock().violation {
                    return Some(violation.clone());
                }
                continue;
            }
            let faults_on = now_ms < self.plan.faults_end_ms;
            if !faults_on && now_ms > looked_ms + 20_000 {
                looked_ms = now_ms;
                if self.is_at_rest() {
                    let checked = final_check(
                        &self.backends.checker.lock(),
                        &self.backends.final_state(self.plan.rules),
                    );
                    if checked.is_err() || !self.retain_all() {
                        return checked.err();
                    }
                }
            }
            if now_ms > self.plan.faults_end_ms + REST_MS {
                break;
            }
            self.scheduler.advance(self.next_planned_ms().unwrap_or(i64::MAX));
        }
        let never = final_check(&self.backends.checker.lock(), &self.backends.final_state(self.plan.rules));
        Some(never.err().unwrap_or_else(|| "it never came to rest".to_owned()))
    }

    /// The time that clocks show when they are right.
    fn true_time(&self) -> UnixMillis {
        UnixMillis(BEGIN_MS + self.scheduler.elapsed_ms())
    }

    /// Erases all texts and has all files come again: each row must be recognised without its text, and nothing may be sent. `false`
    /// when the run has no retention, or this was done, or something is open.
    fn retain_all(&mut self) -> bool {
        let stats = at_once(self.backends.ledger.stats()).expect("numbers of a ledger in memory");
        if !self.plan.retains || stats.states.iter().any(|state| !state.outcome.is_end() && state.entries > 0)
        {
            return false;
        }
        self.plan.retains = false;
        self.scheduler.trace(format_args!("all texts are erased, and all files come again"));
        self.scheduler.note_activity();
        let now_ms = self.scheduler.elapsed_ms();
        let now = self.true_time();
        self.backends.retain(UnixMillis(i64::MAX), now).expect("a ledger in memory erases");
        let good = (0..self.input.files.len()).filter(|file| self.input.files[*file].kind == FileKind::Good);
        for file in good.collect::<Vec<_>>() {
            for filtered in [false, true] {
                self.run_action(Action::Repeat { file, filtered }, now_ms)
                    .expect("a queue in memory takes a message");
            }
        }
        true
    }

    /// The next moment at which the plan has an action.
    fn next_planned_ms(&self) -> Option<i64> {
        let now_ms = self.scheduler.elapsed_ms();
        let planned = self.plan.actions.last().map(|(at_ms, _)| *at_ms);
        let end = (now_ms < self.plan.faults_end_ms).then_some(self.plan.faults_end_ms);
        let slots = self.slots.iter().filter_map(|p| p.at_ms);
        planned.into_iter().chain(end).chain(slots).min()
    }

    /// Runs the actions that are due.
    fn run_actions(&mut self, now_ms: i64) {
        while let Some((at_ms, action)) = self.plan.actions.last().copied() {
            if at_ms > now_ms {
                break;
            }
            self.plan.actions.pop();
            self.scheduler.trace(format_args!("{action:?}"));
            self.scheduler.note_activity();
            self.run_action(action, now_ms).expect("an embedded store in memory accepts every action");
        }
        if now_ms >= self.plan.faults_end_ms && self.scheduler.core().faults.are_on() {
            self.end_faults();
        }
    }

    fn run_action(&mut self, action: Action, now_ms: i64) -> ports::Result<()> {
        let backends = &self.backends;
        match action {
            Action::PutFile(file) => {
                let file = &self.input.files[file];
                if file.kind == FileKind::Missing {
                    return at_once(backends.trigger.send(&file.message()));
                }
                let object = domain::ObjectRef::new(IN_BUCKET, &file.key);
                at_once(backends.blobs.put(&object, Blob::from_bytes(file.bytes())))?;
            }
            Action::SendJunk(number) => at_once(backends.trigger.send(&self.input.junk[number]))?,
            Action::Repeat { file, filtered } => {
                let file = &self.input.files[file];
                let object = domain::ObjectRef::new(crate::input::OUT_BUCKET, file.out_key());
                if !filtered {
                    at_once(backends.trigger.send(&file.message()))?;
                } else if at_once(backends.blobs.get(&object, u64::MAX))?.is_some() {
                    at_once(backends.report.send(&file.out_message()))?;
                }
            }
            Action::Crash { worker, down_ms } => self.crash(worker, now_ms + down_ms),
            Action::Terminate { worker } => {
                if let Some(process) = &self.slots[worker].process {
                    process.terminate();
                    self.slots[worker].at_ms = Some(now_ms + STOP_MS);
                    self.run_workers();
                }
            }
            Action::ClockJump { worker: Some(worker), by_ms } => {
                self.scheduler.core().skew_ms[worker] += by_ms;
            }
            Action::ClockJump { worker: None, by_ms } => self.scheduler.core().clock_offset_ms += by_ms,
            Action::Outage { port, time_ms } => {
                self.scheduler.core().faults.outage = Some((port, now_ms + time_ms));
            }
            Action::Pause(begins) => self.scheduler.core().in_pause = begins,
            Action::Retain => {
                let now = self.true_time();
                backends.retain(now.minus(RETAINED), now)?;
            }
            Action::Damage { visitor, damage } => backends.damage(visitor, damage)?,
            Action::Revoke { pixel } => backends.revoke(pixel),
            Action::Renew { pixel } => backends.renew(pixel, self.started)?,
            Action::Refuse { pixel, code, subcode } => backends.refuse(pixel, Some((code, subcode))),
            Action::Relent { pixel } => backends.refuse(pixel, None),
        }
        Ok(())
    }

    /// Ends all faults: no call fails any more, all workers run, all clocks are right.
    fn end_faults(&mut self) {
        self.scheduler.trace(format_args!("faults end"));
        let mut core = self.scheduler.core();
        core.faults.end();
        core.clock_offset_ms = 0;
        core.skew_ms.fill(0);
        drop(core);
        let now_ms = self.scheduler.elapsed_ms();
        for slot in self.slots.iter_mut().filter(|p| p.process.is_none()) {
            slot.at_ms = Some(now_ms);
        }
        self.scheduler.note_activity();
    }

    /// Starts the workers that are down and due, and kills those that take too long to stop.
    fn start_and_stop_workers(&mut self, now_ms: i64) {
        for worker in 0..WORKERS {
            let slot = &mut self.slots[worker];
            let ended = slot.process.as_ref().is_some_and(Process::has_ended);
            let is_time = slot.at_ms.is_some_and(|at_ms| at_ms <= now_ms);
            if ended || (is_time && slot.process.is_some()) {
                let how = if ended { "has stopped" } else { "is killed while it stops" };
                self.scheduler.trace(format_args!("w{worker} {how}"));
                (slot.process, slot.at_ms) = (None, Some(now_ms));
            }
            if self.slots[worker].process.is_none() && self.slots[worker].at_ms.is_some_and(|at| at <= now_ms)
            {
                self.start(worker);
            }
        }
    }

    fn start(&mut self, worker: usize) {
        self.started += 1;
        self.scheduler.trace(format_args!("w{worker} starts, process {}", self.started));
        let setup = ProcessSetup {
            scheduler: &self.scheduler,
            backends: &self.backends,
            rules: self.plan.rules,
            seed: self.seed,
            worker,
            number: self.started,
            clock: VirtualClock::of_worker(&self.scheduler, worker),
        };
        let process = Process::start(|stop| setup.main(stop));
        process.run();
        self.slots[worker] = WorkerSlot { process: Some(process), at_ms: None };
        self.run_workers();
    }

    fn crash(&mut self, worker: usize, again_ms: i64) {
        self.scheduler.trace(format_args!("w{worker} crashes"));
        self.slots[worker] = WorkerSlot { process: None, at_ms: Some(again_ms) };
        self.run_workers();
    }

    /// Runs workers until none can continue; now and then one crashes instead.
    fn run_workers(&mut self) {
        while let Some(worker) =
            (0..WORKERS).find(|w| self.slots[*w].process.as_ref().is_some_and(Process::is_woken))
        {
            let faults_on = self.scheduler.core().faults.are_on();
            if faults_on && self.crashes.happens(self.plan.crash_share) {
                let again_ms = self.scheduler.elapsed_ms() + 1_000;
                self.scheduler.trace(format_args!("w{worker} crashes in the middle"));
                self.slots[worker] = WorkerSlot { process: None, at_ms: Some(again_ms) };
            } else if let Some(process) = &self.slots[worker].process {
                process.run();
                self.end_by_message(worker);
            }
        }
    }

    /// Ends a process that a message has ended.
    fn end_by_message(&mut self, worker: usize) {
        if self.scheduler.core().dying.remove(&worker) {
            self.scheduler.trace(format_args!("w{worker} is ended by a message"));
            let again_ms = self.scheduler.elapsed_ms() + 1_000;
            self.slots[worker] = WorkerSlot { process: None, at_ms: Some(again_ms) };
        }
    }

    /// Whether the system is at rest: no message left, no open entry except those that wait for the operator, all exported.
    fn is_at_rest(&self) -> bool {
        let queues = [&self.backends.trigger, &self.backends.report];
        let waits = queues
            .into_iter()
            .any(|queue| at_once(queue.depth()).is_ok_and(|depth| depth.visible + depth.hidden > 0));
        let Ok(stats) = at_once(self.backends.ledger.stats()) else { return false };
        let is_open = stats.states.iter().any(|s| {
            let may_stay = match s.outcome {
                Outcome::Parked => self.waits_for_operator(),
                outcome => outcome.is_end(),
            };
            s.entries > 0 && !may_stay
        });
        !waits && !is_open && stats.unexported == 0
    }

    /// Whether every parked entry waits for the operator, or was damaged, or is bad and has never met a good one: then it is not known to be bad.
    fn waits_for_operator(&self) -> bool {
        let bad: BTreeSet<_> =
            self.input.visitors.iter().filter(|v| v.bad.is_some()).map(|v| v.key).collect();
        let parked = Selection { outcome: Outcome::Parked, reason: None, pixel: None, since: None };
        let parked = at_once(self.backends.ledger.select(&parked, None, 1_000)).unwrap_or_default();
        let waits = |reason: &WaitReason| WaitReason::WITHOUT_CREDENTIAL.contains(reason);
        let checker = self.backends.checker.lock();
        parked.iter().all(|entry| match entry.wait_reason() {
            Some(WaitReason::NotIsolated) => bad.contains(entry.key.as_bytes()),
            Some(WaitReason::Damaged) => checker.is_damaged(&entry.key),
            reason => reason.as_ref().is_some_and(waits),
        })
    }
}
