//! Steps that look at the code without running it.

use std::io::Write;

use anyhow::{Result, bail, ensure};

use super::log::Log;
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

/// Formatting, lints, documentation, layers, tidiness, dependencies.
pub(super) fn steps(workspace: &Workspace) -> Vec<Step<'_>> {
    let checks = Part::Checks;
    vec![
        Step::command("format", checks, command("cargo", &["fmt", "--all", "--check"])),
        Step::new("layers", checks, |log| report(&layers(&workspace.root, false)?, log)),
        Step::new("circles", checks, |log| report(&circles(&workspace.root)?, log)),
        Step::new("tidy", checks, |log| report(&tidy(&workspace.root)?, log)),
        Step::new("filter alone", checks, filter_is_small),
        Step::new(DENY_READY, checks, |log| DENY.ensure_installed(workspace, log)),
        Step::new("dependencies", checks, |log| dependencies(workspace, log)).after([DENY_READY]).live(),
        lints(&["--workspace", "--all-targets"]),
        Step::new("documentation", checks, documentation).locks_target(),
    ]
}

/// Clippy on some of the code.
pub(super) fn lints(of: &[&str]) -> Step<'static> {
    let mut arguments = vec!["-n", "3", "cargo", "clippy"];
    arguments.extend(of);
    arguments.extend(["--", "-D", "warnings"]);
    // Tests that watch a clock run meanwhile: they go first, but not so far that cores have nothing to do at the end.
    Step::command("lints", Part::Checks, command("nice", &arguments)).locks_target()
}

/// There are no examples; naming them lets cargo use what clippy has checked, as for the benchmarks in [`super::build::programs`].
fn documentation(log: &mut Log<'_>) -> Result<()> {
    let what = ["--workspace", "--no-deps", "--lib", "--bins", "--examples"];
    let mut doc = command("nice", &["-n", "10", "cargo", "doc"]);
    doc.args(what);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    run(doc, log)
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
