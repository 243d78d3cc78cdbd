//! What the tests need of the system's packages.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{command, run};

/// A package, and how to see that it is there.
struct Package {
    name: &'static str,
    why: &'static str,
    is_installed: fn() -> bool,
}

/// PostgreSQL is the one server that does not come from Python's packages.
const POSTGRES: Package = Package {
    name: "postgresql",
    why: "PostgreSQL's programs, or a server's address in EFFLUX_TEST_POSTGRES_URL",
    is_installed: || below(Path::new("/usr/lib/postgresql"), "bin/initdb"),
};

/// A library that shows a process another time.
const FAKETIME: Package = Package {
    name: "faketime",
    why: "libfaketime, to set the clock of a process back",
    is_installed: || below(Path::new("/usr/lib"), "faketime/libfaketimeMT.so.1"),
};

/// Prometheus, for its tool.
const PROMETHEUS: Package = Package {
    name: "prometheus",
    why: "promtool, to check metrics and alerts",
    is_installed: || Path::new("/usr/bin/promtool").exists(),
};

/// Installs promtool if it is missing, and we may.
pub(crate) fn ensure_promtool(out: &mut dyn std::io::Write) -> Result<()> {
    install(&[PROMETHEUS], out)
}

/// The runbooks back up and restore databases with it.
const SQLITE: Package = Package {
    name: "sqlite3",
    why: "SQLite's shell, as in the runbook for restoring",
    is_installed: || below(Path::new("/usr"), "sqlite3"),
};

/// The page for an operator's first day uses it.
const CURL: Package = Package {
    name: "curl",
    why: "curl, as on the page for the first day",
    is_installed: || below(Path::new("/usr"), "curl"),
};

/// Installs what is missing, if we may.
pub(super) fn ensure_installed(with_postgres: bool, out: &mut dyn std::io::Write) -> Result<()> {
    let wanted = [CURL, FAKETIME, PROMETHEUS, SQLITE].into_iter().chain(with_postgres.then_some(POSTGRES));
    install(&wanted.collect::<Vec<_>>(), out)
}

fn install(wanted: &[Package], out: &mut dyn std::io::Write) -> Result<()> {
    let missing: Vec<_> = wanted.iter().filter(|package| !(package.is_installed)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|package| package.name).collect();
    let whys: Vec<_> = missing.iter().map(|package| package.why).collect();
    let advice = format!("the tests need {}: install Debian's {}", whys.join("; "), names.join(", "));
    if !we_are_root() {
        bail!(advice);
    }
    writeln!(out, "installing {} by apt-get", names.join(", "))?;
    // Other steps install packages side by side with this one.
    let mut install =
        vec!["-o", "DPkg::Lock::Timeout=300", "install", "-y", "-qq", "--no-install-recommends"];
    install.extend(names);
    for arguments in [&["update", "-qq"][..], &install] {
        let mut apt = command("apt-get", arguments);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        run(apt, out).with_context(|| advice.clone())?;
    }
    Ok(())
}

/// Whether any folder of a folder holds this file.
fn below(folder: &Path, file: &str) -> bool {
    std::fs::read_dir(folder).is_ok_and(|inner| inner.flatten().any(|inner| inner.path().join(file).exists()))
}

fn we_are_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
