//! Efflux in one process, and the operator's tool.

mod arrangement;
mod cli;
mod commands;
mod context;
mod follow;
mod moment;
mod sheet;
mod tables;

use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{CommandFactory, FromArgMatches};
use runtime::ExitStatus;
use runtime::terminal::harmless;
use settings::Service;

use crate::cli::Cli;
use crate::context::{Context, Run};

fn main() -> ExitCode {
    if let Some(code) = assembly::special(Service::Efflux) {
        return code;
    }
    let help = settings::help_text(Service::Efflux);
    let matches = Cli::command().after_help(help).try_get_matches();
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => {
            let code = assembly::block_on(Service::Efflux, cli.command.run(Context::of_process()));
            if NOT_WRITTEN.load(Ordering::Relaxed) { ExitStatus::NotWritten.into() } else { code }
        }
        Err(error) => {
            let wrong = error.use_stderr();
            // A closed terminal cannot be written to, and is not an error.
            drop(error.print());
            if wrong { ExitStatus::Usage.into() } else { ExitStatus::Done.into() }
        }
    }
}

/// Whether something that was to be printed could not be written.
static NOT_WRITTEN: AtomicBool = AtomicBool::new(false);

/// Writes to standard output, without anything that would steer a terminal. A reader that has closed it, such as `head`, wants no more;
/// any other failure ends the command as [`ExitStatus::NotWritten`].
pub(crate) fn out(text: &str) {
    use std::io::Write;
    let mut stdout = std::io::stdout();
    let written = stdout.write_all(harmless(text).as_bytes()).and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
        && !NOT_WRITTEN.swap(true, Ordering::Relaxed)
    {
        drop(writeln!(std::io::stderr(), "efflux: standard output cannot be written: {error}"));
    }
}
