//! Runs the steps side by side, each as soon as those before it have ended.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::log::{Log, Terminal};
use super::part::Part;
use super::step::{Lock, Step};
use crate::tally::Tally;

/// How a step ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) name: &'static str,
    pub(super) part: Part,
    pub(super) tally: Tally,
    /// From the start of the run.
    pub(super) began: Duration,
    pub(super) took: Duration,
    pub(super) success: bool,
    /// The last lines of what a failed step printed.
    pub(super) last_lines: Vec<String>,
}

/// Lines of a failed step that stand at the end of a run, too.
const LAST_LINES: usize = 12;

/// A step that runs.
struct Running {
    locks: Option<Lock>,
}

/// Runs all steps and reports how each ended. A step whose predecessor failed does not run and counts as failed.
///
/// # Errors
/// If a log cannot be written.
pub(super) fn run<'a>(steps: Vec<Step<'_>>, logs: &Path, terminal: &'a Terminal<'a>) -> Result<Vec<Ended>> {
    std::fs::create_dir_all(logs).with_context(|| format!("{} cannot be made", logs.display()))?;
    let start = now();
    let mut waiting = steps;
    let mut running: BTreeMap<&'static str, Running> = BTreeMap::new();
    let mut ended: Vec<Ended> = Vec::new();
    let (report, reports) = mpsc::channel();
    std::thread::scope(|scope| {
        loop {
            while let Some(at) = waiting.iter().position(|step| is_ready(step, &running, &ended)) {
                let step = waiting.remove(at);
                let began = start.elapsed();
                if let Some(failed) = failed_before(&step, &ended) {
                    terminal.line(step.name, &format!("skipped: {failed} failed"));
                    ended.push(Ended {
                        name: step.name,
                        part: step.part,
                        tally: Tally::default().or_broken(false),
                        began,
                        took: Duration::ZERO,
                        success: false,
                        last_lines: Vec::new(),
                    });
                    continue;
                }
                terminal.line(step.name, "begins");
                running.insert(step.name, Running { locks: step.locks });
                let report = report.clone();
                scope.spawn(move || {
                    // The other end lives as long as this scope.
                    drop(report.send(one(step, logs, terminal, began, start)));
                });
            }
            if running.is_empty() {
                break;
            }
            let Ok(end) = reports.recv() else { break };
            let end = end?;
            running.remove(end.name);
            ended.push(end);
        }
        anyhow::Ok(())
    })?;
    Ok(ended)
}

#[expect(clippy::disallowed_methods, reason = "a tool for developers measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Whether a step may begin, or need not wait any longer because a step before it failed.
fn is_ready(step: &Step<'_>, running: &BTreeMap<&'static str, Running>, ended: &[Ended]) -> bool {
    let is_locked = step.locks.is_some() && running.values().any(|other| other.locks == step.locks);
    let all_ended = step.after.iter().all(|before| ended.iter().any(|end| end.name == *before));
    failed_before(step, ended).is_some() || (all_ended && !is_locked)
}

fn failed_before(step: &Step<'_>, ended: &[Ended]) -> Option<&'static str> {
    ended.iter().find(|end| !end.success && step.after.contains(&end.name)).map(|end| end.name)
}

/// Runs one step.
fn one<'a>(
    step: Step<'_>,
    logs: &Path,
    terminal: &'a Terminal<'a>,
    began: Duration,
    start: Instant,
) -> Result<Ended> {
    let mut log = Log::create(terminal, logs, step.name, step.live)?;
    let result = (step.work)(&mut log);
    log.flush().context("the log cannot be written")?;
    if result.is_err() {
        log.show_end();
    }
    let took = start.elapsed().saturating_sub(began);
    let success = result.is_ok();
    let how = match result {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("FAILED: {error:#}; see {}", log.path().display()),
    };
    terminal.line(step.name, &format!("{how} ({:.0} s)", took.as_secs_f64()));
    let tally = if step.has_tests { log.tally() } else { Tally::default() };
    let last_lines = if success { Vec::new() } else { log.end(LAST_LINES) };
    let (name, part, tally) = (step.name, step.part, tally.or_broken(success));
    Ok(Ended { name, part, tally, began, took, success, last_lines })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use anyhow::bail;

    use super::*;

    fn played<'a>(steps: impl FnOnce(&'a Mutex<Vec<&'static str>>) -> Vec<Step<'a>>) -> (Vec<Ended>, String) {
        let order: &'static Mutex<Vec<&'static str>> = Box::leak(Box::default());
        let folder = tempfile::tempdir().unwrap();
        let mut out = Vec::new();
        let ended = run(steps(order), folder.path(), &Terminal::new(&mut out)).unwrap();
        (ended, order.lock().unwrap().join(" "))
    }

    fn noted<'a>(name: &'static str, order: &'a Mutex<Vec<&'static str>>) -> Step<'a> {
        Step::new(name, Part::Unit, move |_| {
            order.lock().unwrap().push(name);
            Ok(())
        })
    }

    #[test]
    fn a_step_waits_for_those_before_it() {
        let (ended, order) = played(|order| {
            vec![
                noted("third", order).after(["second"]),
                noted("second", order).after(["first"]),
                noted("first", order),
            ]
        });
        assert_eq!(order, "first second third");
        assert!(ended.iter().all(|end| end.success && end.tally.failed == 0));
    }

    #[test]
    fn what_locks_the_same_runs_in_the_order_of_the_list() {
        for lock in [Lock::Target, Lock::System] {
            let (_, order) = played(|order| {
                ["a", "b", "c", "d"].map(|name| noted(name, order).locks(lock)).into_iter().collect()
            });
            assert_eq!(order, "a b c d");
        }
    }

    #[test]
    fn a_failure_skips_nothing_that_only_locks_the_same() {
        let (ended, order) = played(|order| {
            vec![
                Step::new("broken", Part::Checks, |_| bail!("of glass")).locks(Lock::System),
                noted("next", order).locks(Lock::System),
            ]
        });
        assert_eq!((ended.len(), order.as_str()), (2, "next"));
    }

    #[test]
    fn a_failure_skips_what_builds_on_it_and_nothing_else() {
        let (ended, order) = played(|order| {
            vec![
                Step::new("broken", Part::Checks, |_| bail!("of glass")).locks(Lock::Target),
                noted("on it", order).after(["broken"]),
                noted("on that", order).after(["on it"]),
                noted("apart", order).locks(Lock::Target),
            ]
        });
        assert_eq!(order, "apart");
        let failed: Vec<_> =
            ended.iter().filter(|end| !end.success).map(|end| (end.name, end.tally.failed)).collect();
        assert_eq!(failed, [("broken", 1), ("on it", 1), ("on that", 1)]);
    }
}
