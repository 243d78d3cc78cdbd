#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod circles;
mod finding;
mod graph;
mod infra;
mod layers;
mod process;
mod python;
mod sbom;
mod services;
mod table;
mod tally;
mod test_run;
mod tidy;
mod workspace;

use std::path::Path;

use anyhow::Result;

pub use finding::Finding;
pub use infra::infra;
pub use python::pin_packages;
pub use sbom::sbom;
pub use services::Services;
pub use test_run::{Part, quick, test};

/// Compares the dependencies of the workspace that holds `dir` with the table of layers.
///
/// # Errors
/// If `cargo metadata` does not run or a manifest cannot be read.
pub fn layers(dir: &Path, offline: bool) -> Result<Vec<Finding>> {
    Ok(layers::check(&graph::Graph::read(dir, offline)?))
}

/// Looks through the files of the workspace that holds `dir`.
///
/// # Errors
/// If the workspace is not found or a file cannot be read.
pub fn tidy(dir: &Path) -> Result<Vec<Finding>> {
    tidy::check(&tidy::Files::of_workspace(&workspace::Workspace::of(dir)?.root)?)
}

/// Looks for modules of the workspace that holds `dir` that import each other in a circle.
///
/// # Errors
/// If the workspace is not found, or a file cannot be read or is not valid Rust.
pub fn circles(dir: &Path) -> Result<Vec<Finding>> {
    circles::check(&tidy::Files::of_workspace(&workspace::Workspace::of(dir)?.root)?)
}
