//! Efflux in one process, and the operator's tool.

mod cli;
mod commands;
mod context;
mod follow;
mod tables;

use std::process::ExitCode;

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
        Ok(cli) => assembly::block_on(Service::Efflux, cli.command.run(Context::of_process())),
        Err(error) => {
            let wrong = error.use_stderr();
            // A closed terminal cannot be written to, and is not an error.
            drop(error.print());
            if wrong { ExitStatus::Usage.into() } else { ExitStatus::Done.into() }
        }
    }
}

/// Writes to standard output, without anything that would steer a terminal. A reader that has closed it, such as `head`, wants no more.
pub(crate) fn out(text: &str) {
    use std::io::Write;
    drop(std::io::stdout().write_all(harmless(text).as_bytes()));
}
