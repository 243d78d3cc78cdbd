//! Checks of what is no Rust: templates, images, scripts.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{command, run};
use crate::python::{environment, keep_bytecode};
use crate::services::ensure_promtool;
use crate::workspace::Workspace;

/// Whether a file of this name is one.
type Wanted = fn(&str) -> bool;

/// A tool, its first arguments, and the files that it looks at: by folder and by how their names end or begin.
struct Check {
    tool: &'static str,
    from: Source,
    arguments: &'static [&'static str],
    files: &'static [(&'static str, Wanted)],
}

/// Where a tool comes from.
#[derive(PartialEq)]
enum Source {
    /// Python's packages.
    Python,
    /// The system's packages.
    System,
}

const CHECKS: &[Check] = &[
    Check { tool: "cfn-lint", from: Source::Python, arguments: &[], files: &[("infrastructure", is_yaml)] },
    Check {
        tool: "hadolint",
        from: Source::Python,
        arguments: &[],
        files: &[("docker", is_dockerfile), ("docker/backends", is_dockerfile)],
    },
    Check {
        tool: "shellcheck",
        from: Source::Python,
        arguments: &[],
        files: &[("docker", is_shell), ("infrastructure", is_shell), (".ci", |_| true)],
    },
    Check {
        tool: "check-jsonschema",
        from: Source::Python,
        arguments: &["--builtin-schema", "vendor.compose-spec"],
        files: &[("docker", is_yaml)],
    },
    Check {
        tool: "promtool",
        from: Source::System,
        arguments: &["test", "rules"],
        files: &[("docker/monitoring/alerts", |name| name == "test.yaml")],
    },
    Check {
        tool: "python",
        from: Source::Python,
        arguments: &["-m", "unittest", "discover", "--start-directory"],
        files: &[("infrastructure", |name| name == "tests")],
    },
];

fn is_yaml(name: &str) -> bool {
    has_extension(name, "yaml")
}

fn is_shell(name: &str) -> bool {
    has_extension(name, "sh")
}

fn is_dockerfile(name: &str) -> bool {
    name.ends_with("Dockerfile")
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

/// Runs all checks on the workspace that holds `dir`; the tools go to cargo's target folder. Whether none found anything.
///
/// # Errors
/// If a tool cannot be installed or started.
pub fn infra(dir: &Path, out: &mut dyn Write) -> Result<bool> {
    let workspace = Workspace::of(dir)?;
    let root = workspace.root.as_path();
    let wanted = wanted(root)?;
    let folder = workspace.target.join("infrastructure");
    let python = environment(
        &workspace.target.join("tools"),
        &folder,
        &wanted,
        "what checks templates, images and scripts",
        out,
    )?;
    let tools = python.parent().unwrap_or(&folder);
    ensure_promtool(out)?;
    let mut fine = true;
    for check in CHECKS {
        let ok = check.run(&workspace, tools, out)?;
        writeln!(out, "{}: {}", check.tool, if ok { "nothing found" } else { "see above" })?;
        fine &= ok;
    }
    Ok(fine)
}

/// What the checks need, and the emulator on which the commands of an operator are tested.
fn wanted(root: &Path) -> Result<String> {
    let mut wanted = String::new();
    for list in ["infrastructure/requirements.txt", "docker/backends/aws/requirements.txt"] {
        let path = root.join(list);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        wanted.push_str(&text);
    }
    Ok(wanted)
}

impl Check {
    /// Whether the tool finds nothing.
    fn run(&self, workspace: &Workspace, tools: &Path, out: &mut dyn Write) -> Result<bool> {
        let program = if self.from == Source::Python { tools.join(self.tool) } else { self.tool.into() };
        let mut tool = command(&program.to_string_lossy(), self.arguments);
        tool.current_dir(&workspace.root).args(self.files(&workspace.root)?);
        keep_bytecode(&mut tool, &workspace.target.join("tools"));
        match run(tool, out) {
            Err(error) => writeln!(out, "{error:#}").map(|()| false).context("nothing can be written"),
            Ok(()) => Ok(true),
        }
    }

    /// Relative to the workspace, in order.
    fn files(&self, root: &Path) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for (folder, wanted) in self.files {
            let path = root.join(folder);
            let entries =
                std::fs::read_dir(&path).with_context(|| format!("{} cannot be listed", path.display()))?;
            for entry in entries {
                let name = entry.with_context(|| format!("{} cannot be listed", path.display()))?.file_name();
                if wanted(&name.to_string_lossy()) {
                    found.push(Path::new(folder).join(name));
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_something_to_look_at() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for check in CHECKS {
            let files = check.files(&root).unwrap();
            assert!(!files.is_empty(), "{}", check.tool);
        }
        assert!(CHECKS[0].files(&root).unwrap().contains(&PathBuf::from("infrastructure/data.yaml")));
    }
}
