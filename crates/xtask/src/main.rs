//! The command line of the checks; see the README of this crate.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use xtask::{Finding, Part, Services, circles, infra, layers, pin_packages, quick, sbom, test, tidy};

const USAGE: &str = "usage: cargo run -p xtask -- layers|circles|tidy|infra|pin-packages|quick | sbom PROGRAM | test [PART...] | services up|down|status";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words, &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn run(words: &[&str], out: &mut (impl Write + Send)) -> Result<bool> {
    let here = Path::new(".");
    match words {
        ["layers"] => report("layers", &layers(here, false)?, out),
        ["layers", "--offline"] => report("layers", &layers(here, true)?, out),
        ["circles"] => report("circles", &circles(here)?, out),
        ["tidy"] => report("tidy", &tidy(here)?, out),
        ["infra"] => infra(here, out),
        ["pin-packages"] => pin_packages(here, out).map(|()| true),
        ["sbom", program] => sbom(here, program, out).map(|()| true),
        ["quick"] => quick(here, out),
        ["test"] => test(here, &Part::ALL, out),
        ["test", names @ ..] => {
            let parts: Vec<Part> = names.iter().map(|name| name.parse()).collect::<Result<_>>()?;
            test(here, &parts, out)
        }
        ["services", what] => services(what, out),
        _ => bail!("{USAGE}"),
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
