//! The command line of the checks; see the README of this crate.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use xtask::{Finding, Services, infra, layers, run_tests, test_containers, tidy};

const USAGE: &str =
    "usage: cargo run -p xtask -- layers|tidy|infra|test [--offline] | services up|down|status";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn run(arguments: &[String], out: &mut impl Write) -> Result<bool> {
    if let [command, what] = arguments
        && command == "services"
    {
        return services(what, out);
    }
    let (command, offline) = match arguments {
        [command] => (command.as_str(), false),
        [command, flag] if flag == "--offline" => (command.as_str(), true),
        _ => bail!("{USAGE}"),
    };
    let here = Path::new(".");
    match command {
        "layers" => report("layers", &layers(here, offline)?, out),
        "tidy" => report("tidy", &tidy(here)?, out),
        "infra" => infra(here, out),
        "test" => {
            let flags = if offline { vec!["--offline".to_owned()] } else { vec![] };
            let tally = with_services(here, out, |out| run_tests(&flags, out))?;
            let tally = tally + test_containers(here, out)?;
            writeln!(out, "{tally}")?;
            Ok(tally.failed == 0)
        }
        _ => bail!("{command} is unknown; {USAGE}"),
    }
}

fn services(what: &str, out: &mut impl Write) -> Result<bool> {
    let services = Services::of_workspace(Path::new("."))?;
    match what {
        "up" => services.up(out).map(|_| true),
        "down" => services.down(out).map(|()| true),
        "status" => services.status(out),
        _ => bail!("{what} is unknown; {USAGE}"),
    }
}

/// Starts the test servers that do not run yet, does the work, and ends those that it started.
fn with_services<W: Write, T>(here: &Path, out: &mut W, work: impl FnOnce(&mut W) -> Result<T>) -> Result<T> {
    let services = Services::of_workspace(here)?;
    let started = services.up(out)?;
    let done = work(out);
    services.down_these(&started, out)?;
    done
}

fn report(check: &str, findings: &[Finding], out: &mut impl Write) -> Result<bool> {
    for finding in findings {
        writeln!(out, "{finding}")?;
    }
    match findings.len() {
        0 => writeln!(out, "{check}: nothing found")?,
        n => writeln!(out, "{check}: {n} found")?,
    }
    Ok(findings.is_empty())
}
