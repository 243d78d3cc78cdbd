//! Steps that look at the code without running it.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::{Result, bail, ensure};

use super::build::Built;
use super::log::Log;
use super::messages::Messages;
use super::part::Part;
use super::step::Step;
use super::tools::DENY;
use crate::finding::Finding;
use crate::process::{command, run};
use crate::workspace::Workspace;
use crate::{circles, infra, layers, tidy};

const DENY_READY: &str = "cargo-deny";

/// Crates that a small service must not be built with.
const NOT_IN_FILTER: [&str; 3] = ["mongodb", "tokio-postgres", "clickhouse"];

/// Formatting, lints, documentation, layers, tidiness, dependencies. Lints and documentation were looked at while the step `compiled`
/// ran, and wait for what it found.
pub(super) fn steps<'a>(workspace: &'a Workspace, compiled: &'static str) -> Vec<Step<'a>> {
    let checks = Part::Checks;
    vec![
        Step::command("format", checks, command("cargo", &["fmt", "--all", "--check"])),
        Step::new("layers", checks, |log| report(&layers(&workspace.root, false)?, log)),
        Step::new("circles", checks, |log| report(&circles(&workspace.root)?, log)),
        Step::new("tidy", checks, |log| report(&tidy(&workspace.root)?, log)),
        Step::new("filter alone", checks, filter_is_small),
        Step::new(DENY_READY, checks, |log| DENY.ensure_installed(workspace, log)),
        Step::new("dependencies", checks, |log| dependencies(workspace, log)).after([DENY_READY]).live(),
        Step::new("lints", checks, |log| lints(workspace, log)).after([compiled]),
        Step::new("documentation", checks, |log| documentation(workspace, log)).after([compiled]),
    ]
}

fn lints(workspace: &Workspace, log: &mut Log<'_>) -> Result<()> {
    let messages = Messages::read(&Built::of(workspace).messages)?;
    let missing = messages.missing(&workspace.packages()?);
    for target in &missing {
        writeln!(log, "{target} was not linted, since cargo did not build it")?;
    }
    let found = show(&messages.lints, log)?;
    ensure!(missing.is_empty() && found == 0, "{found} found, {} not linted", missing.len());
    Ok(())
}

fn documentation(workspace: &Workspace, log: &mut Log<'_>) -> Result<()> {
    let found = show(&Messages::read(&Built::of(workspace).messages)?.documentation, log)?;
    ensure!(found == 0, "{found} found");
    Ok(())
}

/// Shows warnings. How many there are.
fn show(warnings: &BTreeSet<String>, log: &mut Log<'_>) -> Result<usize> {
    for warning in warnings {
        writeln!(log, "{warning}")?;
    }
    Ok(warnings.len())
}

fn report(findings: &[Finding], log: &mut Log<'_>) -> Result<()> {
    for finding in findings {
        writeln!(log, "{finding}")?;
    }
    ensure!(findings.is_empty(), "{} found", findings.len());
    Ok(())
}

fn filter_is_small(log: &mut Log<'_>) -> Result<()> {
    let mut tree = Vec::new();
    run(
        command("cargo", &["tree", "--package", "filter-svc", "--edges", "normal", "--prefix", "none"]),
        &mut tree,
    )?;
    log.write_all(&tree)?;
    let tree = String::from_utf8_lossy(&tree);
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    if let Some(name) = names.into_iter().find(|name| NOT_IN_FILTER.contains(name)) {
        bail!("filter-svc must build without database drivers but DynamoDB's, and depends on {name}");
    }
    Ok(())
}

/// Licences, bans and sources need nothing but the code; advisories need their database.
fn dependencies(workspace: &Workspace, log: &mut Log<'_>) -> Result<()> {
    let program = DENY.program(workspace);
    let deny = |what: &[&str]| {
        let mut arguments = vec!["--log-level", "error", "check"];
        arguments.extend(what);
        command(&program.to_string_lossy(), &arguments)
    };
    run(deny(&["licenses", "bans", "sources"]), log)?;
    let fetched = command(&program.to_string_lossy(), &["--log-level", "error", "fetch", "db"]);
    match run(fetched, &mut std::io::sink()) {
        Ok(()) => run(deny(&["--disable-fetch", "advisories"]), log),
        Err(_) => {
            Ok(writeln!(log, "advisories were NOT checked: their database cannot be reached from here")?)
        }
    }
}

/// Templates, images and scripts.
pub(super) fn templates(workspace: &Workspace) -> Step<'_> {
    Step::new("templates", Part::Templates, |log| {
        ensure!(infra(&workspace.root, log)?, "a check of templates, images or scripts failed");
        Ok(())
    })
    .tests()
}
