//! The crates that are linked into a program, as `cargo tree` lists them.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::command;

/// What a line of `cargo tree` holds: depth, then package, licence and a mark, separated by tabs.
const FORMAT: &str = "\t{p}\t{l}\t";

/// A crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression; may be empty.
    pub(super) licence: String,
}

impl Crate {
    /// Its name for other tools.
    pub(super) fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

/// Crates and which of them need which.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// The program first.
    crates: Vec<Crate>,
    /// Positions of what each needs.
    needs: Vec<Vec<usize>>,
}

impl Tree {
    /// The program of a workspace, with what is linked into it: without what only builds it.
    pub(super) fn of(root: &Path, program: &str, features: &str) -> Result<Self> {
        let arguments = [
            "tree",
            "--locked",
            "--package",
            program,
            "--features",
            features,
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "depth",
            "--format",
            FORMAT,
        ];
        let output =
            command("cargo", &arguments).current_dir(root).output().context("cargo cannot be started")?;
        if !output.status.success() {
            bail!("cargo tree failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Self::read(&String::from_utf8(output.stdout).context("cargo tree prints other than UTF-8")?)
    }

    fn read(text: &str) -> Result<Self> {
        let mut tree = Self::default();
        // The crates that lead to the present line.
        let mut path: Vec<usize> = Vec::new();
        for line in text.lines() {
            let (depth, of) = parsed(line).with_context(|| format!("cargo tree says `{line}`"))?;
            let at = tree.position(of);
            path.truncate(depth);
            if let Some(above) = path.last()
                && !tree.needs[*above].contains(&at)
            {
                tree.needs[*above].push(at);
            }
            path.push(at);
        }
        Ok(tree)
    }

    fn position(&mut self, of: Crate) -> usize {
        self.crates.iter().position(|known| *known == of).unwrap_or_else(|| {
            self.crates.push(of);
            self.needs.push(Vec::new());
            self.crates.len() - 1
        })
    }

    pub(super) fn crates(&self) -> &[Crate] {
        &self.crates
    }

    pub(super) fn needs(&self) -> impl Iterator<Item = (&Crate, Vec<&Crate>)> {
        let needed = |positions: &Vec<usize>| positions.iter().map(|at| &self.crates[*at]).collect();
        self.crates.iter().zip(self.needs.iter().map(needed))
    }
}

/// Depth and crate of a line. A crate whose own needs were listed before is marked; that is no matter here.
fn parsed(line: &str) -> Option<(usize, Crate)> {
    let mut parts = line.split('\t');
    let depth = parts.next()?.parse().ok()?;
    let mut package = parts.next()?.split(' ');
    let name = package.next()?.to_owned();
    let version = package.next()?.strip_prefix('v')?.to_owned();
    let licence = parts.next()?.to_owned();
    Some((depth, Crate { name, version, licence }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_with_what_each_crate_needs() {
        let text = "0\ta v0.1.0 (/src/a)\tMIT\t\n1\tb v1.2.3\tMIT OR Apache-2.0\t\n2\tc v2.0.0\t\t\n1\tc v2.0.0\t\t (*)\n";
        let tree = Tree::read(text).unwrap();
        let names = |crates: Vec<&Crate>| crates.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        let needs: Vec<_> = tree.needs().map(|(of, needed)| (of.purl(), names(needed))).collect();
        assert_eq!(
            needs,
            [
                ("pkg:cargo/a@0.1.0".to_owned(), vec!["b".to_owned(), "c".to_owned()]),
                ("pkg:cargo/b@1.2.3".to_owned(), vec!["c".to_owned()]),
                ("pkg:cargo/c@2.0.0".to_owned(), vec![]),
            ]
        );
        assert_eq!(tree.crates()[1].licence, "MIT OR Apache-2.0");
        assert!(Tree::read("nonsense").is_err());
    }
}
