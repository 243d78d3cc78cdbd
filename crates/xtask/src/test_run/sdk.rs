//! Meta's own SDK against our sandbox of Meta.

use anyhow::{Context, Result};

use super::build::PROGRAMS;
use super::log::Log;
use super::part::Part;
use super::step::Step;
use crate::process::{command, run};
use crate::python::{environment, keep_bytecode};
use crate::workspace::Workspace;

/// Where its tests are, and what they need.
const FOLDER: &str = "crates/meta-sandbox/sdk";

/// Installs the SDK and runs its tests.
pub(super) fn step(workspace: &Workspace) -> Step<'_> {
    Step::new("Meta's SDK", Part::Processes, |log| test(workspace, log)).after([PROGRAMS]).tests()
}

fn test(workspace: &Workspace, log: &mut Log<'_>) -> Result<()> {
    let tools = workspace.target.join("tools");
    let list = workspace.root.join(FOLDER).join("requirements.txt");
    let wanted =
        std::fs::read_to_string(&list).with_context(|| format!("{} cannot be read", list.display()))?;
    let python = environment(&tools, &workspace.target.join("meta-sdk"), &wanted, "Meta's SDK", log)?;
    let mut tests = command(&python.to_string_lossy(), &["-m", "unittest", "-v", "test_sdk"]);
    tests.current_dir(workspace.root.join(FOLDER)).env("EFFLUX", workspace.target.join("debug/efflux"));
    keep_bytecode(&mut tests, &tools);
    run(tests, log)
}
