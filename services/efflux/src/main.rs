//! Efflux in one process, and the operator's tool.

mod cli;
mod commands;
mod follow;
mod port_sets;
mod tables;

use std::process::ExitCode;
use std::sync::Arc;

use assembly::{Parts, StartError};
use backends::Open;
use clap::{CommandFactory, FromArgMatches};
use commands::{demo, directory, dlq, explain, ingest, meta, retry, run, sample, status};
use ports::Clock;
use runtime::{ExitStatus, Lifecycle, SystemClock};
use settings::{Environment, Service, Settings};

use crate::cli::{Cli, Command, Meta};

fn main() -> ExitCode {
    // As the other services do it, so that one health check fits all images.
    if std::env::args().skip(1).eq(["--healthcheck"]) {
        return assembly::healthcheck(Service::Efflux);
    }
    let help = settings::help_text(Service::Efflux);
    let matches = Cli::command().after_help(help).try_get_matches();
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => assembly::block_on(Service::Efflux, run_command(cli.command)),
        Err(error) => {
            let wrong = error.use_stderr();
            // Nothing can be done about a closed terminal.
            drop(error.print());
            if wrong { ExitStatus::Usage.into() } else { ExitStatus::Done.into() }
        }
    }
}

/// Writes to standard output. A reader that has gone away, such as `head`, has seen enough.
pub(crate) fn out(text: &str) {
    use std::io::Write;
    drop(std::io::stdout().write_all(text.as_bytes()));
}

async fn run_command(command: Command) -> anyhow::Result<ExitStatus> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    if let Command::Sample(args) = &command {
        return sample::run(&*clock, args);
    }
    if let Command::Meta { action: Meta::Hash { field, country } } = &command {
        return meta::hash::run(
            &*clock,
            field,
            country.as_deref(),
            std::io::stdin().lock(),
            std::io::stdout(),
        );
    }
    let mut environment = Environment::of_process();
    // The demo has a folder of its own, gone afterwards: it must not touch anybody's data.
    let demo_folder = match command {
        Command::Demo => Some(tempfile::tempdir()?),
        _ => None,
    };
    if let Some(folder) = &demo_folder {
        environment = Environment::from_pairs([
            ("EFFLUX_DATA_DIR", folder.path().display().to_string().as_str()),
            ("LOG_LEVEL", "error"),
        ]);
    }
    let mut settings = Settings::load(&environment, Service::Efflux).map_err(StartError::Settings)?;
    // A command that ends by itself says what it has to say on standard output.
    let stays_up = matches!(command, Command::Run { .. } | Command::Sandbox { .. });
    if !stays_up && environment.get("LOG_LEVEL").is_none() {
        settings.telemetry.level = "warn".to_owned();
    }
    runtime::telemetry::init(&settings.telemetry);
    if let Command::Sandbox { listen, record } = command {
        let lifecycle = Lifecycle::new(settings.process.shutdown);
        return run::sandbox(&clock, listen, record, lifecycle).await;
    }
    if let Command::Meta { action } = &command {
        return run_meta(action, &settings, &clock).await;
    }
    if let Some(done) = set_up(&command, &settings, &clock).await? {
        done.iter().for_each(|line| out(&format!("{line}\n")));
        return Ok(ExitStatus::Done);
    }
    Box::pin(run_with_ports(command, settings, clock)).await
}

/// Opens what a command works with, and runs it.
async fn run_with_ports(
    command: Command,
    settings: Settings,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<ExitStatus> {
    match command {
        Command::Run { sandbox } => run::run(open(settings, clock).await?, sandbox).await,
        Command::Ingest(args) if args.wait => {
            ingest::run_and_follow(&open(settings, clock).await?, &args).await
        }
        Command::Ingest(args) => ingest::run(&open(settings, clock).await?, &args).await,
        Command::Subscriptions { action } => {
            directory::subscriptions(&open(settings, clock).await?, action).await
        }
        Command::Pixels { action } => directory::pixels(&open(settings, clock).await?, action).await,
        Command::Status { files, json } => status::status(&open(settings, clock).await?, files, json).await,
        Command::Explain(args) => explain::run(&open(settings, clock).await?, &args).await,
        Command::Retry(args) => retry::run(&open(settings, clock).await?, &args).await,
        Command::Dlq { action } => dlq::run(&open(settings, clock).await?, action).await,
        Command::Demo => demo::run(open(settings, clock).await?).await,
        Command::Sample(_)
        | Command::Sandbox { .. }
        | Command::Meta { .. }
        | Command::Migrate { .. }
        | Command::Provision => {
            unreachable!("handled before backends are opened")
        }
    }
}

async fn open<P: Open>(settings: Settings, clock: Arc<dyn Clock>) -> Result<Parts<P>, StartError> {
    // What the backends' drivers do at the start takes kilobytes.
    Box::pin(Parts::open(settings, Service::Efflux, clock)).await
}

async fn run_meta(action: &Meta, settings: &Settings, clock: &Arc<dyn Clock>) -> anyhow::Result<ExitStatus> {
    match action {
        Meta::Check { pixel, json } => meta::check::run(settings, clock, pixel.as_deref(), *json).await,
        Meta::Preview { file, network } => {
            meta::preview::run(settings, clock, file, network.as_deref()).await
        }
        Meta::Hash { .. } => unreachable!("handled before settings are read"),
    }
}

/// What makes backends ready, and so cannot wait for them to be; `None` for all other commands.
async fn set_up(
    command: &Command,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Vec<String>>, StartError> {
    match command {
        Command::Migrate { from_original } => {
            Ok(Some(backends::migrate(settings, clock, *from_original).await?))
        }
        Command::Provision => Ok(Some(backends::provision(settings, clock).await?)),
        _ => Ok(None),
    }
}
