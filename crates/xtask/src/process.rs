//! Commands that the checks and tests run.

use std::fs::File;
use std::io::{PipeReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// What `cargo run` sets about ourselves, and a build script below may watch: passed on, it would be built again each time. And
/// what make sets for those that it starts: cargo chooses its number of jobs by itself.
const NOT_PASSED_ON: [&str; 11] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
];

/// A command that sees the environment as the user set it.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    for name in NOT_PASSED_ON {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end. What it prints, errors too, goes to `out`.
///
/// # Errors
/// If it cannot be started, fails, or its output cannot be passed on.
pub(crate) fn run(mut command: Command, out: &mut dyn Write) -> Result<()> {
    let (output, input) = std::io::pipe().context("no pipe can be made")?;
    command.stdout(input.try_clone().context("no pipe can be shared")?).stderr(input);
    to_its_end(command, output, out)
}

/// As [`run`], but a file keeps what the command prints; errors alone go to `out`.
///
/// # Errors
/// As for [`run`], and if the file cannot be written.
pub(crate) fn run_keeping(mut command: Command, kept: &Path, out: &mut dyn Write) -> Result<()> {
    let file = File::create(kept).with_context(|| format!("{} cannot be written", kept.display()))?;
    let (output, input) = std::io::pipe().context("no pipe can be made")?;
    command.stdout(file).stderr(input);
    to_its_end(command, output, out)
}

/// Starts a command that writes to a pipe, and passes on what comes out of it.
fn to_its_end(mut command: Command, mut output: PipeReader, out: &mut dyn Write) -> Result<()> {
    let shown = shown(&command);
    command.stdin(Stdio::null());
    let mut child = command.spawn().with_context(|| format!("{shown} cannot be started"))?;
    // It holds the writing ends of the pipe, which would never end.
    drop(command);
    let mut buffer = [0; 8192];
    loop {
        match output.read(&mut buffer).with_context(|| format!("the output of {shown} cannot be read"))? {
            0 => break,
            read => out.write_all(&buffer[..read]).context("what a command prints cannot be passed on")?,
        }
    }
    let status = child.wait().with_context(|| format!("{shown} cannot be waited for"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

/// Whether a command can be started and succeeds.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut asked = command(program, arguments);
    asked.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// A command as a person would type it, without its environment.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| match word.to_string_lossy() {
        word if word.contains(' ') => format!("'{word}'"),
        word => word.into_owned(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_errors_are_passed_on_and_a_failure_names_the_command() {
        let mut out = Vec::new();
        let error = run(command("sh", &["-c", "echo one; echo two >&2; exit 3"]), &mut out).unwrap_err();
        assert_eq!(String::from_utf8(out).unwrap(), "one\ntwo\n");
        assert!(error.to_string().starts_with("sh -c 'echo one; echo two >&2; exit 3' failed"), "{error}");
        assert!(run(command("no-such-program", &[]), &mut Vec::new()).is_err());
    }

    #[test]
    fn output_is_kept_apart_from_errors() {
        let kept = tempfile::NamedTempFile::new().unwrap();
        let mut out = Vec::new();
        run_keeping(command("sh", &["-c", "echo one; echo two >&2"]), kept.path(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "two\n");
        assert_eq!(std::fs::read_to_string(kept.path()).unwrap(), "one\n");
    }

    #[test]
    fn what_make_and_cargo_say_of_themselves_is_not_passed_on() {
        let mut out = Vec::new();
        run(command("env", &[]), &mut out).unwrap();
        let out = String::from_utf8_lossy(&out).into_owned();
        assert!(!out.contains("CARGO_PKG_NAME") && !out.contains("MAKEFLAGS"), "{out}");
        assert!(out.contains("PATH="));
    }
}
