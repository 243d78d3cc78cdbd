//! Where the workspace is, and where cargo puts what it builds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

/// The two folders that everything here works with.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// The workspace that holds `dir`.
    ///
    /// # Errors
    /// If `cargo metadata` does not run.
    pub(crate) fn of(dir: &Path) -> Result<Self> {
        let metadata = MetadataCommand::new()
            .current_dir(dir)
            .no_deps()
            .exec()
            .context("cargo metadata failed; run it by hand in this folder to see more")?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
        })
    }
}
