//! The virtual environment that the test servers' interpreter comes from.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::backend::BACKENDS;
use crate::python::environment;

/// An interpreter that has what the servers require. Nothing is installed when the requirements are those of the last time.
pub(super) fn prepare(backends: &Path, state: &Path, out: &mut dyn std::io::Write) -> Result<PathBuf> {
    let wanted = requirements(backends)?;
    if wanted.is_empty() {
        return Ok(PathBuf::from("python3"));
    }
    environment(&state.with_file_name("tools"), state, &wanted, "what the test servers need", out)
}

/// What all servers require, each line once.
fn requirements(backends: &Path) -> Result<String> {
    let mut lines = std::collections::BTreeSet::new();
    for backend in BACKENDS.iter().filter(|backend| backend.is_in(backends)) {
        let path = backends.join(backend.name).join("requirements.txt");
        if path.exists() {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            lines.extend(
                text.lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .map(str::to_owned),
            );
        }
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_joined_without_comments_and_repetition() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("aws", "# why\nb==2\na==1\n"), ("mongodb", "a==1\n\n")] {
            let backend = folder.path().join(name);
            std::fs::create_dir(&backend).unwrap();
            std::fs::write(backend.join("run"), "").unwrap();
            std::fs::write(backend.join("requirements.txt"), text).unwrap();
        }
        assert_eq!(requirements(folder.path()).unwrap(), "a==1\nb==2\n");
    }
}
