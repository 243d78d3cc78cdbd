//! What cargo says of a build as JSON: which targets were built, and what the compiler, clippy and rustdoc found in them.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::diagnostic::DiagnosticLevel;
use cargo_metadata::{Message, Package, Target, TargetKind};

/// How the names of rustdoc's lints begin.
const RUSTDOC: &str = "rustdoc::";

/// A target in one of the two ways in which cargo builds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unit {
    /// The file at its root.
    root: PathBuf,
    /// Whether `cfg(test)` holds.
    test: bool,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.root.display(), if self.test { " with its tests" } else { "" })
    }
}

/// What cargo said of one build.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// What prevented the build.
    pub(super) errors: BTreeSet<String>,
    /// Warnings of the compiler and of clippy.
    pub(super) lints: BTreeSet<String>,
    /// Warnings of rustdoc.
    pub(super) documentation: BTreeSet<String>,
    built: BTreeSet<Unit>,
}

impl Messages {
    /// Reads what cargo printed. It repeats the warnings of what it need not build again.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let unreadable = || format!("{} cannot be read", path.display());
        Self::parse(BufReader::new(File::open(path).with_context(unreadable)?)).with_context(unreadable)
    }

    fn parse(input: impl BufRead) -> Result<Self> {
        let mut messages = Self::default();
        for message in Message::parse_stream(input) {
            match message? {
                Message::CompilerArtifact(artifact) => {
                    let root = artifact.target.src_path.into_std_path_buf();
                    messages.built.insert(Unit { root, test: artifact.profile.test });
                }
                Message::CompilerMessage(found) => {
                    let (level, code) = (found.message.level, found.message.code);
                    let text = found.message.rendered.unwrap_or(found.message.message);
                    let of_rustdoc = code.is_some_and(|code| code.code.starts_with(RUSTDOC));
                    match level {
                        DiagnosticLevel::Error | DiagnosticLevel::Ice => messages.errors.insert(text),
                        DiagnosticLevel::Warning if of_rustdoc => messages.documentation.insert(text),
                        DiagnosticLevel::Warning => messages.lints.insert(text),
                        _ => false,
                    };
                }
                _ => {}
            }
        }
        Ok(messages)
    }

    /// What of these packages was not built, and thus not linted.
    pub(super) fn missing(&self, packages: &[Package]) -> Vec<Unit> {
        let targets = packages.iter().flat_map(|package| &package.targets);
        targets.flat_map(units).filter(|unit| !self.built.contains(unit)).collect()
    }
}

/// The ways in which a target is to be built.
fn units(target: &Target) -> Vec<Unit> {
    let ways: &[bool] = if target.is_kind(TargetKind::CustomBuild) {
        &[]
    } else if target.is_kind(TargetKind::Test) || target.is_kind(TargetKind::Bench) {
        &[true]
    } else if target.test {
        &[false, true]
    } else {
        &[false]
    };
    ways.iter().map(|&test| Unit { root: target.src_path.clone().into_std_path_buf(), test }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: &str, root: &str, test: bool) -> String {
        format!(
            r#"{{"kind":["{kind}"],"crate_types":["lib"],"name":"a","src_path":"{root}","edition":"2024","doctest":true,"test":{test},"doc":true}}"#
        )
    }

    fn artifact(root: &str, test: bool) -> String {
        let target = target("lib", root, true);
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"path+file:///a#0.1.0","manifest_path":"/a/Cargo.toml","target":{target},"profile":{{"opt_level":"0","debuginfo":0,"debug_assertions":true,"overflow_checks":true,"test":{test}}},"features":[],"filenames":[],"executable":null,"fresh":true}}"#
        )
    }

    fn found(level: &str, code: &str, text: &str) -> String {
        let target = target("lib", "/a/lib.rs", true);
        format!(
            r#"{{"reason":"compiler-message","package_id":"path+file:///a#0.1.0","manifest_path":"/a/Cargo.toml","target":{target},"message":{{"rendered":"{text}","code":{{"code":"{code}","explanation":null}},"level":"{level}","message":"m","spans":[],"children":[]}}}}"#
        )
    }

    fn package(targets: &[String]) -> Package {
        let targets = targets.join(",");
        let text = format!(
            r#"{{"name":"a","version":"0.1.0","id":"path+file:///a#0.1.0","dependencies":[],"features":{{}},"manifest_path":"/a/Cargo.toml","targets":[{targets}]}}"#
        );
        cargo_metadata::MetadataCommand::parse(format!(
            r#"{{"packages":[{text}],"workspace_members":[],"resolve":null,"workspace_root":"/a","target_directory":"/t","version":1}}"#
        ))
        .unwrap()
        .packages
        .remove(0)
    }

    #[test]
    fn findings_are_kept_apart_and_count_once() {
        let lines = [
            found("warning", "clippy::unwrap_used", "used unwrap"),
            found("warning", "clippy::unwrap_used", "used unwrap"),
            found("warning", "dead_code", "never used"),
            found("warning", "rustdoc::broken_intra_doc_links", "unresolved link"),
            found("error", "E0308", "mismatched types"),
            found("note", "x", "by the way"),
        ];
        let messages = Messages::parse(lines.join("\n").as_bytes()).unwrap();
        assert_eq!(messages.lints.iter().collect::<Vec<_>>(), ["never used", "used unwrap"]);
        assert_eq!(messages.documentation.iter().collect::<Vec<_>>(), ["unresolved link"]);
        assert_eq!(messages.errors.iter().collect::<Vec<_>>(), ["mismatched types"]);
    }

    #[test]
    fn what_was_not_built_is_missing() {
        let lines = [artifact("/a/lib.rs", false), artifact("/a/main.rs", false), artifact("/a/it.rs", true)];
        let messages = Messages::parse(lines.join("\n").as_bytes()).unwrap();
        let package = package(&[
            target("lib", "/a/lib.rs", true),
            target("bin", "/a/main.rs", false),
            target("test", "/a/it.rs", true),
            target("bench", "/a/bench.rs", false),
            target("custom-build", "/a/build.rs", false),
        ]);
        let missing: Vec<_> = messages.missing(&[package]).iter().map(ToString::to_string).collect();
        assert_eq!(missing, ["/a/lib.rs with its tests", "/a/bench.rs with its tests"]);
    }
}
