//! The test of images and containers, where there is an engine to run it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::tally::Tally;
use crate::testing::{forget_cargo, run};

/// Runs `make e2e-docker` on images of what the other tests have built, and counts its tests. Where no engine answers it says so.
///
/// # Errors
/// If make cannot be started or its output not be read or written.
pub fn test_containers(root: &Path, out: &mut impl Write) -> Result<Tally> {
    if !engine_answers() {
        writeln!(out, "no Docker engine answers: images and containers are not tested")?;
        return Ok(Tally::default());
    }
    // Python's tests speak on standard error.
    let mut make = Command::new("sh");
    make.current_dir(root).args(["-c", "exec make e2e-docker PROFILE=debug 2>&1"]);
    // Of the make that may have started us.
    make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
    forget_cargo(&mut make);
    let tally = run(&mut make, out)?;
    // A run that tested nothing has shown nothing.
    Ok(tally.or_broken(tally.passed > 0))
}

fn engine_answers() -> bool {
    let mut asked = Command::new("docker");
    asked.args(["version", "--format", "{{.Server.Version}}"]).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}
