//! Virtual environments of Python, made by uv, which takes what it has once fetched from its own cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{command, run, succeeds};
use crate::workspace::Workspace;

/// Where Python keeps what it has compiled, for all interpreters that are started from here: not beside the code, and not nowhere, as
/// some machines have it. The emulators and command lines start two to four times as fast.
pub(crate) fn keep_bytecode(command: &mut Command, tools: &Path) {
    command.env_remove("PYTHONDONTWRITEBYTECODE").env("PYTHONPYCACHEPREFIX", tools.join("pycache"));
}

const UV: &str = "uv==0.13.9";

/// The folders whose `requirements.in` say what they need by name, and whose `requirements.txt` pin all that belongs to it.
const PINNED: [&str; 5] = [
    "docker/backends/aws",
    "docker/backends/clickhouse",
    "docker/backends/mongodb",
    "infrastructure",
    "crates/meta-sandbox/sdk",
];

/// The interpreter of an environment in `folder` that has what `wanted` lists, one package a line. Nothing is installed when that
/// is what was listed the last time. `purpose` says to the reader what it is for; `tools` is the folder that uv may be put into.
pub(crate) fn environment(
    tools: &Path,
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
    writeln!(out, "installing {purpose} into {}", venv.display())?;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let uv = uv(tools, out)?;
    let mut make = command(&uv, &["venv", "--quiet", "--clear"]);
    make.arg(&venv);
    run(make, out)?;
    let list = folder.join("requirements.txt");
    std::fs::write(&list, wanted).with_context(|| format!("{} cannot be written", list.display()))?;
    let mut install = command(&uv, &["pip", "install", "--quiet", "--python"]);
    install.arg(&python).arg("--requirement").arg(&list);
    run(install, out)?;
    std::fs::rename(&list, &stamp).with_context(|| format!("{} cannot be written", stamp.display()))?;
    Ok(python)
}

/// Pins the latest version of everything in each `requirements.txt`. One version of a package serves all of them.
///
/// # Errors
/// If the package index cannot be reached or a file cannot be written.
pub fn pin_packages(dir: &Path, out: &mut dyn std::io::Write) -> Result<()> {
    let workspace = Workspace::of(dir)?;
    let tools = workspace.target.join("tools");
    let uv = uv(&tools, out)?;
    let all = tools.join("all-requirements.txt");
    let compile = |inputs: &[PathBuf], constraint: Option<&Path>, output: &Path| {
        let mut compile = command(&uv, &["pip", "compile", "--quiet", "--upgrade", "--universal"]);
        compile.args(["--python-version", "3.11", "--no-annotate"]);
        compile.args(["--custom-compile-command", "cargo run -p xtask -- pin-packages"]);
        compile.args(inputs).arg("--output-file").arg(output);
        if let Some(constraint) = constraint {
            compile.arg("--constraint").arg(constraint);
        }
        compile
    };
    let inputs = PINNED.map(|folder| workspace.root.join(folder).join("requirements.in"));
    run(compile(&inputs, None, &all), out)?;
    for input in &inputs {
        run(compile(std::slice::from_ref(input), Some(&all), &input.with_extension("txt")), out)?;
    }
    Ok(())
}

/// The program uv: the one that is installed, or else one that is put into the folder of tools.
fn uv(tools: &Path, out: &mut dyn std::io::Write) -> Result<String> {
    if succeeds("uv", &["--version"]) {
        return Ok("uv".to_owned());
    }
    let folder = tools.join("uv");
    let program = folder.join("bin").join(UV.replace("==", "-"));
    if !program.exists() {
        std::fs::create_dir_all(tools).context("the folder of tools cannot be made")?;
        // Several steps may want it at once.
        let lock = std::fs::File::create(tools.join("uv.lock")).context("a lock cannot be made")?;
        lock.lock().context("a lock cannot be taken")?;
        if !program.exists() {
            let mut make = command("python3", &["-m", "venv", "--clear"]);
            make.arg(&folder);
            run(make, out).context("install Python 3 with its venv module")?;
            let pip = folder.join("bin/pip");
            let quiet = ["install", "--quiet", "--disable-pip-version-check", UV];
            run(command(&pip.to_string_lossy(), &quiet), out)?;
            std::fs::rename(folder.join("bin/uv"), &program).context("uv is not where it was expected")?;
        }
    }
    Ok(program.to_string_lossy().into_owned())
}
