//! What is in a program: a bill of its materials in CycloneDX's form, which goes into its image.

mod lock;
mod tree;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use self::lock::Checksums;
use self::tree::{Crate, Tree};
use crate::workspace::Workspace;

/// The programs that images are made of, and the features that they are built with there.
const PROGRAMS: [(&str, &str); 4] =
    [("filter-svc", ""), ("reporter-svc", ""), ("optimizer-svc", ""), ("efflux", "production")];

/// Writes the bill of a program: itself and every crate that is linked into it, each with version, licence, checksum and what it needs.
/// The same sources give the same text.
///
/// # Errors
/// If there is no such program, or `cargo tree` does not run.
pub fn sbom(dir: &Path, program: &str, out: &mut dyn Write) -> Result<()> {
    let Some((_, features)) = PROGRAMS.iter().find(|(name, _)| *name == program) else {
        bail!("{program} is unknown: the programs are {}", PROGRAMS.map(|(name, _)| name).join(", "));
    };
    let root = Workspace::of(dir)?.root;
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let tree = Tree::of(&root, program, features)?;
    let bill = document(&tree, &Checksums::read(&lock))?;
    serde_json::to_writer_pretty(&mut *out, &bill).context("the bill cannot be written")?;
    writeln!(out).context("the bill cannot be written")
}

fn document(tree: &Tree, checksums: &Checksums<'_>) -> Result<Value> {
    let Some((program, others)) = tree.crates().split_first() else { bail!("cargo tree lists nothing") };
    let others: Vec<_> = others.iter().map(|other| component(other, "library", checksums)).collect();
    let needs: Vec<_> =
        tree.needs().map(|(of, needed)| json!({"ref": of.purl(), "dependsOn": needed.iter().map(|n| n.purl()).collect::<Vec<_>>()})).collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(program, "application", checksums) },
        "components": others,
        "dependencies": needs,
    }))
}

fn component(of: &Crate, kind: &str, checksums: &Checksums<'_>) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": of.purl(),
        "name": of.name,
        "version": of.version,
        "purl": of.purl(),
    });
    if !of.licence.is_empty() {
        component["licenses"] = json!([{ "expression": of.licence }]);
    }
    // What comes from no registry has none.
    if let Some(checksum) = checksums.of(&of.name, &of.version) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

#[cfg(test)]
mod tests;
