//! A virtual environment of Python with what a list names.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The interpreter of an environment in `folder` that has what `wanted` lists, one package a line. Nothing is installed when that
/// is what was listed the last time. `purpose` says to the reader what it is for.
pub(crate) fn environment(
    folder: &Path,
    wanted: &str,
    purpose: &str,
    out: &mut impl std::io::Write,
) -> Result<PathBuf> {
    let (venv, stamp) = (folder.join("venv"), folder.join("installed.txt"));
    let python = venv.join("bin/python");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    writeln!(out, "installing {purpose} into {} (about a minute)", venv.display())?;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    if !python.exists() {
        run(
            Command::new("python3").args(["-m", "venv"]).arg(&venv),
            "install Python 3 with its venv module",
        )?;
    }
    let list = folder.join("requirements.txt");
    std::fs::write(&list, wanted).with_context(|| format!("{} cannot be written", list.display()))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&list);
    run(&mut pip, "see what pip says above")?;
    std::fs::rename(&list, &stamp).with_context(|| format!("{} cannot be written", stamp.display()))?;
    Ok(python)
}

/// Runs a command to its end; its output is the reader's.
pub(crate) fn run(command: &mut Command, advice: &str) -> Result<()> {
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
