//! Runs the whole check, or parts of it, side by side as far as they do not wait for each other.

mod build;
mod checks;
mod containers;
mod junit;
mod log;
mod messages;
mod part;
mod schedule;
mod sdk;
mod step;
mod summary;
mod tools;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};

pub use part::Part;

use crate::process::{command, run};
use crate::services::Services;
use crate::workspace::Workspace;
use log::Terminal;
use step::{Lock, Step};

/// Runs parts of the whole check and writes what came of them; the last line sums up. Whether all is well.
///
/// # Errors
/// If the run itself cannot be made: what fails within a part is counted.
pub fn test(dir: &Path, parts: &[Part], out: &mut (dyn Write + Send)) -> Result<bool> {
    let workspace = Workspace::of(dir)?;
    let mut steps = Vec::new();
    let has = |part| parts.contains(&part);
    let tested: Vec<_> = parts.iter().copied().filter(|part| part.filter().is_some()).collect();
    if has(Part::Containers) && !containers::engine_answers() {
        writeln!(out, "no Docker engine answers: images and containers are NOT tested")?;
    } else if has(Part::Containers) {
        steps.extend(containers::steps(&workspace));
    }
    let builds_tests = has(Part::Build) || !tested.is_empty();
    if builds_tests || !steps.is_empty() {
        steps.push(build::programs(&workspace));
    }
    if builds_tests {
        steps.extend([build::nextest(&workspace), build::tests_built(&workspace)]);
    }
    if !tested.is_empty() {
        steps.extend(test_steps(&workspace, &tested));
    }
    if has(Part::Processes) {
        steps.push(sdk::step(&workspace));
    }
    if has(Part::Templates) {
        steps.push(checks::templates(&workspace));
    }
    if has(Part::Checks) && builds_tests {
        steps.extend(checks::steps(&workspace, build::TESTS_BUILT));
    } else if has(Part::Checks) {
        steps.push(build::checked(&workspace));
        steps.extend(checks::steps(&workspace, build::CHECKED));
    }
    play(&workspace, steps, out)
}

/// What is run on each change: formatting, lints of what changed, units, the pipeline on embedded backends, a hundred simulated seeds.
///
/// # Errors
/// As for [`test()`].
pub fn quick(dir: &Path, out: &mut (dyn Write + Send)) -> Result<bool> {
    let workspace = Workspace::of(dir)?;
    let steps = vec![
        Step::command("format", Part::Checks, command("cargo", &["fmt", "--all", "--check"])),
        build::nextest(&workspace),
        Step::new("tests", Part::Unit, |log| {
            let nextest = tools::NEXTEST.program(&workspace);
            let mut tests = command(&nextest.to_string_lossy(), &["nextest", "run", "--workspace", "--lib"]);
            tests.args(["--test", "it", "-E", QUICK]);
            run(tests, log)
        })
        .after([build::NEXTEST_READY])
        .locks(Lock::Target)
        .live(),
        Step::command("lints", Part::Checks, command("cargo", &LINTS)).locks(Lock::Target),
    ];
    play(&workspace, steps, out)
}

/// The lints of a quick run: nothing but clippy, which then need not generate code for the tests that it leaves out.
const LINTS: [&str; 6] = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];

/// The tests of a quick run, for nextest.
const QUICK: &str = "kind(lib) | (binary_id(=pipeline-tests::it) & not test(/_in_clickhouse$/)) | (binary_id(=simulation::it) & test(=seeds::the_first_hundred_hold_every_rule))";

/// Builds and runs the tests of some parts; the servers that they need are started.
fn test_steps<'a>(workspace: &'a Workspace, parts: &[Part]) -> Vec<Step<'a>> {
    let filters: Vec<_> =
        parts.iter().filter_map(|part| part.filter()).map(|filter| format!("({filter})")).collect();
    let filter = filters.join(" | ");
    let mut steps = Vec::new();
    let mut tests = Step::new("tests", Part::Unit, move |log| {
        let built = build::Built::of(workspace);
        let mut tests =
            command(&tools::NEXTEST.program(workspace).to_string_lossy(), &["nextest", "run", "-E", &filter]);
        tests.arg("--binaries-metadata").arg(built.binaries).arg("--cargo-metadata").arg(built.metadata);
        run(tests, log)
    })
    .after([build::TESTS_BUILT])
    .live();
    if parts.iter().any(|part| part.needs_servers()) {
        steps.push(Step::new("servers", Part::Adapters, |log| {
            Services::of_workspace(&workspace.root)?.up(log).map(drop)
        }));
        tests = tests.after(["servers"]);
    }
    steps.push(tests);
    if parts.contains(&Part::Unit) {
        let doc = build::cargo(workspace, &["test", "--doc", "--workspace", "--no-fail-fast"]);
        steps.push(
            Step::command("doc tests", Part::Unit, doc)
                .after([build::TESTS_BUILT])
                .locks(Lock::Target)
                .tests(),
        );
        // Once each, and small: so that they cannot rot.
        let benches = ["test", "--workspace", "--bench", "claim", "--bench", "mapping"];
        steps.push(
            Step::command("benchmarks", Part::Unit, build::cargo(workspace, &benches))
                .after([build::TESTS_BUILT])
                .locks(Lock::Target),
        );
    }
    steps
}

/// Runs the steps, ends the servers that they started, and sums up.
fn play(workspace: &Workspace, steps: Vec<Step<'_>>, out: &mut (dyn Write + Send)) -> Result<bool> {
    let (start, clock) = (now(), time_of_day());
    let services = Services::of_workspace(&workspace.root)?;
    let ran_before = services.running()?;
    let report = workspace.target.join("nextest/default/junit.xml");
    // That of an earlier run would be counted again.
    drop(std::fs::remove_file(&report));
    let ended = schedule::run(steps, &workspace.target.join("test-run"), &Terminal::new(out));
    let started: Vec<_> = services.running()?.into_iter().filter(|name| !ran_before.contains(name)).collect();
    services.down_these(&started, out)?;
    let mut ended = ended?;
    let cases = junit::read(&report)?;
    if cases.iter().any(|case| !case.passed) {
        // Counted test by test.
        ended.iter_mut().filter(|end| end.name == "tests").for_each(|end| end.tally.failed = 0);
    }
    let spans = cases.into_iter().map(|case| case.since(clock)).collect::<Vec<_>>();
    summary::write(&ended, &spans, start.elapsed(), out).context("the summary cannot be written")
}

#[expect(clippy::disallowed_methods, reason = "a tool for developers measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a tool for developers compares with times that another tool wrote"
)]
fn time_of_day() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
