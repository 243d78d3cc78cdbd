//! Finds modules of one crate that import each other in a circle.
//!
//! A module and those inside of it belong together: what they take from each other does not count. An item that a module only
//! passes on (`pub use`) counts as taken from where it is defined.

mod paths;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result};

use crate::finding::Finding;
use crate::tidy::Files;
use paths::{Named, Path};

/// An item is passed on at most so often; more would be a circle of its own, which does not compile.
const MOST_HOPS: usize = 16;

/// The circles of every crate, in order of file.
pub(crate) fn check(files: &Files) -> Result<Vec<Finding>> {
    let mut crates: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for path in &files.paths {
        let Some((folder, inside)) = path.split_once("/src/") else { continue };
        let is_ours = folder.starts_with("crates/") || folder.starts_with("services/");
        if is_ours && folder.matches('/').count() == 1 && inside.ends_with(".rs") {
            let Some(text) = files.text(path)? else { continue };
            crates.entry(folder).or_default().insert(inside.to_owned(), text);
        }
    }
    let mut findings = Vec::new();
    for (folder, sources) in crates {
        findings.extend(of_crate(folder, &sources)?);
    }
    findings.sort();
    Ok(findings)
}

/// The circles of a crate whose source files are given with their paths below `src`.
fn of_crate(folder: &str, sources: &BTreeMap<String, String>) -> Result<Vec<Finding>> {
    let mut modules: BTreeMap<Path, Named> = BTreeMap::new();
    let mut files: BTreeMap<Path, String> = BTreeMap::new();
    for (inside, text) in sources {
        let Some(module) = module_of(inside) else { continue };
        let file = format!("{folder}/src/{inside}");
        let named = paths::read(&module, text).with_context(|| format!("{file} cannot be read"))?;
        // `lib.rs` and `main.rs` are both the root.
        let known = modules.entry(module.clone()).or_default();
        known.paths.extend(named.paths);
        known.imports.extend(named.imports);
        files.insert(module, file);
    }
    Ok(circles(&edges(&modules)).iter().map(|circle| finding(circle, &files)).collect())
}

/// The module of a source file; none for the roots of further binaries.
fn module_of(inside: &str) -> Option<Path> {
    let stem = inside.strip_suffix(".rs")?;
    let mut names: Path = stem.split('/').map(str::to_owned).collect();
    if names.len() == 1 && matches!(stem, "lib" | "main") || names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    (names.first().is_none_or(|first| first != "bin")).then_some(names)
}

type Edges = BTreeMap<Path, BTreeSet<Path>>;

/// Which module takes something from which.
fn edges(modules: &BTreeMap<Path, Named>) -> Edges {
    let apart = |a: &Path, b: &Path| !a.starts_with(b) && !b.starts_with(a);
    let taken_by = |module: &Path, named: &Named| {
        let targets = named.paths.iter().map(|path| home(path, modules));
        targets.filter(|target| apart(module, target)).collect()
    };
    modules.iter().map(|(module, named)| (module.clone(), taken_by(module, named))).collect()
}

/// The module that defines what a path names.
fn home(path: &Path, modules: &BTreeMap<Path, Named>) -> Path {
    let mut path = path.clone();
    for _ in 0..MOST_HOPS {
        let (module, rest) = path.split_at(depth_of_module(&path, modules));
        let passed_on = rest.first().and_then(|name| modules.get(module)?.imports.get(name));
        let Some(original) = passed_on else { break };
        path = [original, &rest[1..]].concat();
    }
    path.truncate(depth_of_module(&path, modules));
    path
}

/// How many names of a path lead to a module; 0 is the root.
fn depth_of_module(path: &[String], modules: &BTreeMap<Path, Named>) -> usize {
    (1..=path.len()).rev().find(|depth| modules.contains_key(&path[..*depth])).unwrap_or(0)
}

/// Modules that all depend on each other.
struct Circle {
    /// The shortest way from the first of them back to it.
    way: Vec<Path>,
    /// Those that are not on this way.
    others: Vec<Path>,
}

