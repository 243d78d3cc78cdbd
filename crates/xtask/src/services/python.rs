//! The virtual environment that the test servers' interpreter comes from.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::backend::BACKENDS;

/// An interpreter that has what the servers require. Nothing is installed when the requirements are those of the last time.
pub(super) fn prepare(backends: &Path, state: &Path, out: &mut impl std::io::Write) -> Result<PathBuf> {
    let wanted = requirements(backends)?;
    if wanted.is_empty() {
        return Ok(PathBuf::from("python3"));
    }
    let (venv, stamp) = (state.join("venv"), state.join("installed.txt"));
    let python = venv.join("bin/python");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    writeln!(out, "installing what the test servers need into {} (about a minute)", venv.display())?;
    if !python.exists() {
        run(
            Command::new("python3").args(["-m", "venv"]).arg(&venv),
            "install Python 3 with its venv module",
        )?;
    }
    let list = state.join("requirements.txt");
    std::fs::write(&list, &wanted).with_context(|| format!("{} cannot be written", list.display()))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&list);
    run(&mut pip, "see what pip says above")?;
    std::fs::rename(&list, &stamp).with_context(|| format!("{} cannot be written", stamp.display()))?;
    Ok(python)
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

/// Runs a command to its end; its output is the reader's.
pub(super) fn run(command: &mut Command, advice: &str) -> Result<()> {
    let shown = format!("{command:?}");
    // What a command prints must not get in between lines that others read from our standard output.
    let status = command
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("{shown} cannot be started; {advice}"))?;
    if !status.success() {
        bail!("{shown} failed ({status}); {advice}");
    }
    Ok(())
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
