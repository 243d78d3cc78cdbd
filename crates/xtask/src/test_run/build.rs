//! Steps that build what others run. Cargo locks the target folder, so they run one after the other.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::log::Log;
use super::messages::Messages;
use super::part::Part;
use super::step::{Lock, Step};
use super::tools::NEXTEST;
use crate::process::{command, run_keeping};
use crate::workspace::Workspace;

/// The names of steps that others wait for.
pub(super) const PROGRAMS: &str = "programs";
pub(super) const TESTS_BUILT: &str = "tests built";
pub(super) const NEXTEST_READY: &str = "nextest";
pub(super) const CHECKED: &str = "code";

/// Cargo with `.ci/compiler`, which lints and documents our own crates while it compiles them.
pub(super) fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    linting(workspace, command("cargo", arguments))
}

/// Cargo keeps apart what different compilers made: whatever uses what is built here must name the same.
fn linting(workspace: &Workspace, mut command: Command) -> Command {
    command.env("RUSTC_WORKSPACE_WRAPPER", workspace.root.join(".ci/compiler"));
    command
}

/// The programs that tests and containers start. Tests of one program start others, which building its tests alone would not make.
///
/// With a benchmark, cargo takes the features that tests ask of our dependencies. Without, it would build most of them twice: once for
/// the programs and once for the tests.
pub(super) fn programs(workspace: &Workspace) -> Step<'static> {
    let build = cargo(workspace, &["build", "--workspace", "--bins", "--bench", "claim"]);
    Step::command(PROGRAMS, Part::Build, build).locks(Lock::Target)
}

/// The tool that runs the tests.
pub(super) fn nextest(workspace: &Workspace) -> Step<'_> {
    Step::new(NEXTEST_READY, Part::Build, |log| NEXTEST.ensure_installed(workspace, log))
}

/// All test binaries.
pub(super) fn tests_built(workspace: &Workspace) -> Step<'_> {
    Step::new(TESTS_BUILT, Part::Build, |log| build_tests(workspace, log))
        .after([NEXTEST_READY, PROGRAMS])
        .locks(Lock::Target)
}

/// All code is compiled as far as clippy and rustdoc need it, where nothing is to run.
pub(super) fn checked(workspace: &Workspace) -> Step<'_> {
    Step::new(CHECKED, Part::Checks, |log| all_targets(workspace, "check", log)).locks(Lock::Target)
}

/// What cargo has built, for a nextest that must not ask cargo again: other steps have it locked meanwhile. And what cargo said of it.
pub(super) struct Built {
    pub(super) binaries: PathBuf,
    pub(super) metadata: PathBuf,
    pub(super) messages: PathBuf,
}

impl Built {
    pub(super) fn of(workspace: &Workspace) -> Self {
        let file = |name| workspace.target.join("test-run").join(name);
        Self {
            binaries: file("binaries.json"),
            metadata: file("metadata.json"),
            messages: file("messages.json"),
        }
    }
}

fn build_tests(workspace: &Workspace, log: &mut Log<'_>) -> Result<()> {
    all_targets(workspace, "build", log)?;
    let built = Built::of(workspace);
    let nextest = NEXTEST.program(workspace);
    let list = ["nextest", "list", "--workspace", "--tests", "--cargo-quiet"];
    let mut list = linting(workspace, command(&nextest.to_string_lossy(), &list));
    list.args(["--list-type", "binaries-only", "--message-format", "json"]);
    run_keeping(list, &built.binaries, log)?;
    run_keeping(command("cargo", &["metadata", "--format-version", "1"]), &built.metadata, log)
}

/// Builds or checks everything: libraries, programs, tests, benchmarks. Cargo's messages are kept; its errors are shown.
fn all_targets(workspace: &Workspace, how: &str, log: &mut Log<'_>) -> Result<()> {
    let messages = Built::of(workspace).messages;
    let all = cargo(workspace, &[how, "--workspace", "--all-targets", "--message-format", "json"]);
    let result = run_keeping(all, &messages, log);
    if result.is_err() {
        for error in Messages::read(&messages)?.errors {
            writeln!(log, "{error}")?;
        }
    }
    result
}