fn circles(edges: &Edges) -> Vec<Circle> {
    let mut found: BTreeSet<&Path> = BTreeSet::new();
    let mut circles = Vec::new();
    for module in edges.keys() {
        if found.contains(module) {
            continue;
        }
        let Some(way) = shortest_way(edges, module, module) else { continue };
        let is_with = |other: &&Path| {
            shortest_way(edges, module, other).is_some() && shortest_way(edges, other, module).is_some()
        };
        let all: Vec<_> = edges.keys().filter(is_with).collect();
        found.extend(&all);
        let others = all.into_iter().filter(|other| !way.contains(other)).cloned().collect();
        circles.push(Circle { way, others });
    }
    circles
}

/// The shortest way of at least one step, with both ends.
fn shortest_way(edges: &Edges, from: &Path, to: &Path) -> Option<Vec<Path>> {
    let mut ways = VecDeque::from([vec![from.clone()]]);
    let mut seen: BTreeSet<&Path> = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| edges.get(last)).into_iter().flatten() {
            let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
            if next == to {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    None
}

fn finding(circle: &Circle, files: &BTreeMap<Path, String>) -> Finding {
    let name = |module: &Path| if module.is_empty() { "the root".to_owned() } else { module.join("::") };
    let way: Vec<_> = circle.way.iter().map(name).collect();
    let mut what = format!("modules import each other in a circle: {}", way.join(" -> "));
    if !circle.others.is_empty() {
        let others: Vec<_> = circle.others.iter().map(name).collect();
        what = format!("{what}; tied to it: {}", others.join(", "));
    }
    Finding {
        file: circle.way.first().and_then(|first| files.get(first)).cloned().unwrap_or_default(),
        line: None,
        what,
        why: "none of them can be understood, tested or moved without all the others",
        remedy: "move what both sides need into a module below them, or into the one that needs it most"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sources: &[(&str, &str)]) -> Vec<String> {
        let sources = sources.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let findings = of_crate("crates/x", &sources).unwrap();
        let what = |finding: Finding| {
            let circle = finding.what.split_once(": ").map(|(_, circle)| circle.to_owned());
            format!("{} {}", finding.file, circle.unwrap_or_default())
        };
        findings.into_iter().map(what).collect()
    }

    #[test]
    fn a_way_without_a_return_is_not_a_circle() {
        let sources = [
            ("lib.rs", "mod a; mod b; pub use a::A; pub struct Shared;"),
            ("a.rs", "use crate::b::B; use crate::Shared; pub struct A;"),
            ("b.rs", "use crate::Shared; pub struct B; #[cfg(test)] mod tests { use crate::a::A; }"),
        ];
        assert_eq!(found(&sources), [""; 0]);
    }

    #[test]
    fn a_circle_is_named_with_all_that_is_tied_to_it() {
        let sources = [
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b;"),
            ("b.rs", "use super::{a::A, c::C};"),
            ("c.rs", "fn f() { crate::b::g(); }"),
            ("d.rs", "use crate::a::A;"),
        ];
        assert_eq!(found(&sources), ["crates/x/src/a.rs a -> b -> a; tied to it: c"]);
    }

    #[test]
    fn parent_and_child_may_know_each_other() {
        let sources = [
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; mod c; use b::B; pub struct A;"),
            ("a/b.rs", "use super::A; use super::c::C;"),
            ("a/c/mod.rs", "use crate::a::A;"),
        ];
        assert_eq!(found(&sources), [""; 0]);
    }

    #[test]
    fn what_a_parent_passes_on_is_its_childs() {
        let sources = [
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; mod c; pub use b::{B as Renamed, D}; use c::C;"),
            ("a/b.rs", "use super::C; pub struct B;"),
            ("a/c.rs", "use crate::a::Renamed;"),
        ];
        assert_eq!(found(&sources), ["crates/x/src/a/b.rs a::b -> a::c -> a::b"]);
    }

    #[test]
    fn another_binary_is_another_crate() {
        let sources = [("lib.rs", "mod a;"), ("a.rs", "use crate::bin::x;"), ("bin/x.rs", "use crate::a;")];
        assert_eq!(found(&sources), [""; 0]);
    }
}
