//! The files of the project: what git would commit.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The files of the project.
#[derive(Debug)]
pub(crate) struct Files {
    root: PathBuf,
    /// Relative to the root, with `/` between the parts.
    pub(crate) paths: BTreeSet<String>,
}

impl Files {
    /// Tracked files and new ones that are not ignored. Without git, as in a source archive: every file outside of hidden folders and
    /// of cargo's target.
    pub(crate) fn of_workspace(root: &Path) -> Result<Self> {
        let mut paths = BTreeSet::new();
        if let Some(listing) = listed_by_git(root) {
            paths.extend(listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned));
        } else {
            walk(root, root, &mut paths)?;
        }
        Ok(Self { root: root.to_owned(), paths })
    }

    /// The text of a file; none if it is not text or was deleted since git saw it.
    pub(crate) fn text(&self, path: &str) -> Result<Option<String>> {
        match std::fs::read(self.root.join(path)) {
            Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{path} cannot be read")),
        }
    }
}

fn listed_by_git(root: &Path) -> Option<String> {
    let git = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "-co", "--exclude-standard"])
        .output()
        .ok()?;
    git.status.success().then(|| String::from_utf8_lossy(&git.stdout).into_owned())
}

fn walk(root: &Path, folder: &Path, paths: &mut BTreeSet<String>) -> Result<()> {
    let cannot = || format!("{} cannot be listed", folder.display());
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().with_context(cannot)?.is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                walk(root, &path, paths)?;
            }
        } else if let Ok(relative) = path.strip_prefix(root) {
            paths.insert(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_finds_this_file_and_nothing_built() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = BTreeSet::new();
        walk(root, root, &mut paths).unwrap();
        assert!(paths.contains("src/tidy/files.rs") && paths.contains("Cargo.toml"), "{paths:?}");
        let files = Files { root: root.to_owned(), paths };
        assert!(files.text("Cargo.toml").unwrap().is_some());
        assert_eq!(files.text("no-such-file").unwrap(), None);
    }
}
