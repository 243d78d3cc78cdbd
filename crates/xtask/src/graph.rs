//! What the checks look at of `cargo metadata`: our crates with what they name, and the tree below them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand};

/// Where a manifest names a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `[dependencies]` or `[build-dependencies]`: it ships or makes what ships.
    Normal,
    /// `[dev-dependencies]`
    Dev,
}

/// One dependency that a manifest names.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The line of the manifest, from 1, if it was found.
    pub(crate) line: Option<usize>,
}

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Relative to the workspace.
    pub(crate) manifest: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// The workspace and everything below it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) members: Vec<Member>,
    /// Normal and build dependencies of every package, by name; versions of one package are one.
    pub(crate) below: BTreeMap<String, BTreeSet<String>>,
}

const NO_METADATA: &str = "cargo metadata failed; run it by hand in this folder to see more";

impl Graph {
    /// Asks cargo. Optional dependencies count, whether or not a feature is on by default.
    pub(crate) fn read(dir: &Path, offline: bool) -> Result<Self> {
        let mut command = MetadataCommand::new();
        command.current_dir(dir).features(CargoOpt::AllFeatures);
        if offline {
            command.other_options(["--offline".to_owned()]);
        }
        let metadata = command.exec().context(NO_METADATA)?;
        Ok(Self { members: members(&metadata)?, below: below(&metadata) })
    }

    /// The shortest way from one crate down to another that `found` accepts, over normal dependencies. It does not go through
    /// crates that `closed` names.
    pub(crate) fn way(
        &self,
        from: &str,
        found: impl Fn(&str) -> bool,
        closed: &[&str],
    ) -> Option<Vec<String>> {
        let mut ways = VecDeque::from([vec![from.to_owned()]]);
        let mut seen = BTreeSet::from([from.to_owned()]);
        while let Some(way) = ways.pop_front() {
            let last = way.last().expect("a way has at least its beginning");
            for next in self.below.get(last).into_iter().flatten() {
                if closed.contains(&next.as_str()) || !seen.insert(next.clone()) {
                    continue;
                }
                let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
                if found(next) {
                    return Some(longer);
                }
                ways.push_back(longer);
            }
        }
        None
    }
}

fn members(metadata: &Metadata) -> Result<Vec<Member>> {
    let mut members = Vec::new();
    for package in metadata.workspace_packages() {
        let path = &package.manifest_path;
        let text = std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))?;
        let relative = path.strip_prefix(&metadata.workspace_root).unwrap_or(path);
        let dependencies = package.dependencies.iter().map(|dependency| {
            let kind = if dependency.kind == DependencyKind::Development { Kind::Dev } else { Kind::Normal };
            let line = line_of(&text, &dependency.name, kind);
            Dependency { name: dependency.name.clone(), kind, line }
        });
        members.push(Member {
            name: package.name.to_string(),
            manifest: relative.as_str().replace('\\', "/"),
            dependencies: dependencies.collect(),
        });
    }
    Ok(members)
}

/// The line of a manifest that names a dependency: `name = ...`, `name.workspace = true` or `[dependencies.name]`.
fn line_of(manifest: &str, name: &str, kind: Kind) -> Option<usize> {
    let mut in_kind = false;
    for (number, line) in (1..).zip(manifest.lines().map(str::trim)) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            in_kind = section.contains("dependencies")
                && section.contains("dev-dependencies") == (kind == Kind::Dev);
            if in_kind && section.ends_with(&format!(".{name}")) {
                return Some(number);
            }
        } else if in_kind && line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '.', '='])) {
            return Some(number);
        }
    }
    None
}

fn below(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p.name.as_str())).collect();
    let mut below: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let normal = node
            .deps
            .iter()
            .filter(|dep| dep.dep_kinds.iter().any(|k| k.kind != DependencyKind::Development));
        let children = normal.filter_map(|dep| names.get(&dep.pkg)).map(|name| (*name).to_owned());
        if let Some(name) = names.get(&node.id) {
            below.entry((*name).to_owned()).or_default().extend(children);
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"x\"\n\n[dependencies]\nports-x = \"1\"\nports.workspace = true\n\n\
                            [dev-dependencies]\nsamples = { path = \"s\" }\n\n[dependencies.hyper]\nversion = \"1\"\n";

    #[test]
    fn a_dependency_is_found_in_its_section() {
        assert_eq!(line_of(MANIFEST, "ports", Kind::Normal), Some(6));
        assert_eq!(line_of(MANIFEST, "samples", Kind::Dev), Some(9));
        assert_eq!(line_of(MANIFEST, "samples", Kind::Normal), None);
        assert_eq!(line_of(MANIFEST, "hyper", Kind::Normal), Some(11));
    }

    #[test]
    fn the_way_is_the_shortest_and_keeps_out_of_closed_crates() {
        let edges =
            [("a", vec!["b", "c"]), ("b", vec!["d"]), ("c", vec!["x"]), ("d", vec!["x"]), ("x", vec!["a"])];
        let below = edges.map(|(from, to)| (from.to_owned(), to.into_iter().map(str::to_owned).collect()));
        let graph = Graph { members: vec![], below: below.into() };
        assert_eq!(graph.way("a", |name| name == "x", &[]).unwrap(), ["a", "c", "x"]);
        assert_eq!(graph.way("a", |name| name == "x", &["c"]).unwrap(), ["a", "b", "d", "x"]);
        assert_eq!(graph.way("a", |name| name == "y", &[]), None);
    }
}
