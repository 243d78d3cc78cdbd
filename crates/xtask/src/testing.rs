//! Runs all tests of the workspace and counts them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::tally::Tally;

/// Doc tests first: they are few. Benchmarks run once each, as tests, so that they cannot rot.
const RUNS: [&[&str]; 2] = [&["--doc"], &["--all-targets"]];

/// What `cargo run` tells us about ourselves, and a build script below may watch: passed on, it would be built again each time.
const OURS: [&str; 8] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// Runs `cargo test` over the workspace with `more` arguments, passing its output on to `out`, and sums up the results.
/// Every test runs, whatever fails.
///
/// # Errors
/// If cargo cannot be started or its output not be read or written.
pub fn run_tests(more: &[String], out: &mut impl Write) -> Result<Tally> {
    // Tests of one service start the binaries of the others, which `cargo test` alone would not build.
    let mut sum = run(cargo(&["build", "--workspace"]).args(more), out)?;
    for which in RUNS {
        sum = sum + run(cargo(&["test", "--workspace", "--no-fail-fast"]).args(which).args(more), out)?;
    }
    Ok(sum)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments);
    forget_cargo(&mut cargo);
    cargo
}

/// Keeps from a command what cargo told us about ourselves.
pub(crate) fn forget_cargo(command: &mut Command) {
    for name in OURS {
        command.env_remove(name);
    }
}

/// Runs a command, passing its standard output on, and counts the tests that it tells of.
pub(crate) fn run(command: &mut Command, out: &mut impl Write) -> Result<Tally> {
    let program = command.get_program().display().to_string();
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("{program} cannot be started"))?;
    let mut output = BufReader::new(child.stdout.take().with_context(|| format!("{program} has no output"))?);
    let (mut tally, mut line) = (Tally::default(), Vec::new());
    // Bytes, not text: a test may print anything.
    while output.read_until(b'\n', &mut line).context("its output cannot be read")? > 0 {
        out.write_all(&line)?;
        tally.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait().with_context(|| format!("{program} cannot be waited for"))?;
    Ok(tally.or_broken(status.success()))
}
