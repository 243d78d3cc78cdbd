//! Where the workspace is, and where cargo puts what it builds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package};

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
        let metadata = metadata(dir)?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
        })
    }

    /// Our packages.
    ///
    /// # Errors
    /// As for [`Self::of`].
    pub(crate) fn packages(&self) -> Result<Vec<Package>> {
        Ok(metadata(&self.root)?.packages)
    }
}

fn metadata(dir: &Path) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.current_dir(dir).no_deps();
    command.exec().context("cargo metadata failed; run it by hand in this folder to see more")
}
