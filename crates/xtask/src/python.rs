//! A virtual environment of Python with what a list names.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::run;

/// The interpreter of an environment in `folder` that has what `wanted` lists, one package a line. Nothing is installed when that
/// is what was listed the last time. `purpose` says to the reader what it is for.
pub(crate) fn environment(
    folder: &Path,
    wanted: &str,
    purpose: &str,
    out: &mut dyn std::io::Write,
) -> Result<PathBuf> {
    let (venv, stamp) = (folder.join("venv"), folder.join("installed.txt"));
    let python = venv.join("bin/python");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    writeln!(out, "installing {purpose} into {} (about a minute)", venv.display())?;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    if !python.exists() {
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&venv);
        run(make, out).context("install Python 3 with its venv module")?;
    }
    let list = folder.join("requirements.txt");
    std::fs::write(&list, wanted).with_context(|| format!("{} cannot be written", list.display()))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&list);
    run(pip, out)?;
    std::fs::rename(&list, &stamp).with_context(|| format!("{} cannot be written", stamp.display()))?;
    Ok(python)
}
