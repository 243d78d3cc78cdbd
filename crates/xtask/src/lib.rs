#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod containers;
mod finding;
mod graph;
mod infra;
mod layers;
mod python;
mod services;
mod table;
mod tally;
mod testing;
mod tidy;

use std::path::Path;

use anyhow::Result;

pub use containers::test_containers;
pub use finding::Finding;
pub use infra::infra;
pub use services::Services;
pub use tally::Tally;
pub use testing::run_tests;

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
    tidy::check(&tidy::Files::of_workspace(&graph::workspace_root(dir)?)?)
}
