//! Steps that build what others run. Cargo locks the target folder, so they run one after the other.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::log::Log;
use super::part::Part;
use super::step::Step;
use super::tools::NEXTEST;
use crate::process::{command, run};
use crate::workspace::Workspace;

/// The names of steps that others wait for.
pub(super) const PROGRAMS: &str = "programs";
pub(super) const TESTS_BUILT: &str = "tests built";
pub(super) const NEXTEST_READY: &str = "nextest";

/// The programs that tests and containers start. Tests of one program start others, which building its tests alone would not make.
///
/// With a benchmark, cargo takes the features that tests ask of our dependencies. Without, it would build most of them twice: once for
/// the programs and once for the tests.
pub(super) fn programs() -> Step<'static> {
    let build = command("cargo", &["build", "--workspace", "--bins", "--bench", "claim"]);
    Step::command(PROGRAMS, Part::Build, build).locks_target()
}

/// The tool that runs the tests.
pub(super) fn nextest(workspace: &Workspace) -> Step<'_> {
    Step::new(NEXTEST_READY, Part::Build, |log| NEXTEST.ensure_installed(workspace, log))
}

/// All test binaries.
pub(super) fn tests_built(workspace: &Workspace) -> Step<'_> {
    Step::new(TESTS_BUILT, Part::Build, |log| build_tests(workspace, log))
        .after([NEXTEST_READY, PROGRAMS])
        .locks_target()
}

/// What cargo has built, for a nextest that must not ask cargo again: other steps have it locked meanwhile.
pub(super) struct Built {
    pub(super) binaries: PathBuf,
    pub(super) metadata: PathBuf,
}

impl Built {
    pub(super) fn of(workspace: &Workspace) -> Self {
        let folder = workspace.target.join("test-run");
        Self { binaries: folder.join("binaries.json"), metadata: folder.join("metadata.json") }
    }
}

fn build_tests(workspace: &Workspace, log: &mut Log<'_>) -> Result<()> {
    let built = Built::of(workspace);
    // First with cargo's messages in the log; then nextest lists what is there.
    run(command("cargo", &["test", "--no-run", "--workspace", "--all-targets"]), log)?;
    let mut list = command(
        &NEXTEST.program(workspace).to_string_lossy(),
        &[
            "nextest",
            "list",
            "--workspace",
            "--tests",
            "--list-type",
            "binaries-only",
            "--message-format",
            "json",
        ],
    );
    keep_output(list.arg("--cargo-quiet"), &built.binaries)?;
    keep_output(
        command("cargo", &["metadata", "--format-version", "1"]).stderr(Stdio::null()),
        &built.metadata,
    )
}

/// Runs a command and keeps what it prints.
fn keep_output(command: &mut std::process::Command, path: &PathBuf) -> Result<()> {
    let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    let status = command.stdout(file).status().with_context(|| format!("{command:?} cannot be started"))?;
    anyhow::ensure!(status.success(), "{command:?} failed ({status})");
    Ok(())
}
